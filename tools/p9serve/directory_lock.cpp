// Record locks, as the host's own: other programs on this machine see them, and they see those of others.
#include "tools/p9serve/directory_file.hpp"

#include <fcntl.h>

#include <cstdint>

namespace p9::serve {
namespace {

/// `lock` for fcntl(2). Locks belong to the open file (F_OFD_SETLK), so that they go when the client clunks it and
/// clients exclude each other, which are all one process here.
Result<struct flock> host_lock(const Lock& lock) {
    if (lock.start > INT64_MAX || lock.length > INT64_MAX) return Error::from_errno(EINVAL);
    struct flock host{};
    host.l_type = static_cast<short>(lock.type == LockType::read    ? F_RDLCK
                                     : lock.type == LockType::write ? F_WRLCK
                                                                    : F_UNLCK);
    host.l_whence = SEEK_SET;
    host.l_start = static_cast<off_t>(lock.start);
    // A range that ends beyond the largest offset reaches to the end.
    host.l_len = lock.length > INT64_MAX - lock.start ? 0 : static_cast<off_t>(lock.length);
    return host;
}

}  // namespace

awaitable<Result<LockStatus>> DirectoryOpen::lock(Lock lock) {
    auto host = host_lock(lock);
    if (!host) co_return host.error();
    if (::fcntl(fd_.get(), F_OFD_SETLK, &*host) == 0) co_return LockStatus::ok;
    if (errno == EAGAIN || errno == EACCES) co_return LockStatus::blocked;
    co_return host_error(errno);
}

awaitable<Result<Lock>> DirectoryOpen::conflicting_lock(Lock lock) {
    auto host = host_lock(lock);
    if (!host) co_return host.error();
    if (::fcntl(fd_.get(), F_OFD_GETLK, &*host) != 0) co_return host_error(errno);
    if (host->l_type == F_UNLCK) {
        lock.type = LockType::unlock;
        co_return lock;
    }
    Lock found;
    found.type = host->l_type == F_RDLCK ? LockType::read : LockType::write;
    found.start = static_cast<u64>(host->l_start);
    found.length = static_cast<u64>(host->l_len);
    found.proc_id = host->l_pid > 0 ? static_cast<u32>(host->l_pid) : 0;  // -1: a client's
    co_return found;
}

}  // namespace p9::serve
