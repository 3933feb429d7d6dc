#include "fuse/operations.hpp"

#include <cerrno>

namespace p9::fuse {
namespace {

/// Whether an answer for an inode without a name is about that file and not about one that took the name.
bool is_still(const Inode& inode, const Result<Attributes>& attributes) {
    return attributes && attributes->qid.path == inode.qid.path && attributes->type() == inode.type;
}

awaitable<Result<AttributesReply>> reply_for(FileSystem* fs, InodePtr inode, NodePtr place) {
    auto attributes = co_await place->attributes();
    if (inode->last_seen && inode->detached() && !is_still(*inode, attributes)) {
        // The server looks at paths, and this one leads nowhere or to another file. Nobody else can reach the open
        // file: what was seen last still holds, but for the length.
        inode->last_seen->size = inode->size;
        auto last = to_stat(fs->behaviour().owners, *inode->last_seen, inode->number, inode->type);
        if (last) last->st_nlink = 0;
        if (last) co_return AttributesReply{*last};
    }
    if (!attributes) co_return std::move(attributes).error();
    auto status = to_stat(fs->behaviour().owners, *attributes, inode->number, inode->type);
    if (!status) {
        fs->inodes.detach(inode);  // the name leads elsewhere: the next lookup makes another inode
        co_return std::move(status).error();
    }
    fs->saw(*inode, *attributes);
    inode->size_untold = false;
    for (OpenFile* file = inode->open_files; file != nullptr; file = file->older) {
        if (!std::exchange(file->expected, false)) continue;
        *file->told = *attributes;
        fs->last_made->looked_at();
    }
    // A file without a name has no link; a dialect that does not count them cannot tell of others.
    const bool counted = (attributes->valid & GETATTR_NLINK) != 0;
    if (inode->detached() && (attributes->nlink == 0 || !counted)) status->st_nlink = 0;
    co_return AttributesReply{*status};
}

/// Whether a change does nothing but to take set-ID bits away. The kernel sends such a one before somebody writes, in
/// his name; but only the owner may change a mode. Where the server has refused it, the write itself does it there,
/// since it is his too (write(2)).
awaitable<bool> only_drops_set_id_bits(NodePtr place, AttributeChange change) {
    constexpr u32 set_id = 06000;
    if (!change.mode || change.uid || change.gid || change.size || change.atime || change.mtime) co_return false;
    auto attributes = co_await place->attributes();
    if (!attributes) co_return false;
    const u32 now = attributes->mode & P9_S_PERMISSIONS;
    co_return (*change.mode & ~now) == 0 && (*change.mode ^ now) != 0 && ((*change.mode ^ now) & ~set_id) == 0;
}

/// chown(2) drops set-user-ID bits, and the kernel does so with a mode that it computes from what it remembers: without
/// the sticky bit, which FUSE keeps from it where it does not check permissions. The server knows better.
awaitable<Result<u32>> mode_after_chown(NodePtr place) {
    auto attributes = co_await place->attributes(GETATTR_MODE);
    if (!attributes) co_return std::move(attributes).error();
    const u32 mode = attributes->mode & P9_S_PERMISSIONS;
    if (attributes->is_directory()) co_return mode;
    co_return without_set_id(mode);
}

/// Whether the open fid still stands for the inode's file. After a rename, of a directory above it too, a server that
/// keeps a path for each fid (diod) finds nothing there, or another file.
awaitable<bool> is_still_there(FileSystem* fs, std::shared_ptr<OpenFile> open) {
    const u64 moves = fs->inodes.moves();
    if (open->moves == moves || open->inode->detached() || !fs->is_alive(open->file->node())) co_return true;
    const FilePtr file = open->file;
    auto attributes = co_await file->node().attributes();
    if (!is_still(*open->inode, attributes)) co_return false;
    open->moves = moves;
    co_return true;
}

}  // namespace

const OpenFile* maker_of(const Inode& inode) {
    const OpenFile* file = inode.open_files;
    // The length of a file that may be a synthetic one is not kept.
    if (file != nullptr && file->is_synthetic()) return nullptr;
    while (file != nullptr && !file->told) file = file->older;
    // Owners that have names (9P2000, .u) are told by these, not by the numbers that they were set to.
    return file == nullptr || !file->told->user.empty() || inode.detached() ? nullptr : file;
}

bool answer_from_made(FileSystem& fs, fuse_req_t req, u64 number) {
    const PrivilegeQuestion before = std::exchange(fs.privilege_question, {});
    if (before != PrivilegeQuestion{number, fuse_req_ctx(req)->pid}) return false;
    const InodePtr inode = fs.inodes.find(number);
    if (!inode) return false;
    const auto known = after_change(fs, *inode, AttributeChange());
    if (known) reply(req, fs, *known);
    return known.has_value();
}

// Archivers change times, owner and mode of each file one after the other, and nobody looks in between: so the server
// is not asked each time, but when somebody does look.
std::optional<AttributesReply> after_change(const FileSystem& fs, const Inode& inode, const AttributeChange& change) {
    const OpenFile* const file = maker_of(inode);
    if (file == nullptr || change.size) return {};
    Attributes& told = *file->told;
    if (change.mode) told.mode = (told.mode & ~u32{P9_S_PERMISSIONS}) | *change.mode;
    file->inode->set_id = has_set_id(told);
    told.uid = change.uid.value_or(told.uid);
    told.gid = change.gid.value_or(told.gid);
    if (change.atime && change.atime->time) told.atime = *change.atime->time;
    if (change.mtime && change.mtime->time) told.mtime = *change.mtime->time;
    told.size = inode.size;
    auto status = to_stat(fs.behaviour().owners, told, inode.number, inode.type);
    if (!status) return {};
    return AttributesReply{*status, true};
}

awaitable<Result<NodePtr>> place_of(FileSystem* fs, InodePtr inode, std::optional<u64> handle) {
    std::shared_ptr<OpenFile> file = handle ? fs->files.find(*handle) : nullptr;
    if (!file && inode->open_files != nullptr) {
        OpenFile& open = *inode->open_files;
        // A file that has just been made or opened may have left its inode without a node.
        const bool good = fs->is_alive(open.file->node()) && open.moves == fs->inodes.moves();
        if (inode->detached() || (!inode->node && good)) file = open.shared_from_this();
    }
    if (file) {
        const bool there = co_await is_still_there(fs, file);
        if (!there) co_return co_await fs->of_opener(*file).node(std::move(inode));
        auto open = co_await fs->file(file);
        if (!open) co_return std::move(open).error();
        const Node* node = &(*open)->node();
        co_return NodePtr(std::move(*open), node);  // the alias keeps the open file
    }
    if (inode->detached() && inode->node) {
        // A removed directory may still be somebody's working directory. Its node is good where it is the same file.
        NodePtr node = inode->node;
        auto attributes = co_await node->attributes();
        if (!attributes) co_return std::move(attributes).error();
        if (is_still(*inode, attributes)) co_return node;
        co_return Error::from_errno(ESTALE, "the name leads to another file now");
    }
    co_return co_await fs->node(std::move(inode));
}

awaitable<Result<AttributesReply>> get_attributes(FileSystem* fs, u64 number, std::optional<u64> handle) {
    auto inode = fs->inode(number);
    if (!inode) co_return std::move(inode).error();
    auto place = co_await place_of(fs, *inode, handle);
    if (!place) co_return std::move(place).error();
    co_return co_await reply_for(fs, std::move(*inode), std::move(*place));
}

awaitable<Result<AttributesReply>> set_attributes(FileSystem* fs, u64 number, SetAttributes wanted) {
    auto inode = fs->inode(number);
    if (!inode) co_return std::move(inode).error();
    if (auto allowed = fs->behaviour().owners.to_server(wanted.change); !allowed) co_return std::move(allowed).error();
    auto place = co_await place_of(fs, *inode, wanted.handle);
    if (!place) co_return std::move(place).error();
    if ((*inode)->detached()) {
        auto attributes = co_await (*place)->attributes();
        if (!attributes) co_return std::move(attributes).error();
        if (!is_still(**inode, attributes)) co_return Error::from_errno(ESTALE, "the name leads to another file now");
    }
    if (wanted.change.mode && (wanted.change.uid || wanted.change.gid)) {
        auto mode = co_await mode_after_chown(*place);
        if (!mode) co_return std::move(mode).error();
        wanted.change.mode = *mode;
    }
    const bool resizes = wanted.change.size.has_value();
    if (resizes) fs->wrote(**inode, false);
    auto changed = co_await (*place)->change(wanted.change);
    if (resizes) fs->wrote(**inode, changed.has_value());
    if (!changed && fs->behaviour().access == Access::user && changed.error().is_errno(EPERM)) {
        const bool harmless = co_await only_drops_set_id_bits(*place, wanted.change);
        if (harmless) changed = boost::system::in_place_value;
    }
    if (!changed) co_return std::move(changed).error();
    fs->changed_under_one_name(**inode);
    if (auto known = after_change(*fs, **inode, wanted.change)) co_return *known;
    co_return co_await reply_for(fs, std::move(*inode), std::move(*place));
}

awaitable<Result<void>> drop_set_id(FileSystem* fs, InodePtr inode, FilePtr file) {
    auto attributes = co_await file->node().attributes();
    if (!attributes) co_return std::move(attributes).error();
    AttributeChange change;
    change.mode = without_set_id(attributes->mode) & P9_S_PERMISSIONS;
    if (*change.mode != (attributes->mode & P9_S_PERMISSIONS)) {
        auto changed = co_await file->node().change(change);
        // Only the owner may change a mode. The server knows who writes here, and does it itself.
        const bool by_server = !changed && fs->behaviour().access == Access::user && changed.error().is_errno(EPERM);
        if (!changed && !by_server) co_return std::move(changed).error();
        for (OpenFile* open = inode->open_files; open != nullptr; open = open->older)
            if (open->told) open->told->mode = without_set_id(open->told->mode);
        fs->expire_attributes(*inode);
        fs->changed_under_one_name(*inode);
    }
    inode->set_id = false;
    co_return boost::system::in_place_value;
}

awaitable<Result<struct statvfs>> statfs(FileSystem* fs, u64 number) {
    auto place = co_await fs->node(number);
    if (!place) co_return std::move(place).error();
    auto figures = co_await (*place)->statfs();
    // df and installers ask everywhere; no figures at all are better than an error to them.
    if (!figures && figures.error().is_errno(EOPNOTSUPP)) co_return to_statvfs(StatFs{});
    if (!figures) co_return std::move(figures).error();
    const struct statvfs seen = to_statvfs(*figures);
    if (number == FUSE_ROOT_ID) fs->last_answers.saw(seen);
    co_return seen;
}

}  // namespace p9::fuse
