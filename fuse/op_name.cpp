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

namespace {

/// Prepares for what is asked of a file or directory whose name is about to go. An open file's attributes are kept:
/// diod, which looks up a path for every Tgetattr, answers ENOENT afterwards even for an open fid, and fstat(2) must go
/// on working (kata-containers issue 9700). A directory, which may be open or where somebody works, has a fid.
awaitable<void> see_once_more(FileSystem* fs, const Inode& parent, const std::string& name) {
    const InodePtr inode = fs->inodes.child(parent, name);
    if (!inode) co_return;
    if (inode->type == FileType::directory) {
        (void)co_await fs->node(inode);
        co_return;
    }
    if (inode->open_files == nullptr) co_return;
    auto place = co_await fs->node(inode);
    if (!place) co_return;
    auto attributes = co_await (*place)->attributes();
    if (!attributes || attributes->type() != inode->type) co_return;
    inode->size = attributes->size;
    inode->last_seen = std::make_unique<Attributes>(std::move(*attributes));
    // The same holds for opening it once more, which pages of shared maps may need.
    std::vector<std::shared_ptr<OpenFile>> appending;
    for (OpenFile* open = inode->open_files; open != nullptr; open = open->older)
        if (open->appends() && (open->flags & P9_O_ACCMODE) == P9_O_RDWR) appending.push_back(open->shared_from_this());
    for (const auto& open : appending) (void)co_await fs->file_at_offsets(open);
}

}  // namespace

awaitable<Result<void>> remove(FileSystem* fs, u64 parent, std::string name, bool directory) {
    auto from = fs->inode(parent);
    if (!from) co_return std::move(from).error();
    auto place = co_await fs->node(*from);
    if (!place) co_return std::move(place).error();
    co_await see_once_more(fs, **from, name);
    auto removed = co_await (*place)->unlink(name, directory);
    if (removed) {
        if (const InodePtr gone = fs->inodes.child(**from, name)) fs->changed_under_one_name(*gone);
        fs->inodes.removed(**from, name);
    }
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
    co_await see_once_more(fs, **to, new_name);
    auto renamed = co_await (*from_place)->rename(name, **to_place, new_name);
    if (renamed) {
        if (const InodePtr gone = fs->inodes.child(**to, new_name)) fs->changed_under_one_name(*gone);
        fs->inodes.moved(**from, name, *to, std::move(new_name));
    }
    co_return renamed;
}

}  // namespace p9::fuse
