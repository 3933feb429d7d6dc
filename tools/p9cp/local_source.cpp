#include "tools/p9cp/local.hpp"
#include "tools/p9cp/source.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <climits>

namespace p9::tools {
namespace {

namespace asio = boost::asio;

// So that the first files of a large directory are on their way before its last entry is read.
constexpr std::size_t ENTRIES_AT_ONCE = 512;

std::optional<FileType> type_of_dirent(const dirent& entry) {
    if (entry.d_type == DT_UNKNOWN) return std::nullopt;
    return type_of_mode(DTTOIF(entry.d_type));
}

class LocalSource final : public Source {
public:
    explicit LocalSource(asio::any_io_executor executor) : executor_(std::move(executor)) {}
    ~LocalSource() override {
        if (directory_ != nullptr) ::closedir(directory_);
    }
    LocalSource(const LocalSource&) = delete;
    LocalSource& operator=(const LocalSource&) = delete;

    awaitable<Result<SourceBatch>> list() override {
        SourceBatch batch;
        while (batch.entries.size() < ENTRIES_AT_ONCE) {
            errno = 0;
            const dirent* const entry = ::readdir(directory_);
            if (entry == nullptr) {
                if (errno != 0) co_return local_error(errno);
                batch.end = true;
                break;
            }
            const std::string_view name = entry->d_name;
            if (name != "." && name != "..") batch.entries.push_back({std::string(name), type_of_dirent(*entry)});
        }
        co_return batch;
    }

    awaitable<Result<SourcePtr>> enter(SourceEntry entry) override {
        co_return open_at(executor_, ::dirfd(directory_), entry.name, Follow::no, false);
    }

    void begin(u64 offset, std::size_t piece) override {
        at_ = offset;
        piece_ = piece;
    }

    awaitable<Result<Payload>> read() override {
        std::size_t size = piece_;
        // Memory for what is probably there, and for the end that follows.
        if (regular_ && attributes.size >= at_) size = std::min<u64>(size, attributes.size - at_ + 1);
        Buffer buffer(size);
        for (;;) {
            if (!regular_) {
                auto waiting = wait_readable();
                const bool cancelled = !co_await std::move(waiting);
                if (cancelled) co_return Error(errc::cancelled);
            }
            const ssize_t n = regular_ ? ::pread(fd_.get(), buffer.data(), size, static_cast<off_t>(at_))
                                       : ::read(fd_.get(), buffer.data(), size);
            if (n < 0 && (errno == EINTR || errno == EAGAIN)) continue;
            if (n < 0) co_return local_error(errno);
            at_ += static_cast<u64>(n);
            Payload payload;
            payload.owner = std::move(buffer);
            payload.bytes = Bytes(payload.owner).first(static_cast<std::size_t>(n));
            co_return payload;
        }
    }

    static Result<SourcePtr> open_at(const asio::any_io_executor& executor, int folder, const std::string& name,
                                     Follow follow, bool special);

private:
    /// Waits without holding up the connection; at once for what cannot be waited for. False if cancelled.
    awaitable<bool> wait_readable() {
        if (!waiter_) {
            waiter_.emplace(executor_);
            boost::system::error_code failed;
            const int copy = ::fcntl(fd_.get(), F_DUPFD_CLOEXEC, 3);
            waiter_->assign(copy, failed);  // a device like /dev/zero is always ready, and epoll refuses it
            if (failed) ::close(copy);
        }
        if (waiter_->is_open()) {
            auto waiting =
                waiter_->async_wait(asio::posix::stream_descriptor::wait_read, asio::as_tuple(asio::use_awaitable));
            (void)co_await std::move(waiting);
        }
        const auto state = co_await asio::this_coro::cancellation_state;
        co_return state.cancelled() == asio::cancellation_type::none;
    }

    asio::any_io_executor executor_;
    Descriptor fd_;
    DIR* directory_ = nullptr;
    bool regular_ = false;
    u64 at_ = 0;
    std::size_t piece_ = 0;
    std::optional<asio::posix::stream_descriptor> waiter_;
};

Result<SourcePtr> LocalSource::open_at(const asio::any_io_executor& executor, int folder, const std::string& name,
                                       Follow follow, bool special) {
    struct stat file{};
    const bool following = follow == Follow::yes;
    if (::fstatat(folder, name.c_str(), &file, following ? 0 : AT_SYMLINK_NOFOLLOW) != 0) return local_error(errno);
    auto source = std::make_shared<LocalSource>(executor);
    source->attributes = attributes_of(file);
    source->type = source->attributes.type();
    if (source->type == FileType::symlink) {
        char target[PATH_MAX];
        const ssize_t n = ::readlinkat(folder, name.c_str(), target, sizeof target);
        if (n < 0) return local_error(errno);
        source->target.assign(target, static_cast<std::size_t>(n));
        return source;
    }
    source->regular_ = source->type == FileType::file;
    if (!source->regular_ && source->type != FileType::directory && !special) return source;
    int flags = O_RDONLY | O_CLOEXEC | O_NOCTTY | (following ? 0 : O_NOFOLLOW);
    if (source->type == FileType::directory) flags |= O_DIRECTORY;
    // Nobody is waited for if somebody has put a FIFO there meanwhile.
    if (source->regular_) flags |= O_NONBLOCK;
    source->fd_ = Descriptor(::openat(folder, name.c_str(), flags));
    if (!source->fd_) return local_error(errno);
    if (source->type == FileType::directory) {
        source->directory_ = ::fdopendir(source->fd_.get());
        if (source->directory_ == nullptr) return local_error(errno);
        (void)source->fd_.release();
    } else if (source->regular_) {
        if (::fstat(source->fd_.get(), &file) != 0 || !S_ISREG(file.st_mode))
            return Error::from_errno(ESTALE, "it was replaced by another kind of file meanwhile");
        source->attributes = attributes_of(file);
        (void)::posix_fadvise(source->fd_.get(), 0, 0, POSIX_FADV_SEQUENTIAL);
    }
    return source;
}

}  // namespace

Attributes attributes_of(const struct stat& file) {
    Attributes a;
    a.valid = GETATTR_BASIC;
    a.mode = file.st_mode;
    a.size = static_cast<u64>(file.st_size);
    a.atime = {file.st_atim.tv_sec, static_cast<u32>(file.st_atim.tv_nsec)};
    a.mtime = {file.st_mtim.tv_sec, static_cast<u32>(file.st_mtim.tv_nsec)};
    return a;
}

Result<SourcePtr> open_local(const asio::any_io_executor& executor, const std::string& path, Follow follow,
                             bool special) {
    if (path.empty()) return Error::from_errno(ENOENT, "an empty path names no file");
    const bool wants_directory = path.ends_with('/');
    return LocalSource::open_at(executor, AT_FDCWD, path, wants_directory ? Follow::yes : follow, special);
}

}  // namespace p9::tools
