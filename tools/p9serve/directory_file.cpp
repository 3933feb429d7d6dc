#include "tools/p9serve/directory_file.hpp"

#include <fcntl.h>
#include <linux/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <climits>
#include <cstring>

namespace p9::serve {
namespace {

u8 qid_type(u32 mode) {
    if (S_ISDIR(mode)) return QTDIR;
    return S_ISLNK(mode) ? QTSYMLINK : QTFILE;
}

/// Differs whenever the file has changed, as far as its clock is fine enough; never 0.
u32 qid_version(const struct timespec& mtime, const struct timespec& ctime) {
    const auto nanoseconds = [](const struct timespec& at) {
        return static_cast<u64>(at.tv_sec) * 1'000'000'000 + static_cast<u64>(at.tv_nsec);
    };
    const u64 mixed = (nanoseconds(mtime) * 3 + nanoseconds(ctime)) * 0x9e3779b97f4a7c15;
    const auto version = static_cast<u32>(mixed >> 32);
    return version == 0 ? 1 : version;
}

struct timespec plain(const statx_timestamp& at) {
    struct timespec result{};
    result.tv_sec = at.tv_sec;
    result.tv_nsec = at.tv_nsec;
    return result;
}

Time time_of(const statx_timestamp& at) { return {at.tv_sec, at.tv_nsec}; }

Attributes attributes_of(const struct statx& status) {
    Attributes attributes;
    attributes.valid = GETATTR_BASIC;
    attributes.mode = status.stx_mode;
    attributes.uid = status.stx_uid;
    attributes.gid = status.stx_gid;
    attributes.nlink = status.stx_nlink;
    attributes.rdev = ::makedev(status.stx_rdev_major, status.stx_rdev_minor);
    attributes.size = status.stx_size;
    attributes.blksize = status.stx_blksize;
    attributes.blocks = status.stx_blocks;
    attributes.atime = time_of(status.stx_atime);
    attributes.mtime = time_of(status.stx_mtime);
    attributes.ctime = time_of(status.stx_ctime);
    if (status.stx_mask & STATX_BTIME) {
        attributes.valid |= GETATTR_BTIME;
        attributes.btime = time_of(status.stx_btime);
    }
    return attributes;
}

bool would_change(OpenFlags flags) { return (flags & P9_O_ACCMODE) != P9_O_RDONLY || (flags & P9_O_TRUNC) != 0; }

Result<std::string> target_of(int fd) {
    char target[PATH_MAX];
    const ssize_t size = ::readlinkat(fd, "", target, sizeof target);
    if (size < 0) return host_error(errno);
    return std::string(target, static_cast<std::size_t>(size));
}

}  // namespace

// O_DIRECT is left out: our buffers are not aligned, and what a client that asks for it wants is that nothing is cached
// on its own side.
int host_flags(OpenFlags flags) {
    struct Pair {
        OpenFlags ours;
        int host;
    };
    static constexpr Pair pairs[] = {{P9_O_TRUNC, O_TRUNC}, {P9_O_APPEND, O_APPEND},   {P9_O_DSYNC, O_DSYNC},
                                     {P9_O_SYNC, O_SYNC},   {P9_O_NOATIME, O_NOATIME}, {P9_O_DIRECTORY, O_DIRECTORY}};
    // O_NONBLOCK: opening or reading a fifo must not stop the server.
    int result = O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
    switch (flags & P9_O_ACCMODE) {
        case P9_O_RDONLY:
            result |= O_RDONLY;
            break;
        case P9_O_WRONLY:
            result |= O_WRONLY;
            break;
        default:
            result |= O_RDWR;
    }
    for (const Pair& pair : pairs) {
        if ((flags & pair.ours) == pair.ours) result |= pair.host;
    }
    return result;
}

DirectoryFile::DirectoryFile(DirectoryContextPtr context, u32 user, Descriptor fd, const struct stat& status)
    : context_(std::move(context)), fd_(std::move(fd)), user_(user) {
    note(status);
}

Result<std::shared_ptr<DirectoryFile>> DirectoryFile::make(DirectoryContextPtr context, u32 user, Descriptor fd) {
    struct stat status{};
    if (::fstat(fd.get(), &status) != 0) return host_error(errno);
    return make(std::move(context), user, std::move(fd), status);
}

std::shared_ptr<DirectoryFile> DirectoryFile::make(DirectoryContextPtr context, u32 user, Descriptor fd,
                                                   const struct stat& status) {
    if (!S_ISDIR(status.st_mode))
        return std::make_shared<DirectoryFile>(std::move(context), user, std::move(fd), status);
    auto& known = context->directories()[{status.st_dev, status.st_ino, user}];
    if (auto same = known.lock()) {
        same->note(status);
        return same;
    }
    auto directory = std::make_shared<DirectoryFile>(context, user, std::move(fd), status);
    known = directory;
    return directory;
}

DirectoryFile::~DirectoryFile() {
    if (is_directory()) context_->directories().erase(key());
}

void DirectoryFile::note(const struct stat& status) {
    mode_ = status.st_mode;
    device_ = status.st_dev;
    inode_ = status.st_ino;
    qid_ = {qid_type(mode_), qid_version(status.st_mtim, status.st_ctim),
            context_->qid_path(status.st_dev, status.st_ino)};
}

std::optional<Error> DirectoryFile::refuse_change() const {
    if (!context_->options().read_only) return std::nullopt;
    return Error::from_errno(EROFS, "this tree is served read-only");
}

awaitable<Result<Attributes>> DirectoryFile::attributes() {
    struct statx status{};
    if (::statx(fd(), "", AT_EMPTY_PATH, STATX_BASIC_STATS | STATX_BTIME, &status) != 0) co_return host_error(errno);
    mode_ = status.stx_mode;
    qid_.version = qid_version(plain(status.stx_mtime), plain(status.stx_ctime));
    co_return attributes_of(status);
}

awaitable<Result<FilePtr>> DirectoryFile::walk(std::string name) {
    Descriptor found = open_beneath(fd(), name.c_str());
    if (!found) co_return host_error(errno);
    auto file = make(context_, user_, std::move(found));
    if (!file) co_return file.error();
    co_return *std::move(file);
}

awaitable<Result<OpenFilePtr>> DirectoryFile::open(OpenFlags flags) {
    co_return is_directory() ? open_directory(flags) : open_now(flags);
}

Result<OpenFilePtr> DirectoryFile::open_directory(OpenFlags flags) {
    if (would_change(flags)) return Error::from_errno(EISDIR);
    const int host = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
    Descriptor opened(::openat(fd(), ".", host));
    // A directory that may be read but not searched has no "." for us.
    if (!opened && errno == EACCES) opened = Descriptor(::openat(context_->proc(), DescriptorName(fd()).c_str(), host));
    if (!opened) return host_error(errno);
    return std::make_unique<DirectoryOpen>(shared_from_this(), std::move(opened), flags);
}

Result<OpenFilePtr> DirectoryFile::open_now(OpenFlags flags) {
    switch (mode_ & S_IFMT) {
        case S_IFLNK:
            return Error::from_errno(ELOOP, "a symlink is read with Treadlink, not opened");
        case S_IFSOCK:
            return Error::from_errno(ENXIO, "a socket cannot be opened");
        case S_IFCHR:
        case S_IFBLK:
            if (!context_->options().devices)
                return Error::from_errno(EPERM, "device nodes of the server's machine are not opened for clients");
            break;
        default:
            break;
    }
    if ((flags & P9_O_ACCMODE) == P9_O_ACCMODE) return Error::from_errno(EINVAL, "there is no open mode 3");
    if (would_change(flags)) {
        if (auto refused = refuse_change()) return *std::move(refused);
    }
    const DescriptorName self(fd());
    Descriptor opened(::openat(context_->proc(), self.c_str(), host_flags(flags)));
    // Only the owner may leave no trace in atime, and the server may be another user than the client.
    if (!opened && errno == EPERM && (flags & P9_O_NOATIME) != 0)
        opened = Descriptor(::openat(context_->proc(), self.c_str(), host_flags(flags & ~P9_O_NOATIME)));
    if (!opened) {
        if (errno == ENXIO && S_ISFIFO(mode_)) return Error::from_errno(ENXIO, "nobody has this fifo open for reading");
        return host_error(errno);
    }
    // The version that clients which cache compare with is the one at open.
    struct stat status{};
    if (::fstat(opened.get(), &status) == 0) note(status);
    return std::make_unique<DirectoryOpen>(shared_from_this(), std::move(opened), flags);
}

awaitable<Result<std::string>> DirectoryFile::readlink() {
    if (!S_ISLNK(mode_)) co_return Error::from_errno(EINVAL);
    co_return target_of(fd());
}

awaitable<Result<StatFs>> DirectoryFile::statfs() {
    struct statfs64 host{};
    if (::fstatfs64(fd(), &host) != 0) co_return host_error(errno);
    StatFs figures;
    figures.fs_type = static_cast<u32>(host.f_type);
    figures.bsize = static_cast<u32>(host.f_bsize);
    figures.blocks = host.f_blocks;
    figures.bfree = host.f_bfree;
    figures.bavail = host.f_bavail;
    figures.files = host.f_files;
    figures.ffree = host.f_ffree;
    std::memcpy(&figures.fsid, &host.f_fsid, sizeof figures.fsid);
    figures.namelen = static_cast<u32>(host.f_namelen);
    co_return figures;
}

}  // namespace p9::serve
