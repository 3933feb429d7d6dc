#include "fuse/operations.hpp"

#include <algorithm>
#include <cerrno>

namespace p9::fuse {

// A process that is killed closes its files when no signal reaches it any more. Nothing tells which those are: what
// /proc knows of a process may wait for the very execve(2) that closes its files here. So nobody waits without end.
awaitable<Result<void>> flush_file(FileSystem* fs, std::shared_ptr<OpenFile> open, LockKey key) {
    Result<void> settled = boost::system::in_place_value;
    if (open) {
        const Duration patience =
            std::max<Duration>(fs->connection().options().reconnect_timeout, std::chrono::seconds(1));
        auto waiting = fs->write_behind.wait_for(open->inode, patience);
        settled = co_await std::move(waiting);
    }
    auto releasing = release_locks(fs, key);
    (void)co_await std::move(releasing);
    if (open && open->late_errno != 0) co_return Error::from_errno(open->late_errno);
    if (!settled && settled.error().code == make_error_code(errc::timed_out)) {
        fs->log().note(place_for_people(*open->inode) + ": closed before all of it was written: the server is silent");
        co_return Error::from_errno(ETIMEDOUT);
    }
    co_return settled;
}

}  // namespace p9::fuse
