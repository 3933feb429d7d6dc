// The files of a served directory: what directory.hpp's tree hands out. For directory_*.cpp only.
//
// A DirectoryFile owns an O_PATH descriptor, a DirectoryOpen an ordinary one; both share the tree's context. All of it
// belongs to the server's thread, but for the context's second thread, which only ever runs fsync(2).
#pragma once

#include "tools/p9serve/directory.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/thread_pool.hpp>

#include <sys/stat.h>

#include <compare>
#include <map>
#include <optional>
#include <span>
#include <utility>

namespace p9::serve {

/// A file descriptor, closed with its owner.
class Descriptor {
public:
    Descriptor() = default;
    explicit Descriptor(int fd) : fd_(fd) {}
    Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    Descriptor& operator=(Descriptor&& other) noexcept {
        std::swap(fd_, other.fd_);
        return *this;
    }
    ~Descriptor();

    int get() const { return fd_; }
    explicit operator bool() const { return fd_ >= 0; }

private:
    int fd_ = -1;
};

/// `number` of errno as the client hears it: in words where the number alone would mislead.
Error host_error(int number);

/// The file `name` of `directory` as an O_PATH descriptor; a symlink is opened itself. Sets errno.
Descriptor open_beneath(int directory, const char* name);

/// The host's flags for those that mean something for a file that exists already, and those that every open has here.
int host_flags(OpenFlags flags);

class DirectoryFile;

/// A directory of the host as `user` sees it. The numbers stand for it as long as somebody has it open.
struct DirectoryKey {
    u64 device;
    u64 inode;
    u32 user;
    auto operator<=>(const DirectoryKey&) const = default;
};

/// What all files of a tree share.
class DirectoryContext {
public:
    DirectoryContext(boost::asio::any_io_executor executor, DirectoryOptions options);

    /// Opens what is needed; the error says what is not there.
    Result<void> open();

    const boost::asio::any_io_executor& executor() const { return executor_; }
    const DirectoryOptions& options() const { return options_; }
    /// PATH without symlinks.
    const std::string& real_path() const { return real_path_; }
    int root() const { return root_.get(); }
    /// /proc/self/fd: opening "N" there opens the very file that N stands for.
    int proc() const { return proc_.get(); }
    /// True as root: files can be given away.
    bool privileged() const { return privileged_; }
    /// The identity of inode `inode` of the device `device`.
    u64 qid_path(u64 device, u64 inode) const;
    /// The directories that are open now. Each fid holds all directories on its path, so they have to share: else a
    /// hundred fids in a deep tree would use thousands of descriptors.
    std::map<DirectoryKey, std::weak_ptr<DirectoryFile>>& directories() { return directories_; }
    /// A thread for calls that take long and cannot be awaited.
    boost::asio::thread_pool& thread();
    /// Waits until that thread has done what it was given.
    void join();

private:
    boost::asio::any_io_executor executor_;
    DirectoryOptions options_;
    std::string real_path_;
    Descriptor root_;
    Descriptor proc_;
    u64 device_ = 0;
    bool privileged_ = false;
    std::map<DirectoryKey, std::weak_ptr<DirectoryFile>> directories_;
    std::optional<boost::asio::thread_pool> thread_;
};

using DirectoryContextPtr = std::shared_ptr<DirectoryContext>;

/// "N", the name of a descriptor in /proc/self/fd.
struct DescriptorName {
    explicit DescriptorName(int fd);
    const char* c_str() const { return text; }
    char text[12];
};

/// "/proc/self/fd/N", for calls that take no directory.
struct DescriptorPath {
    explicit DescriptorPath(int fd);
    const char* c_str() const { return text; }
    char text[32];
};

class DirectoryFile final : public File, public std::enable_shared_from_this<DirectoryFile> {
public:
    /// `fd` is an O_PATH descriptor and `status` what fstat told of it. `user` is who attached.
    DirectoryFile(DirectoryContextPtr context, u32 user, Descriptor fd, const struct stat& status);
    ~DirectoryFile() override;

    /// Takes `fd`, O_PATH, and asks what it is.
    static Result<std::shared_ptr<DirectoryFile>> make(DirectoryContextPtr context, u32 user, Descriptor fd);
    /// The same where `status` is known: one object for all who have the same directory.
    static std::shared_ptr<DirectoryFile> make(DirectoryContextPtr context, u32 user, Descriptor fd,
                                               const struct stat& status);

