#include "fuse/operations.hpp"

#include <cerrno>

namespace p9::fuse {
namespace {

/// Files of length 0 may yield data all the same (ctl and event files): the kernel must not stop at that length.
bool past_the_cache(const FileSystem& fs, const Inode& inode) { return fs.behaviour().direct || inode.size == 0; }

}  // namespace

awaitable<Result<OpenedFile>> open_file(FileSystem* fs, u64 number, int flags) {
    auto inode = fs->inode(number);
    if (!inode) co_return std::move(inode).error();
    const OpenFlags wire_flags = to_open_flags(flags);
    if ((*inode)->size == 0 && (wire_flags & P9_O_TRUNC) == 0) {
        // It may have grown since it was looked up, and then it is an ordinary file.
        auto place = co_await fs->node(*inode);
        if (!place) co_return std::move(place).error();
        auto attributes = co_await (*place)->attributes(GETATTR_SIZE);
        if (attributes) (*inode)->size = attributes->size;
    }
    auto clone = co_await fs->clone(*inode);
    if (!clone) co_return std::move(clone).error();
    auto opened = co_await File::open(std::move(*clone), wire_flags);
    if (!opened) co_return std::move(opened).error();
    auto file = std::make_shared<OpenFile>(std::move(*inode), std::move(*opened), wire_flags);
    file->direct = past_the_cache(*fs, *file->inode);
    if ((wire_flags & P9_O_TRUNC) != 0) file->inode->size = 0;
    co_return OpenedFile{std::move(file)};
}

awaitable<Result<CreatedFile>> create_file(FileSystem* fs, u64 parent, std::string name, int flags, u32 mode, u32 gid) {
    auto directory = fs->inode(parent);
    if (!directory) co_return std::move(directory).error();
    auto clone = co_await fs->clone(*directory);
    if (!clone) co_return std::move(clone).error();
    const OpenFlags wire_flags = to_open_flags(flags);
    auto created = co_await File::create(std::move(*clone), name, wire_flags, mode, gid);
    if (!created) co_return std::move(created).error();
    // The created fid is open; lookups and opens need one that is not.
    auto entry = co_await look_up(fs, parent, std::move(name));
    if (!entry) co_return std::move(entry).error();
    auto file = std::make_shared<OpenFile>(entry->reference.inode(), std::move(*created), wire_flags);
    // What was made here is no synthetic file, unless it was there already and has its length 0 from that.
    file->direct = fs->behaviour().direct;
    co_return CreatedFile{std::move(*entry), std::move(file)};
}

awaitable<Result<void>> sync_file(FileSystem* fs, u64 handle, bool datasync) {
    const auto file = fs->files.find(handle);
    if (!file) co_return Error::from_errno(EBADF);
    Inode& inode = *file->inode;
    const u64 generation = fs->connection().generation();
    if (inode.unsynced_since != 0 && inode.unsynced_since != generation) {
        // The server may have lost what it had not made durable, and nobody has it any more: the writer must know.
        inode.unsynced_since = 0;
        co_return Error::from_errno(EIO, "the connection was lost between a write and this fsync");
    }
    auto open = co_await fs->file(file);
    if (!open) co_return std::move(open).error();
    auto synced = co_await (*open)->fsync(datasync);
    if (synced && inode.unsynced_since == generation) inode.unsynced_since = 0;
    co_return synced;
}

}  // namespace p9::fuse
