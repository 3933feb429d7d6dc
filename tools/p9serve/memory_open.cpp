#include "tools/p9serve/memory_node.hpp"

#include <cerrno>
#include <cstdint>

namespace p9::serve {

namespace {

constexpr std::size_t LONGEST_CLIENT = 255;  // Linux sends the name of its machine, of at most 64 bytes

}  // namespace

MemoryOpen::~MemoryOpen() {
    const u64 before = node_->locks.cost();
    node_->locks.release(this);
    node_->give_back(before - node_->locks.cost());
}

awaitable<Result<void>> MemoryOpen::read(u64 offset, ReadReply& reply) {
    if (node_->is_directory()) co_return Error::from_errno(EISDIR);
    if ((flags_ & P9_O_ACCMODE) == P9_O_WRONLY) co_return Error::from_errno(EBADF);
    const u64 size = node_->contents.size();
    if (offset >= size) co_return boost::system::in_place_value;
    const auto fill = [&](std::span<u8> room) { return static_cast<ssize_t>(node_->contents.read(offset, room)); };
    reply.fill(std::min<u64>(reply.room(), size - offset), fill);
    node_->accessed();
    co_return boost::system::in_place_value;
}

awaitable<Result<u32>> MemoryOpen::write(u64 offset, Bytes data) {
    if ((flags_ & P9_O_ACCMODE) == P9_O_RDONLY) co_return Error::from_errno(EBADF);
    if (data.empty()) co_return 0;
    if ((flags_ & P9_O_APPEND) != 0) offset = node_->contents.size();
    if (offset > INT64_MAX || data.size() > INT64_MAX - offset) co_return Error::from_errno(EFBIG);
    const std::size_t written = node_->contents.write(offset, data);
    if (written == 0) co_return Error::from_errno(ENOSPC);
    node_->modified();
    co_return static_cast<u32>(written);
}

awaitable<Result<void>> MemoryOpen::readdir(u64 offset, Entries& entries) {
    if (!node_->is_directory()) co_return Error::from_errno(ENOTDIR);
    const auto& names = node_->names.by_number();
    for (auto at = names.upper_bound(offset); at != names.end(); ++at) {
        Entry entry;
        entry.name = at->second.name;
        entry.qid = at->second.node->qid();
        entry.type = at->second.node->type();
        entry.next = at->first;
        if (!entries.add(entry)) break;
    }
    co_return boost::system::in_place_value;
}

awaitable<Result<LockStatus>> MemoryOpen::lock(Lock lock) {
    // As fcntl(2) has it: a shared lock is for those who may read, an exclusive one for those who may write.
    const OpenFlags access = flags_ & P9_O_ACCMODE;
    if (lock.type == LockType::read && access == P9_O_WRONLY) co_return Error::from_errno(EBADF);
    if (lock.type == LockType::write && access == P9_O_RDONLY) co_return Error::from_errno(EBADF);
    if (lock.client_id.size() > LONGEST_CLIENT)
        co_return Error::from_errno(EINVAL, "the client_id of a lock has at most 255 bytes");
    if (node_->locks.conflict(lock)) co_return LockStatus::blocked;
    const u64 before = node_->locks.cost();
    if (!node_->locks.set(lock, this, node_->context->budget.left())) co_return Error::from_errno(ENOLCK);
    const u64 after = node_->locks.cost();
    if (after < before)
        node_->give_back(before - after);
    else
        node_->take(after - before);
    co_return LockStatus::ok;
}

awaitable<Result<Lock>> MemoryOpen::conflicting_lock(Lock lock) {
    if (auto held = node_->locks.conflict(lock)) co_return *std::move(held);
    lock.type = LockType::unlock;
    co_return lock;
}

}  // namespace p9::serve