    Qid qid() const override { return qid_; }
    awaitable<Result<Attributes>> attributes() override;
    awaitable<Result<OpenFilePtr>> open(OpenFlags flags) override;
    awaitable<Result<void>> change(AttributeChange change) override;
    awaitable<Result<std::string>> readlink() override;
    awaitable<Result<StatFs>> statfs() override;

    awaitable<Result<FilePtr>> walk(std::string name) override;
    awaitable<Result<Created>> create(std::string name, OpenFlags flags, u32 mode, u32 gid) override;
    awaitable<Result<FilePtr>> mkdir(std::string name, u32 mode, u32 gid) override;
    awaitable<Result<FilePtr>> symlink(std::string name, std::string target, u32 gid) override;
    awaitable<Result<FilePtr>> mknod(std::string name, u32 mode, u32 major, u32 minor, u32 gid) override;
    awaitable<Result<void>> link(std::string name, FilePtr existing) override;
    awaitable<Result<void>> rename(std::string name, FilePtr directory, std::string new_name) override;
    awaitable<Result<void>> unlink(std::string name, bool is_directory) override;

    awaitable<Result<std::string>> xattr(std::string name) override;
    awaitable<Result<std::string>> xattr_names() override;
    awaitable<Result<void>> set_xattr(std::string name, std::string value, u32 flags) override;
    awaitable<Result<void>> remove_xattr(std::string name) override;

    int fd() const { return fd_.get(); }
    u64 device() const { return device_; }
    DirectoryContext& context() const { return *context_; }

private:
    friend class DirectoryOpen;

    void note(const struct stat& status);
    DirectoryKey key() const { return {device_, inode_, user_}; }
    /// EROFS for a tree that is served read-only.
    std::optional<Error> refuse_change() const;
    Result<OpenFilePtr> open_now(OpenFlags flags);
    Result<OpenFilePtr> open_directory(OpenFlags flags);
    /// Gives the new file `fd` to its owner and sets what of `mode` is still missing; `status` is what fstat says,
    /// before and after. An errno, or 0.
    int finish(int fd, struct stat& status, u32 mode, u32 gid) const;
    /// The file that was just made as `name`. Removes it if that fails.
    Result<FilePtr> made(const std::string& name, u32 mode, u32 gid);
    Result<Created> create_now(const std::string& name, OpenFlags flags, u32 mode, u32 gid);
    Result<void> change_now(const AttributeChange& change) const;
    int truncate(u64 size) const;
    int set_mode(u32 mode) const;
    int set_times(const AttributeChange& change) const;
    void restore(const struct stat& before) const;

    DirectoryContextPtr context_;
    Descriptor fd_;
    u32 user_;
    u32 mode_ = 0;  // as of the last look; the type never changes
    u64 device_ = 0;
    u64 inode_ = 0;
    Qid qid_;
    int writer_ = -1;  // a descriptor open for writing, of a DirectoryOpen of this file, or -1
};

/// A directory's entries that were read ahead.
struct DirectoryListing {
    std::vector<char> buffer;
    std::size_t begin = 0;
    std::size_t end = 0;
    u64 cookie = 0;  // of the entry at `begin`
};

class DirectoryOpen final : public OpenFile {
public:
    DirectoryOpen(std::shared_ptr<DirectoryFile> file, Descriptor fd, OpenFlags flags);
    ~DirectoryOpen() override;

    awaitable<Result<void>> read(u64 offset, ReadReply& reply) override;
    awaitable<Result<u32>> write(u64 offset, Bytes data) override;
    awaitable<Result<void>> readdir(u64 offset, Entries& entries) override;
    awaitable<Result<void>> fsync(bool datasync) override;
    awaitable<Result<LockStatus>> lock(Lock lock) override;
    awaitable<Result<Lock>> conflicting_lock(Lock lock) override;

private:
    awaitable<Result<void>> read_stream(ReadReply& reply);
    awaitable<Result<u32>> write_stream(Bytes data);
    awaitable<Result<void>> ready(boost::asio::posix::stream_descriptor::wait_type what);
    Result<bool> refill();
    bool add(Entries& entries, const char* record) const;

    std::shared_ptr<DirectoryFile> file_;
    Descriptor fd_;
    bool stream_ = false;  // a fifo or the like: no offsets, and there may be nothing to read yet
    std::optional<boost::asio::posix::stream_descriptor> waiter_;  // of a stream that had to wait
    std::optional<DirectoryListing> listing_;
};

}  // namespace p9::serve
