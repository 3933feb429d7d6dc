// fcntl(2) and flock(2) locks, kept by the server.
#include "fuse/backoff.hpp"
#include "fuse/operations.hpp"
#include "fuse/request.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>

#include <array>
#include <cerrno>

namespace p9::fuse {
namespace {

namespace asio = boost::asio;
using std::chrono::milliseconds;

// How long to wait before a lock that somebody holds is asked for again: servers answer "blocked" at once.
constexpr milliseconds FIRST_PAUSE{5}, LONGEST_PAUSE{250};

bool allows(OpenFlags flags, LockType type) {
    const OpenFlags access = flags & P9_O_ACCMODE;
    return access == P9_O_RDWR || (type == LockType::write ? access == P9_O_WRONLY : access == P9_O_RDONLY);
}

/// Another open file of the same inode, for an owner who needs one of his own.
awaitable<Result<std::shared_ptr<OpenFile>>> open_again(FileSystem* fs, std::shared_ptr<OpenFile> like) {
    // Locks to read and to write may follow each other; but the server may allow less than both.
    const std::array<OpenFlags, 2> ways{P9_O_RDWR, like->flags & P9_O_ACCMODE};
    for (const OpenFlags access : ways) {
        auto clone = co_await fs->clone(like->inode);
        if (!clone) co_return std::move(clone).error();
        auto opened = co_await File::open(std::move(*clone), access);
        if (opened) co_return std::make_shared<OpenFile>(like->inode, std::move(*opened), access);
        if (access == ways.back()) co_return std::move(opened).error();
    }
    co_return Error::from_errno(EBADF);
}

/// The open file for the locks of `key`, which the caller has through `file`.
awaitable<Result<LockHolder>> holder_for(FileSystem* fs, std::shared_ptr<OpenFile> file, LockKey key, u32 pid) {
    if (const LockHolder* known = fs->locks.find(key)) co_return *known;
    LockHolder holder{file, key.flock ? fs->next_flock_id() : pid, {}};
    const bool suits = allows(file->flags, LockType::read) && allows(file->flags, LockType::write);
    // A file without a name cannot be opened again.
    if ((!suits || fs->locks.carries_locks(file.get())) && !file->inode->detached()) {
        auto own = co_await open_again(fs, file);
        if (!own) co_return std::move(own).error();
        holder.file = std::move(*own);
    }
    // Another thread of the same owner may have been here in the meantime.
    if (const LockHolder* known = fs->locks.find(key)) co_return *known;
    fs->locks.add(key, holder);
    co_return holder;
}

Lock lock_of(const FileSystem& fs, const LockRange& range, const LockHolder& holder) {
    return {range.type, range.start, range.length, holder.proc_id, fs.lock_client_id()};
}

/// In words of fcntl(2).
Result<void> outcome(LockStatus status) {
    switch (status) {
        case LockStatus::ok:
            return boost::system::in_place_value;
        case LockStatus::blocked:
        case LockStatus::grace:
            return Error::from_errno(EAGAIN);
        case LockStatus::error:
            break;
    }
    return Error::from_errno(ENOLCK, "the server could not set the lock");
}

awaitable<Result<void>> lock_on_server(FileSystem* fs, u64 handle, LockRequest request) {
    const auto file = fs->files.find(handle);
    if (!file) co_return Error::from_errno(EBADF);
    const LockKey key{file->inode->number, request.owner, request.flock};
    if (request.range.type == LockType::unlock && fs->locks.find(key) == nullptr)
        co_return boost::system::in_place_value;
    auto holder = co_await holder_for(fs, file, key, request.pid);
    if (!holder) co_return std::move(holder).error();
    const Lock lock = lock_of(*fs, request.range, *holder);
    Backoff pauses(FIRST_PAUSE, LONGEST_PAUSE);
    for (;;) {
        auto open = co_await fs->file(holder->file);
        if (!open) co_return std::move(open).error();
        Lock wanted = lock;
        auto status = co_await (*open)->lock(std::move(wanted), request.wait);
        if (!status) co_return std::move(status).error();
        if (*status == LockStatus::ok) fs->locks.note(key, request.range);
        const bool retry = *status == LockStatus::blocked || *status == LockStatus::grace;
        if (!request.wait || !retry) co_return outcome(*status);
        boost::system::error_code interrupted;
        asio::steady_timer timer(fs->executor(), pauses.next());
        co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, interrupted));
        if (interrupted) co_return Error(errc::cancelled, "waiting for a lock");
    }
}

}  // namespace

awaitable<Result<void>> set_lock(FileSystem* fs, u64 handle, LockRequest request) {
    auto locking = lock_on_server(fs, handle, request);
    auto locked = co_await std::move(locking);
    const auto cancellation = co_await asio::this_coro::cancellation_state;
    const bool interrupted = cancellation.cancelled() != asio::cancellation_type::none;
    // Of EINTR the kernel makes ERESTARTSYS here, which callers without a signal get to see as error 512.
    if (!locked && !interrupted && to_errno(locked.error()) == EINTR) co_return outcome(LockStatus::error);
    co_return locked;
}

awaitable<Result<LockFound>> get_lock(FileSystem* fs, u64 handle, LockRequest request) {
    const auto file = fs->files.find(handle);
    if (!file) co_return Error::from_errno(EBADF);
    const LockKey key{file->inode->number, request.owner, request.flock};
    // One's own locks are never in the way, and who has none may ask through any open file that nobody's go through.
    const LockHolder* known = fs->locks.find(key);
    LockHolder holder = known != nullptr ? *known : LockHolder{file, request.pid, {}};
    if (known == nullptr && fs->locks.carries_locks(file.get())) {
        auto own = co_await open_again(fs, file);
        if (!own) co_return std::move(own).error();
        holder.file = std::move(*own);
    }
    Lock wanted = lock_of(*fs, request.range, holder);
    auto open = co_await fs->file(holder.file);
    if (!open) co_return std::move(open).error();
    auto found = co_await (*open)->conflicting_lock(std::move(wanted));
    if (!found) co_return std::move(found).error();
    co_return LockFound{{found->type, found->start, found->length}, found->proc_id};
}

awaitable<Result<void>> release_locks(FileSystem* fs, LockKey key) {
    auto holder = fs->locks.remove(key);
    if (!holder) co_return boost::system::in_place_value;
    // In an earlier session they went with it.
    const FilePtr open = holder->file->file;
    if (holder->held.empty() || !fs->is_alive(open->node())) co_return boost::system::in_place_value;
    Lock all = lock_of(*fs, LockRange{LockType::unlock, 0, 0}, *holder);
    // close(2) has no use for an error here, and the server drops the locks with the fid or the connection.
    (void)co_await open->lock(std::move(all));
    co_return boost::system::in_place_value;
}

}  // namespace p9::fuse
