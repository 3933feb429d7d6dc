#include "fuse/filesystem.hpp"

#include "p9/trace.hpp"

#include <unistd.h>

#include <cerrno>
#include <climits>

namespace p9::fuse {

namespace {

/// The host and this process: two mounts of the same tree are two clients.
std::string client_id() {
    char host[HOST_NAME_MAX + 1] = "";
    (void)::gethostname(host, sizeof host - 1);
    return std::string(host) + "-p9fuse-" + std::to_string(::getpid());
}

std::string path_of(const Inode& inode) {
    std::string path;
    for (const Inode* at = &inode; at->parent; at = at->parent.get()) path.insert(0, at->name).insert(0, "/");
    return inode.detached() ? "a removed file" : path;
}

}  // namespace

FileSystem::FileSystem(Connection& connection, NodePtr root, Behaviour behaviour, const Log& log)
    : inodes(std::move(root)),
      behaviour_(behaviour),
      connection_(connection),
      log_(log),
      lock_client_id_(client_id()) {}

Result<InodePtr> FileSystem::inode(u64 number) const {
    InodePtr found = inodes.find(number);
    if (!found) return Error::from_errno(ESTALE, "the kernel asks for an inode that it has forgotten");
    return found;
}

awaitable<Result<NodePtr>> FileSystem::node(InodePtr inode) {
    if (inode->node && is_current(*inode->node)) co_return inode->node;
    std::vector<std::string> names;
    InodePtr above = inode;
    for (; !above->node || !is_current(*above->node); above = above->parent) {
        // The root's is replaced before anybody may use a session.
        if (above->is_root()) co_return Error(errc::connection_lost);
        if (above->detached()) co_return Error::from_errno(ESTALE, "the file has no name any more");
        names.insert(names.begin(), above->name);
    }
    const NodePtr start = above->node;
    const u64 moves = inodes.moves();
    auto walked = co_await start->walk(std::move(names));
    if (!walked) co_return std::move(walked).error();
    if (walked->qid().path != inode->qid.path) {
        inodes.detach(inode);
        co_return Error::from_errno(ESTALE, "the name leads to another file now");
    }
    auto node = std::make_shared<const Node>(std::move(*walked));
    // After a rename in the meantime the fid may stand for a path that is gone: good for now, not for later.
    if (inodes.moves() == moves && !inode->detached()) inode->node = node;
    co_return node;
}

awaitable<Result<NodePtr>> FileSystem::node(u64 number) {
    auto found = inode(number);
    if (!found) co_return std::move(found).error();
    InodePtr held = std::move(*found);
    co_return co_await node(std::move(held));
}

awaitable<Result<Node>> FileSystem::clone(InodePtr inode) {
    auto place = co_await node(std::move(inode));
    if (!place) co_return std::move(place).error();
    std::vector<std::string> no_names;
    co_return co_await (*place)->walk(std::move(no_names));
}

awaitable<Result<FilePtr>> FileSystem::file(std::shared_ptr<OpenFile> open) {
    if (is_current(open->file->node())) co_return open->file;
    auto clone = co_await this->clone(open->inode);
    if (!clone) co_return std::move(clone).error();
    auto opened = co_await File::open(std::move(*clone), open->flags & ~OpenFlags{P9_O_TRUNC});
    if (!opened) co_return std::move(opened).error();
    // Somebody else may have opened it in the meantime.
    if (!is_current(open->file->node())) open->file = std::make_shared<File>(std::move(*opened));
    co_return open->file;
}

awaitable<void> FileSystem::take_over(NodePtr root) {
    inodes.new_root(std::move(root));
    const auto held = locks.all();
    for (const auto& [key, holder] : held) {
        auto locking = lock_again(key, holder);
        co_await std::move(locking);
    }
}

awaitable<void> FileSystem::lock_again(LockKey key, LockHolder holder) {
    auto again = co_await file(holder.file);
    Result<void> locked = boost::system::in_place_value;
    if (!again) locked = again.error();
    for (const LockRange& range : holder.held) {
        if (!locked) break;
        Lock lock{range.type, range.start, range.length, holder.proc_id, lock_client_id_};
        auto status = co_await (*again)->lock(std::move(lock));
        if (!status)
            locked = std::move(status).error();
        else if (*status != LockStatus::ok)
            locked = Error::from_errno(EAGAIN, "somebody else has it now");
    }
    if (locked) co_return;
    log_.note("a lock of process " + std::to_string(holder.proc_id) + " on " + escaped(path_of(*holder.file->inode)) +
              " was lost with the connection: " + locked.error().message());
    locks.remove(key);
}

}  // namespace p9::fuse
