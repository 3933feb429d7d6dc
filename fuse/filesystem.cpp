#include "fuse/filesystem.hpp"

#include "fuse/fuse.hpp"

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

}  // namespace

FileSystem::FileSystem(Connection& connection, NodePtr root, Behaviour behaviour, const Log& log)
    : FileSystem(std::make_shared<MountState>(std::move(root), client_id()), nullptr, connection, std::move(behaviour),
                 log) {
    own_users_ = std::make_unique<Users>(*this);
    users_ = own_users_.get();
}

FileSystem::FileSystem(FileSystem& mounts_own, UserTree& tree)
    : FileSystem(mounts_own.state_, &tree, mounts_own.connection_, mounts_own.behaviour_, mounts_own.log_) {
    users_ = mounts_own.users_;
}

FileSystem::FileSystem(std::shared_ptr<MountState> state, UserTree* tree, Connection& connection, Behaviour behaviour,
                       const Log& log)
    : state_(std::move(state)),
      tree_(tree),
      label_(tree != nullptr ? tree->label() : MOUNTS_OWN),
      behaviour_(std::move(behaviour)),
      connection_(connection),
      log_(log),
      inodes(state_->inodes),
      files(state_->files),
      released(state_->released),
      directories(state_->directories),
      kept_lists(state_->kept_lists),
      names_ahead(state_->names_ahead),
      last_made(state_->last_made),
      privilege_question(state_->privilege_question),
      write_buffers(state_->write_buffers),
      write_behind(state_->write_behind),
      locks(state_->locks),
      counters(state_->counters),
      last_answers(state_->last_answers),
      requests_under_way(state_->requests_under_way),
      requests_answered(state_->requests_answered),
      changes(state_->changes),
      init_answered(state_->init_answered) {}

FileSystem::~FileSystem() = default;

awaitable<Result<NodePtr>> FileSystem::root() {
    if (tree_ != nullptr) {
        auto attaching = tree_->root();
        co_return co_await std::move(attaching);
    }
    const InodePtr inode = inodes.find(1);
    // It is replaced before anybody may use a session.
    if (!is_current(*inode->node)) co_return Error(errc::connection_lost);
    co_return inode->node;
}

Result<InodePtr> FileSystem::inode(u64 number) const {
    InodePtr found = inodes.find(number);
    if (!found) return Error::from_errno(ESTALE, "the kernel asks for an inode that it has forgotten");
    return found;
}

awaitable<Result<NodePtr>> FileSystem::node(InodePtr inode) {
    if (inode->node && is_current(*inode->node)) {
        inodes.touch(*inode);
        ++counters.nodes.hits;
        co_return inode->node;
    }
    if (inode->is_root()) co_return co_await root();
    ++counters.nodes.misses;
    const u64 moves = inodes.moves();
    auto walked = co_await walk_to(inode);
    if (!walked) co_return std::move(walked).error();
    NodePtr node = std::make_shared<Node>(std::move(*walked));
    // After a rename in the meantime the fid may stand for a path that is gone: good for now, not for later.
    if (inodes.moves() == moves && !inode->detached()) keep_node(*inode, node);
    co_return node;
}

awaitable<Result<Node>> FileSystem::walk_to(InodePtr inode) {
    std::vector<std::string> names;
    InodePtr above = inode;
    if (above->is_root()) co_return Error::from_errno(EINVAL, "the root has no name");
    do {
        if (above->detached()) co_return Error::from_errno(ESTALE, "the file has no name any more");
        names.insert(names.begin(), above->name);
        above = above->parent;
    } while (!above->is_root() && (!above->node || !is_current(*above->node)));
    NodePtr start = above->node;
    if (above->is_root()) {
        auto top = co_await root();
        if (!top) co_return std::move(top).error();
        start = std::move(*top);
    }
    inodes.touch(*above);
    auto walked = co_await start->walk(std::move(names));
    if (!walked) co_return std::move(walked).error();
    if (walked->qid().path != inode->qid.path) {
        inodes.detach(inode);
        co_return Error::from_errno(ESTALE, "the name leads to another file now");
    }
    co_return std::move(*walked);
}

std::optional<Node> FileSystem::take_node(Inode& inode) {
    if (inode.is_root() || !inode.node || inode.node.use_count() != 1 || !is_current(*inode.node)) return std::nullopt;
    Node taken = std::move(*std::const_pointer_cast<Node>(inode.node));
    inodes.set_node(inode, nullptr);
    return taken;
}

void FileSystem::keep_node(Inode& inode, NodePtr node) {
    inodes.set_node(inode, std::move(node));
    limit_nodes();
}

