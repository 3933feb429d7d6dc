// What makes, names and removes files.
#include "tools/p9serve/directory_file.hpp"

#include <fcntl.h>
#include <sys/sysmacros.h>
#include <unistd.h>

namespace p9::serve {
namespace {

constexpr u32 SPECIAL_BITS = S_ISUID | S_ISGID;

/// A client has applied its own umask; the server's must not be added. Left as it was for sockets and the like.
class NoUmask {
public:
    NoUmask() : before_(::umask(0)) {}
    ~NoUmask() { ::umask(before_); }
    NoUmask(const NoUmask&) = delete;
    NoUmask& operator=(const NoUmask&) = delete;

private:
    mode_t before_;
};

bool not_a_directory_of(const DirectoryContext& context, const DirectoryFile* file) {
    return file == nullptr || &file->context() != &context;
}

}  // namespace

int DirectoryFile::finish(int fd, struct stat& status, u32 mode, u32 gid) const {
    u32 new_uid = context_->privileged() ? user_ : NONUNAME;
    u32 new_gid = gid;
    if (new_uid == status.st_uid) new_uid = NONUNAME;
    if (new_gid == status.st_gid) new_gid = NONUNAME;
    if (new_gid != NONUNAME) {
        // In a setgid directory the kernel has chosen the group already.
        struct stat directory{};
        if (::fstat(this->fd(), &directory) == 0 && (directory.st_mode & S_ISGID)) new_gid = NONUNAME;
    }
    // Between the making and the opening, somebody on this machine could have put another file there, to have it given
    // to him. What was just made is ours and has one name.
    const bool ours = status.st_uid == ::geteuid() && (S_ISDIR(status.st_mode) || status.st_nlink == 1);
    if (ours && (new_uid != NONUNAME || new_gid != NONUNAME)) {
        // What may not be given away, or has no number in this user namespace, stays with the server.
        if (::fchownat(fd, "", new_uid, new_gid, AT_EMPTY_PATH) != 0 && errno != EPERM && errno != EINVAL) return errno;
        if (::fstat(fd, &status) != 0) return errno;
    }
    // These were left out so far: a file must not be setuid for the wrong user, not even for a moment.
    const u32 missing = mode & SPECIAL_BITS & ~status.st_mode;
    if (!ours || missing == 0 || S_ISLNK(status.st_mode)) return 0;
    const u32 wanted = (status.st_mode & P9_S_PERMISSIONS) | missing;
    if (::fchmodat(context_->proc(), DescriptorName(fd).c_str(), wanted, 0) != 0) return errno;
    return ::fstat(fd, &status) == 0 ? 0 : errno;
}

Result<FilePtr> DirectoryFile::made(const std::string& name, u32 mode, u32 gid) {
    Descriptor found = open_beneath(fd(), name.c_str());
    int failed = found ? 0 : errno;
    struct stat status{};
    if (failed == 0 && ::fstat(found.get(), &status) != 0) failed = errno;
    if (failed == 0) failed = finish(found.get(), status, mode, gid);
    if (failed != 0) {
        ::unlinkat(fd(), name.c_str(), S_ISDIR(mode) ? AT_REMOVEDIR : 0);
        return host_error(failed);
    }
    return FilePtr(DirectoryFile::make(context_, user_, std::move(found), status));
}

Result<Created> DirectoryFile::create_now(const std::string& name, OpenFlags flags, u32 mode, u32 gid) {
    if (auto refused = refuse_change()) return *std::move(refused);
    if ((flags & P9_O_ACCMODE) == P9_O_ACCMODE) return Error::from_errno(EINVAL, "there is no open mode 3");
    const int host = host_flags(flags & ~(P9_O_TRUNC | P9_O_DIRECTORY)) | O_CREAT | O_EXCL | O_NOFOLLOW;
    Descriptor opened;
    {
        const NoUmask exactly;
        opened = Descriptor(::openat(fd(), name.c_str(), host, mode & P9_S_PERMISSIONS & ~SPECIAL_BITS));
    }
    if (!opened) return host_error(errno);
    struct stat status{};
    int failed = ::fstat(opened.get(), &status) == 0 ? finish(opened.get(), status, mode, gid) : errno;
    Descriptor path;
    if (failed == 0) {
        path = Descriptor(::openat(context_->proc(), DescriptorName(opened.get()).c_str(), O_PATH | O_CLOEXEC));
        if (!path) failed = errno;
    }
    if (failed != 0) {
        ::unlinkat(fd(), name.c_str(), 0);
        return host_error(failed);
    }
    auto file = std::make_shared<DirectoryFile>(context_, user_, std::move(path), status);
    auto open = std::make_unique<DirectoryOpen>(file, std::move(opened), flags);
    return Created{std::move(file), std::move(open)};
}

awaitable<Result<Created>> DirectoryFile::create(std::string name, OpenFlags flags, u32 mode, u32 gid) {
    co_return create_now(name, flags, mode, gid);
}

awaitable<Result<FilePtr>> DirectoryFile::mkdir(std::string name, u32 mode, u32 gid) {
    if (auto refused = refuse_change()) co_return *std::move(refused);
    int failed = 0;
    {
        const NoUmask exactly;
        if (::mkdirat(fd(), name.c_str(), mode & P9_S_PERMISSIONS & ~SPECIAL_BITS) != 0) failed = errno;
    }
    if (failed != 0) co_return host_error(failed);
    co_return made(name, S_IFDIR | (mode & P9_S_PERMISSIONS), gid);
}

awaitable<Result<FilePtr>> DirectoryFile::symlink(std::string name, std::string target, u32 gid) {
    if (auto refused = refuse_change()) co_return *std::move(refused);
    if (target.find('\0') != std::string::npos) co_return Error::from_errno(EINVAL, "a symlink's target holds no NUL");
    if (::symlinkat(target.c_str(), fd(), name.c_str()) != 0) co_return host_error(errno);
    co_return made(name, S_IFLNK, gid);
}

awaitable<Result<FilePtr>> DirectoryFile::mknod(std::string name, u32 mode, u32 major, u32 minor, u32 gid) {
    if (auto refused = refuse_change()) co_return *std::move(refused);
    switch (mode & S_IFMT) {
        case 0:
        case S_IFREG: {
            auto created = create_now(name, P9_O_WRONLY, mode, gid);
            if (!created) co_return created.error();
            co_return std::move(created->file);
        }
        case S_IFIFO:
        case S_IFSOCK:
            break;
        case S_IFCHR:
        case S_IFBLK:
            if (context_->options().devices) break;
            co_return Error::from_errno(EPERM, "device nodes of the server's machine are not made for clients");
        default:
            co_return Error::from_errno(EINVAL, "mknod makes files, fifos, sockets and devices only");
    }
    int failed = 0;
    {
        const NoUmask exactly;
        const mode_t wanted = mode & (S_IFMT | (P9_S_PERMISSIONS & ~SPECIAL_BITS));
        if (::mknodat(fd(), name.c_str(), wanted, ::makedev(major, minor)) != 0) failed = errno;
    }
    if (failed != 0) co_return host_error(failed);
    co_return made(name, mode & (S_IFMT | P9_S_PERMISSIONS), gid);
}

awaitable<Result<void>> DirectoryFile::link(std::string name, FilePtr existing) {
    const auto* file = dynamic_cast<DirectoryFile*>(existing.get());
    if (not_a_directory_of(*context_, file)) co_return Error::from_errno(EXDEV);
    if (auto refused = refuse_change()) co_return *std::move(refused);
    if (::linkat(file->fd(), "", fd(), name.c_str(), AT_EMPTY_PATH) == 0) co_return boost::system::in_place_value;
    // Without CAP_DAC_READ_SEARCH that is ENOENT, and this is the way that open(2) gives for it.
    if (errno == ENOENT &&
        ::linkat(context_->proc(), DescriptorName(file->fd()).c_str(), fd(), name.c_str(), AT_SYMLINK_FOLLOW) == 0)
        co_return boost::system::in_place_value;
    co_return host_error(errno);
}

awaitable<Result<void>> DirectoryFile::rename(std::string name, FilePtr directory, std::string new_name) {
    const auto* file = dynamic_cast<DirectoryFile*>(directory.get());
    if (not_a_directory_of(*context_, file)) co_return Error::from_errno(EXDEV);
    if (auto refused = refuse_change()) co_return *std::move(refused);
    if (::renameat(fd(), name.c_str(), file->fd(), new_name.c_str()) != 0) co_return host_error(errno);
    co_return boost::system::in_place_value;
}

awaitable<Result<void>> DirectoryFile::unlink(std::string name, bool is_directory) {
    if (auto refused = refuse_change()) co_return *std::move(refused);
    if (::unlinkat(fd(), name.c_str(), is_directory ? AT_REMOVEDIR : 0) != 0) co_return host_error(errno);
    co_return boost::system::in_place_value;
}

}  // namespace p9::serve
