#include "fuse/operations.hpp"

#include <cerrno>

namespace p9::fuse {

awaitable<Result<Entry>> make_directory(FileSystem* fs, u64 parent, std::string name, u32 mode, u32 gid) {
    auto directory = fs->inode(parent);
    if (!directory) co_return std::move(directory).error();
    auto place = co_await fs->node(*directory);
    if (!place) co_return std::move(place).error();
    auto made = co_await (*place)->mkdir(name, mode, gid);
    if (!made) co_return std::move(made).error();
    co_return co_await entry_of(fs, std::move(*directory), std::move(name), std::move(*made));
}

awaitable<Result<void>> remove(FileSystem* fs, u64 parent, std::string name, bool directory) {
    auto from = fs->inode(parent);
    if (!from) co_return std::move(from).error();
    auto place = co_await fs->node(*from);
    if (!place) co_return std::move(place).error();
    auto removed = co_await (*place)->unlink(name, directory);
    if (removed) fs->inodes.removed(**from, name);
    co_return removed;
}

awaitable<Result<void>> rename(FileSystem* fs, u64 parent, std::string name, u64 new_parent, std::string new_name,
                               unsigned flags) {
    // 9P has no message for RENAME_NOREPLACE and RENAME_EXCHANGE, and looking first would not be the same: renameat2(2)
    // says EINVAL where a file system does not have them.
    if (flags != 0) co_return Error::from_errno(EINVAL);
    auto from = fs->inode(parent);
    if (!from) co_return std::move(from).error();
    auto to = fs->inode(new_parent);
    if (!to) co_return std::move(to).error();
    auto from_place = co_await fs->node(*from);
    if (!from_place) co_return std::move(from_place).error();
    auto to_place = co_await fs->node(*to);
    if (!to_place) co_return std::move(to_place).error();
    auto renamed = co_await (*from_place)->rename(name, **to_place, new_name);
    if (renamed) fs->inodes.moved(**from, name, *to, std::move(new_name));
    co_return renamed;
}

}  // namespace p9::fuse