void FileSystem::limit_nodes() {
    // Some stay free for what is open and for requests that are under way.
    constexpr std::size_t under_way = 512;
    const std::size_t open = files.size() + state_->second_files + locks.size() + directories.size();
    const std::size_t others = open + names_ahead.fids() + under_way;
    inodes.limit_nodes(others < MAX_FIDS ? MAX_FIDS - others : 0);
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
    if (is_alive(open->file->node())) co_return open->file;
    auto clone = co_await of_opener(*open).clone(open->inode);
    if (!clone) co_return std::move(clone).error();
    auto opened = co_await File::open(std::move(*clone), open->flags & ~OpenFlags{P9_O_TRUNC});
    if (!opened) co_return std::move(opened).error();
    // Somebody else may have opened it in the meantime.
    if (!is_alive(open->file->node())) open->file = std::make_shared<File>(std::move(*opened));
    co_return open->file;
}

// The kernel writes a shared map's pages by whichever descriptor of the file it finds first.
awaitable<Result<FilePtr>> FileSystem::file_at_offsets(std::shared_ptr<OpenFile> open) {
    if (!open->appends()) co_return co_await file(std::move(open));
    if (open->at_offsets && is_alive(open->at_offsets->node())) co_return open->at_offsets;
    auto clone = co_await of_opener(*open).clone(open->inode);
    if (!clone) co_return std::move(clone).error();
    const OpenFlags others = open->flags & ~OpenFlags{P9_O_TRUNC | P9_O_APPEND | P9_O_CREAT | P9_O_EXCL};
    auto opened = co_await File::open(std::move(*clone), others);
    if (!opened) co_return std::move(opened).error();
    const auto second = std::make_shared<SecondFile>(std::move(*opened), state_->second_files);
    open->at_offsets = FilePtr(second, &second->file);
    limit_nodes();
    co_return open->at_offsets;
}

void FileSystem::saw(Inode& inode, const Attributes& attributes) {
    if (inode.is_root()) last_answers.saw(attributes);
    const Stamp now = stamp_of(attributes);
    state_->server_clock.saw(now, Clock::now());
    inode.size_untold |= inode.size != attributes.size;
    inode.size = attributes.size;
    inode.set_id = has_set_id(attributes);
    if (attributes.nlink > 1 && !attributes.is_directory()) inodes.note_links(inode);
    if (now == inode.seen) return;
    inode.seen = now;
    inode.written = false;
    if (behaviour_.cache != CacheMode::loose) inode.pages_valid = false;
}

void FileSystem::wrote(Inode& inode, bool done) {
    if (done) changed_under_one_name(inode);
    if (behaviour_.cache == CacheMode::loose) return;
    if (done && inode.seen.version == 0 && is_settled(inode)) inode.written = true;
    // The stamp will be another by the next open, and nobody can tell then whether only for this.
    inode.pages_valid = false;
}

void FileSystem::expire_attributes(const Inode& inode) const {
    // An inode that the kernel has forgotten, or a mount that has ended, is no matter.
    if (state_->kernel != nullptr) (void)fuse_lowlevel_notify_inval_inode(state_->kernel, inode.number, -1, 0);
}

void FileSystem::changed_under_one_name(const Inode& inode) const {
    inodes.for_each_other_name(inode, [this](const Inode& other) { expire_attributes(other); });
}

awaitable<void> FileSystem::take_over(NodePtr root) {
    inodes.new_root(std::move(root));
    // Another server, or this one after a crash: what it has now need not be what it had. Contents are looked at again
    // when they are opened, attributes at once; and where these tell of a change the kernel drops contents of files
    // that are open.
    kept_lists.clear();
    last_answers.new_session();
    last_made->new_session();
    inodes.for_each([this](Inode& inode) {
        inode.pages_valid = false;
        expire_attributes(inode);
    });
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
        Lock lock{range.type, range.start, range.length, holder.proc_id, lock_client_id()};
        auto status = co_await (*again)->lock(std::move(lock));
        if (!status)
            locked = std::move(status).error();
        else if (*status != LockStatus::ok)
            locked = Error::from_errno(EAGAIN, "somebody else has it now");
    }
    if (locked) co_return;
    const std::string whose =
        key.flock ? "the flock of an open file" : "a lock of process " + std::to_string(holder.proc_id);
    log_.note(whose + " on " + place_for_people(*holder.file->inode) +
              " was lost with the connection: " + locked.error().message());
    locks.remove(key);
}

}  // namespace p9::fuse
