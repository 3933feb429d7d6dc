#include "fuse/operations.hpp"
#include "fuse/quick_create.hpp"
#include "tools/both.hpp"

#include <cerrno>

namespace p9::fuse {
namespace {

using tools::both;

/// Somebody has the inode open by another file than this new one: past the kernel's cache, or through it.
bool is_open_elsewhere(const Inode& inode, const OpenFile& but, bool direct) {
    const OpenFile* open = inode.open_files;
    while (open != nullptr && (open == &but || open->direct != direct)) open = open->older;
    return open != nullptr;
}

/// Files of length 0 may yield data all the same (ctl and event files): the kernel must not stop at that length. Nor
/// must it keep what nobody can tell to be old. But a file that it caches already is no synthetic one, and may be empty
/// on the server only because what was written is still in a writeback cache.
bool past_the_cache(const FileSystem& fs, const OpenFile& file) {
    const Inode& inode = *file.inode;
    // He would not see what is still in a writeback cache.
    if (fs.behaviour().cache == CacheMode::loose && is_open_elsewhere(inode, file, true)) return true;
    return fs.behaviour().cache == CacheMode::none || (inode.size == 0 && !is_open_elsewhere(inode, file, false)) ||
           inode.untellable || !inode.seen.tells() || (inode.qid.type & QTEXCL) != 0;
}

/// With a writeback cache the kernel reads what it writes parts of, and knows itself where the end is.
OpenFlags flags_for(const FileSystem& fs, OpenFlags flags) {
    if (fs.behaviour().cache != CacheMode::loose) return flags;
    if ((flags & P9_O_ACCMODE) == P9_O_WRONLY) flags = (flags & ~OpenFlags{P9_O_ACCMODE}) | P9_O_RDWR;
    return flags & ~OpenFlags{P9_O_APPEND};
}

awaitable<Result<Attributes>> no_attributes() { co_return Error::from_errno(EOPNOTSUPP); }

/// The attributes of a fid that somebody else owns.
awaitable<Result<Attributes>> attributes_of(std::shared_ptr<Session> session, Fid fid, Qid qid) {
    struct Borrowed {
        Node node;
        ~Borrowed() { node.release(); }
    } borrowed{Node(std::move(session), fid, qid)};
    co_return co_await borrowed.node.attributes();
}

struct Opening {
    Opening() = default;
    // An aggregate would be made of an Error too.
    Opening(Result<File> opened, Result<Attributes> told) : file(std::move(opened)), attributes(std::move(told)) {}
    Result<File> file = Error(errc::cancelled);
    Result<Attributes> attributes = Error(errc::cancelled);
};

/// Opens a node and asks for its attributes. The one does not wait for the other: in whatever order a server takes
/// them, whatever was changed before this is seen.
awaitable<Opening> open_node(Node node, OpenFlags flags) {
    // Truncating changes the attributes, and the kernel knows how.
    auto asking =
        (flags & P9_O_TRUNC) != 0 ? no_attributes() : attributes_of(node.shared_session(), node.fid(), node.qid());
    auto opening = File::open(std::move(node), flags);
    auto done = co_await both(std::move(opening), std::move(asking));
    co_return Opening(std::move(done.first), std::move(done.second));
}

/// Opens the file that the inode's name leads to at this moment, and no other (ESTALE: the kernel then looks up the
/// name again): somebody may have put another file in its place since the kernel looked.
awaitable<Result<Opening>> open_by_name(FileSystem* fs, InodePtr inode, OpenFlags flags) {
    std::optional<Node> node;
    if ((flags & P9_O_TRUNC) == 0) node = fs->take_node(*inode);
    if (!node) {
        auto walked = co_await fs->walk_to(inode);
        if (!walked) co_return std::move(walked).error();
        co_return co_await open_node(std::move(*walked), flags);
    }
    // One trip: the node at hand is opened, and the new one takes its place with the inode.
    const u64 moves = fs->inodes.moves();
    auto opening = open_node(std::move(*node), flags);
    auto looking = fs->walk_to(inode);
    auto done = co_await both(std::move(opening), std::move(looking));
    if (!done.second) co_return std::move(done.second).error();
    if (fs->inodes.moves() == moves && !inode->detached() && !inode->node)
        fs->keep_node(*inode, std::make_shared<Node>(std::move(*done.second)));
    co_return std::move(done.first);
}

/// The same without another look at the name.
awaitable<Result<Opening>> open_by_node(FileSystem* fs, InodePtr inode, OpenFlags flags) {
    std::optional<Node> node = fs->take_node(*inode);
    if (node) co_return co_await open_node(std::move(*node), flags);
    auto clone = co_await fs->clone(std::move(inode));
    if (!clone) co_return std::move(clone).error();
    co_return co_await open_node(std::move(*clone), flags);
}

}  // namespace

awaitable<Result<OpenedFile>> open_file(FileSystem* fs, u64 number, int flags, bool keeps_set_id) {
    auto found = fs->inode(number);
    if (!found) co_return std::move(found).error();
    const InodePtr inode = std::move(*found);
    const OpenFlags asked = to_open_flags(flags);
    OpenFlags wire_flags = flags_for(*fs, asked);
    const bool close_to_open = fs->behaviour().cache == CacheMode::automatic;
    const bool rewritten = inode->written;
    const Stamp before = inode->seen;
    const auto open_as = [&](OpenFlags how) {
        // In the other modes the kernel has just asked for the name, or need not.
        return close_to_open && !inode->detached() ? open_by_name(fs, inode, how) : open_by_node(fs, inode, how);
    };
    const u64 moves = fs->inodes.moves();
    auto opening = co_await open_as(wire_flags);
    bool write_only = false;
    if (wire_flags != asked && opening && !opening->file && opening->file.error().is_errno(EACCES)) {
        // It may be written and not read: then it is written as it comes.
        wire_flags = asked;
        write_only = true;
        opening = co_await open_as(wire_flags);
    }
    if (!opening) co_return std::move(opening).error();
    if (!opening->file) co_return std::move(opening->file).error();
    if (opening->attributes && opening->attributes->type() == inode->type) {
        fs->saw(*inode, *opening->attributes);
        // Without this the kernel would go by the length and time that it was told last.
        if (inode->seen != before) fs->expire_attributes(*inode);
        if (inode->seen == before && rewritten && inode->written) inode->untellable = true;
        // To append the kernel takes the length that it was told last, which another name may have changed since, and
        // only a lookup tells it another. ESTALE makes it look up the name and open again. Not twice: a second ESTALE
        // would be the caller's, who may be one of many that append all the time.
        const bool appends_elsewhere = (asked & P9_O_APPEND) != 0 && inode->linked && inode->size_untold;
        const bool looks_again = close_to_open && appends_elsewhere && !inode->looked_again;
        inode->looked_again = appends_elsewhere;
        if (looks_again) co_return Error::from_errno(ESTALE, "its length has changed");
    }
    auto file = std::make_shared<OpenFile>(inode, std::move(*opening->file), wire_flags);
    file->moves = moves;
    fs->limit_nodes();  // each file that is open leaves room for a node less
    file->direct = past_the_cache(*fs, *file) || write_only;
    if (fs->behaviour().cache == CacheMode::loose) {
        file->keep = inode->pages_valid;
        file->settled = true;
    } else if (opening->attributes && !file->direct) {
        file->keep = inode->pages_valid;
        file->settled = fs->is_settled(*inode);
    }
    ++(file->keep ? fs->counters.opens.hits : fs->counters.opens.misses);
    if ((wire_flags & P9_O_TRUNC) != 0) {
        inode->size = 0;
        fs->wrote(*inode, true);
        if (inode->set_id && !keeps_set_id) {
            auto dropping = drop_set_id(fs, inode, file->file);
            auto dropped = co_await std::move(dropping);
            if (!dropped) co_return std::move(dropped).error();
        }
    }
    co_return OpenedFile{std::move(file)};
}

awaitable<Result<CreatedFile>> create_file(FileSystem* fs, u64 parent, std::string name, int flags, u32 mode, u32 gid) {
    auto directory = fs->inode(parent);
    if (!directory) co_return std::move(directory).error();
    const u64 moves = fs->inodes.moves();
    std::optional<Node> place = fs->last_made->take_spare(parent, fs->label(), moves);
    if (!place || !fs->is_current(*place)) {
        auto clone = co_await fs->clone(*directory);
        if (!clone) co_return std::move(clone).error();
        place = std::move(*clone);
    }
    // Its message goes out together with this file's.
    prepare_next(*fs, **directory);
    const OpenFlags wire_flags = flags_for(*fs, to_open_flags(flags));
    auto created = co_await File::create(std::move(*place), name, wire_flags, mode, gid);
    if (!created) co_return std::move(created).error();
    // The inode has no node of its own yet: what needs one before the file is closed uses the open fid.
    auto attributes = co_await created->node().attributes();
    if (!attributes) co_return std::move(attributes).error();
    if ((wire_flags & P9_O_EXCL) != 0) fs->last_made->told({parent, fs->label(), gid, mode}, *attributes);
    const Qid qid = created->node().qid();
    auto entry = to_entry(*fs, *directory, std::move(name), qid, nullptr, *attributes);
    if (!entry) co_return std::move(entry).error();
    auto file = std::make_shared<OpenFile>(entry->reference.inode(), std::move(*created), wire_flags);
    file->moves = moves;
    file->told = std::make_unique<Attributes>(std::move(*attributes));
    fs->limit_nodes();
    // What was made here is no synthetic file, unless it was there already and has its length 0 from that.
    file->direct = fs->behaviour().cache == CacheMode::none;
    file->settled = fs->behaviour().cache == CacheMode::loose;
    co_return CreatedFile{std::move(*entry), std::move(file)};
}

awaitable<Result<void>> sync_file(FileSystem* fs, u64 handle, bool datasync) {
    const auto file = fs->files.find(handle);
    if (!file) co_return Error::from_errno(EBADF);
    if (file->late_errno != 0) co_return Error::from_errno(std::exchange(file->late_errno, 0));
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
