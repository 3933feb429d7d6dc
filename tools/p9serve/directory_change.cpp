// Attributes that are set, ordinary and extended ones.
#include "tools/p9serve/directory_file.hpp"

#include <fcntl.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <climits>
#include <cstdint>

namespace p9::serve {
namespace {

/// The largest value and the longest list that Linux knows (limits.h: XATTR_SIZE_MAX, XATTR_LIST_MAX).
constexpr std::size_t XATTR_LIMIT = 65536;

bool valid_time(const std::optional<TimeChange>& change) {
    // utimensat takes two larger numbers of nanoseconds for "now" and "leave it".
    return !change || !change->time || change->time->nanoseconds < 1'000'000'000;
}

struct timespec time_to_set(const std::optional<TimeChange>& change) {
    struct timespec at{};
    if (!change) {
        at.tv_nsec = UTIME_OMIT;
    } else if (!change->time) {
        at.tv_nsec = UTIME_NOW;
    } else {
        at.tv_sec = change->time->seconds;
        at.tv_nsec = change->time->nanoseconds;
    }
    return at;
}

int errno_of(int result) { return result == 0 ? 0 : errno; }

std::optional<Error> refuse_xattr_name(const std::string& name) {
    if (!name.empty() && name.find('\0') == std::string::npos) return std::nullopt;
    return Error::from_errno(EINVAL, "this cannot be the name of an extended attribute");
}

/// What `get` writes into a buffer of XATTR_LIMIT bytes and returns the size of.
template <class Get>
Result<std::string> fetched(const Get& get) {
    char buffer[XATTR_LIMIT];
    const ssize_t size = get(buffer, sizeof buffer);
    if (size < 0) return host_error(errno);
    return std::string(buffer, static_cast<std::size_t>(size));
}

}  // namespace

int DirectoryFile::set_mode(u32 mode) const {
    return errno_of(::fchmodat(context_->proc(), DescriptorName(fd()).c_str(), mode & P9_S_PERMISSIONS, 0));
}

int DirectoryFile::set_times(const AttributeChange& change) const {
    const struct timespec times[] = {time_to_set(change.atime), time_to_set(change.mtime)};
    return errno_of(::utimensat(fd(), "", times, AT_EMPTY_PATH));
}

int DirectoryFile::truncate(u64 size) const {
    const auto length = static_cast<off_t>(size);
    // Who has it open for writing may, whatever its mode is now: ftruncate(2).
    if (writer_ >= 0) return errno_of(::ftruncate(writer_, length));
    return errno_of(::truncate(DescriptorPath(fd()).c_str(), length));
}

void DirectoryFile::restore(const struct stat& before) const {
    // As far as it goes: there is nobody to tell a second error.
    if (::fchownat(fd(), "", before.st_uid, before.st_gid, AT_EMPTY_PATH) != 0) return;
    if (!S_ISLNK(before.st_mode)) set_mode(before.st_mode);
    const struct timespec times[] = {before.st_atim, before.st_mtim};
    ::utimensat(fd(), "", times, AT_EMPTY_PATH);
}

Result<void> DirectoryFile::change_now(const AttributeChange& change) const {
    const bool owner = change.uid || change.gid;
    const bool times = change.atime || change.mtime;
    if (!owner && !times && !change.mode && !change.size) return boost::system::in_place_value;
    if (auto refused = refuse_change()) return *std::move(refused);
    struct stat before{};
    if (::fstat(fd(), &before) != 0) return host_error(errno);
    if (change.mode && S_ISLNK(before.st_mode))
        return Error::from_errno(EOPNOTSUPP, "a symlink has no mode of its own");
    if (change.size && S_ISDIR(before.st_mode)) return Error::from_errno(EISDIR);
    if (change.size && !S_ISREG(before.st_mode))
        return Error::from_errno(EINVAL, "only a regular file can be truncated");
    if (change.size && *change.size > INT64_MAX) return Error::from_errno(EFBIG);
    if (!valid_time(change.atime) || !valid_time(change.mtime))
        return Error::from_errno(EINVAL, "a time has less than 1000000000 nanoseconds");

    // Truncating comes after what may be refused, for it cannot be undone. It changes mtime, so times are set again
    // after it; a new owner takes setuid bits away, so the mode comes after the owner.
    int failed = 0;
    if (owner)
        failed =
            errno_of(::fchownat(fd(), "", change.uid.value_or(NONUNAME), change.gid.value_or(NONUNAME), AT_EMPTY_PATH));
    if (failed != 0) return host_error(failed);
    if (change.mode) failed = set_mode(*change.mode);
    if (failed == 0 && times) failed = set_times(change);
    if (failed == 0 && change.size) failed = truncate(*change.size);
    if (failed == 0) {
        if (times && change.size) set_times(change);
        return boost::system::in_place_value;
    }
    if (owner || change.mode || times) restore(before);
    return host_error(failed);
}

awaitable<Result<void>> DirectoryFile::change(AttributeChange change) { co_return change_now(change); }

awaitable<Result<std::string>> DirectoryFile::xattr(std::string name) {
    if (auto refused = refuse_xattr_name(name)) co_return *std::move(refused);
    const DescriptorPath path(fd());
    const auto get = [&](char* buffer, std::size_t size) {
        return ::getxattr(path.c_str(), name.c_str(), buffer, size);
    };
    co_return fetched(get);
}

awaitable<Result<std::string>> DirectoryFile::xattr_names() {
    const DescriptorPath path(fd());
    const auto get = [&](char* buffer, std::size_t size) { return ::listxattr(path.c_str(), buffer, size); };
    co_return fetched(get);
}

awaitable<Result<void>> DirectoryFile::set_xattr(std::string name, std::string value, u32 flags) {
    if (auto refused = refuse_change()) co_return *std::move(refused);
    if (auto refused = refuse_xattr_name(name)) co_return *std::move(refused);
    const DescriptorPath path(fd());
    if (::setxattr(path.c_str(), name.c_str(), value.data(), value.size(), static_cast<int>(flags)) != 0)
        co_return host_error(errno);
    co_return boost::system::in_place_value;
}

awaitable<Result<void>> DirectoryFile::remove_xattr(std::string name) {
    if (auto refused = refuse_change()) co_return *std::move(refused);
    if (auto refused = refuse_xattr_name(name)) co_return *std::move(refused);
    if (::removexattr(DescriptorPath(fd()).c_str(), name.c_str()) != 0) co_return host_error(errno);
    co_return boost::system::in_place_value;
}

}  // namespace p9::serve
