#include "dialect.hpp"

namespace p9 {

awaitable<Result<LockStatus>> File::lock(Lock lock, bool wait) const {
    auto work = node_.session().operations().lock(node_.fid(), std::move(lock), wait);
    co_return co_await std::move(work);
}

awaitable<Result<Lock>> File::conflicting_lock(Lock lock) const {
    auto work = node_.session().operations().conflicting_lock(node_.fid(), std::move(lock));
    co_return co_await std::move(work);
}

}  // namespace p9
