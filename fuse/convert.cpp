#include "fuse/convert.hpp"

#include "fuse/fuse.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <limits>

namespace p9::fuse {
namespace {

// Beyond some 35,000 years either way a time says nothing, and overflows what programs compute from it.
constexpr std::int64_t LATEST = std::int64_t{1} << 40;

timespec to_timespec(const Time& time) {
    timespec result{};
    result.tv_sec = std::clamp(time.seconds, -LATEST, LATEST);
    result.tv_nsec = static_cast<long>(std::min<u32>(time.nanoseconds, 999'999'999));
    return result;
}

Time to_time(const timespec& time) { return {time.tv_sec, static_cast<u32>(time.tv_nsec)}; }

}  // namespace

Result<struct stat> to_stat(const OwnerMap& owners, const Attributes& attributes, u64 number, FileType type) {
    if (attributes.type() != type) return Error::from_errno(ESTALE, "the file is of another type now");
    if (attributes.size > static_cast<u64>(std::numeric_limits<off_t>::max()))
        return Error::from_errno(EOVERFLOW, "the server names a size beyond 2^63");
    struct stat result{};
    result.st_ino = shown_number(attributes.qid.path, type, number);
    result.st_mode = mode_bits(type) | (attributes.mode & P9_S_PERMISSIONS);
    result.st_nlink = static_cast<nlink_t>(std::clamp<u64>(attributes.nlink, 1, std::numeric_limits<u32>::max()));
    owners.show(result, attributes);
    result.st_rdev = attributes.rdev;
    result.st_size = static_cast<off_t>(attributes.size);
    // The kernel takes the logarithm of it.
    const bool sane = std::has_single_bit(attributes.blksize) && attributes.blksize >= 512;
    result.st_blksize = static_cast<blksize_t>(sane ? std::min<u64>(attributes.blksize, 1 << 20) : 4096);
    const bool counted = (attributes.valid & GETATTR_BLOCKS) != 0;
    result.st_blocks = static_cast<blkcnt_t>(counted ? attributes.blocks : attributes.size / 512 + 1);
    if (!counted && attributes.size % 512 == 0) --result.st_blocks;
    result.st_atim = to_timespec(attributes.atime);
    result.st_mtim = to_timespec(attributes.mtime);
    result.st_ctim = to_timespec((attributes.valid & GETATTR_CTIME) != 0 ? attributes.ctime : attributes.mtime);
    return result;
}

struct statvfs to_statvfs(const StatFs& figures) {
    struct statvfs result{};
    result.f_bsize = figures.bsize == 0 ? 4096 : figures.bsize;
    result.f_frsize = result.f_bsize;
    result.f_blocks = figures.blocks;
    result.f_bfree = figures.bfree;
    result.f_bavail = figures.bavail;
    result.f_files = figures.files;
    result.f_ffree = figures.ffree;
    result.f_favail = figures.ffree;
    result.f_namemax = figures.namelen == 0 ? 255 : std::min<u32>(figures.namelen, 255);
    return result;
}

OpenFlags to_open_flags(int flags) {
    struct Pair {
        int host;
        OpenFlags wire;
    };
    // O_CREAT is told by the message, O_DIRECT would bind the server's reads to its disk's alignment, and
    // O_NOFOLLOW, O_DIRECTORY and O_CLOEXEC have been dealt with by the kernel.
    static constexpr Pair pairs[] = {{O_EXCL, P9_O_EXCL},         {O_TRUNC, P9_O_TRUNC}, {O_APPEND, P9_O_APPEND},
                                     {O_NONBLOCK, P9_O_NONBLOCK}, {O_DSYNC, P9_O_DSYNC}, {O_NOATIME, P9_O_NOATIME}};
    OpenFlags result = P9_O_RDONLY;
    if ((flags & O_ACCMODE) == O_WRONLY) result = P9_O_WRONLY;
    if ((flags & O_ACCMODE) == O_RDWR) result = P9_O_RDWR;
    for (const auto& [host, wire] : pairs)
        if ((flags & host) != 0) result |= wire;
    if ((flags & O_SYNC) == O_SYNC) result |= P9_O_SYNC;
    return result;
}

u32 without_set_id(u32 mode) { return mode & ~u32{04000} & ((mode & 010) != 0 ? ~u32{02000} : ~u32{0}); }

bool has_set_id(const Attributes& attributes) {
    return attributes.type() == FileType::file && without_set_id(attributes.mode) != attributes.mode;
}

AttributeChange to_change(const struct stat& wanted, int mask) {
    AttributeChange change;
    if ((mask & FUSE_SET_ATTR_MODE) != 0) change.mode = wanted.st_mode & P9_S_PERMISSIONS;
    if ((mask & FUSE_SET_ATTR_UID) != 0) change.uid = wanted.st_uid;
    if ((mask & FUSE_SET_ATTR_GID) != 0) change.gid = wanted.st_gid;
    if ((mask & FUSE_SET_ATTR_SIZE) != 0) change.size = static_cast<u64>(wanted.st_size);
    if ((mask & FUSE_SET_ATTR_ATIME_NOW) != 0)
        change.atime.emplace();
    else if ((mask & FUSE_SET_ATTR_ATIME) != 0)
        change.atime = TimeChange{to_time(wanted.st_atim)};
    if ((mask & FUSE_SET_ATTR_MTIME_NOW) != 0)
        change.mtime.emplace();
    else if ((mask & FUSE_SET_ATTR_MTIME) != 0)
        change.mtime = TimeChange{to_time(wanted.st_mtim)};
    return change;
}

LockRange to_range(const struct flock& lock) {
    const LockType type = lock.l_type == F_RDLCK   ? LockType::read
                          : lock.l_type == F_WRLCK ? LockType::write
                                                   : LockType::unlock;
    // libfuse has made l_whence SEEK_SET, and a length of 0 of what reaches to the end.
    return {type, static_cast<u64>(lock.l_start), static_cast<u64>(lock.l_len)};
}

struct flock to_flock(const LockRange& range, u32 pid) {
    struct flock lock{};
    lock.l_type = static_cast<short>(range.type == LockType::read    ? F_RDLCK
                                     : range.type == LockType::write ? F_WRLCK
                                                                     : F_UNLCK);
    lock.l_whence = SEEK_SET;
    // A server may say anything.
    lock.l_start = static_cast<off_t>(std::min<u64>(range.start, INT64_MAX));
    const u64 most = INT64_MAX - static_cast<u64>(lock.l_start);
    lock.l_len = range.length > most ? 0 : static_cast<off_t>(range.length);
    lock.l_pid = static_cast<pid_t>(std::min<u32>(pid, INT32_MAX));
    return lock;
}

}  // namespace p9::fuse
