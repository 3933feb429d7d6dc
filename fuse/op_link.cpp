#include "fuse/operations.hpp"

#include <sys/sysmacros.h>

#include <cerrno>
#include <climits>

namespace p9::fuse {
namespace {

/// How many directories are between the mount's root and the inode's own.
std::size_t depth_of(const Inode& inode) {
    std::size_t depth = 0;
    for (const Inode* at = inode.parent.get(); at != nullptr && !at->is_root(); at = at->parent.get()) ++depth;
    return depth;
}

}  // namespace

awaitable<Result<Entry>> make_symlink(FileSystem* fs, u64 parent, std::string name, std::string target, u32 gid) {
    auto directory = fs->inode(parent);
    if (!directory) co_return std::move(directory).error();
    auto place = co_await fs->node(*directory);
    if (!place) co_return std::move(place).error();
    auto made = co_await (*place)->symlink(name, std::move(target), gid);
    if (!made) co_return std::move(made).error();
    co_return co_await entry_of(fs, std::move(*directory), std::move(name), std::move(*made));
}

awaitable<Result<Target>> read_link(FileSystem* fs, u64 number) {
    auto inode = fs->inode(number);
    if (!inode) co_return std::move(inode).error();
    auto place = co_await fs->node(*inode);
    if (!place) co_return std::move(place).error();
    auto target = co_await (*place)->readlink();
    if (!target) co_return std::move(target).error();
    // The kernel takes it as a C string of less than a page.
    if (target->empty() || target->size() >= PATH_MAX || target->find('\0') != target->npos)
        co_return Error::from_errno(EIO, "the server's symlink target is none");
    if (fs->behaviour().symlinks == Symlinks::keep) co_return Target{std::move(*target)};
    if ((*inode)->detached()) co_return Error::from_errno(ESTALE, "nobody can tell where this link is");
    auto shown = contained(std::move(*target), depth_of(**inode), fs->behaviour().symlinks);
    if (!shown) co_return std::move(shown).error();
    if (shown->size() >= PATH_MAX) co_return Error::from_errno(ENAMETOOLONG);
    co_return Target{std::move(*shown)};
}

awaitable<Result<Entry>> make_link(FileSystem* fs, u64 number, u64 new_parent, std::string new_name) {
    auto directory = fs->inode(new_parent);
    if (!directory) co_return std::move(directory).error();
    auto inode = fs->inode(number);
    if (!inode) co_return std::move(inode).error();
    auto existing = co_await fs->node(*inode);
    if (!existing) co_return std::move(existing).error();
    auto place = co_await fs->node(*directory);
    if (!place) co_return std::move(place).error();
    auto linked = co_await (*place)->link(new_name, **existing);
    if (!linked) co_return std::move(linked).error();
    fs->expire_attributes(**inode);  // it has one more link now
    fs->inodes.note_links(**inode);
    fs->changed_under_one_name(**inode);
    co_return co_await look_up(fs, new_parent, std::move(new_name));
}

awaitable<Result<Entry>> make_node(FileSystem* fs, u64 parent, std::string name, u32 mode, u64 rdev, u32 gid) {
    auto directory = fs->inode(parent);
    if (!directory) co_return std::move(directory).error();
    auto place = co_await fs->node(*directory);
    if (!place) co_return std::move(place).error();
    auto made = co_await (*place)->mknod(name, mode, major(rdev), minor(rdev), gid);
    if (!made) co_return std::move(made).error();
    co_return co_await entry_of(fs, std::move(*directory), std::move(name), std::move(*made));
}

}  // namespace p9::fuse
