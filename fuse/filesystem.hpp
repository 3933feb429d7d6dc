// The state of one mount: the tree on the server, the inodes that the kernel knows, and what is open.
//
// Owned by Mount, which outlives every request. One thread: the io_context's.
#pragma once

#include "fuse/connection.hpp"
#include "fuse/counters.hpp"
#include "fuse/handles.hpp"
#include "fuse/last_answers.hpp"
#include "fuse/last_made.hpp"
#include "fuse/locks.hpp"
#include "fuse/log.hpp"
#include "fuse/names_ahead.hpp"
#include "fuse/owner.hpp"
#include "fuse/released.hpp"
#include "fuse/symlinks.hpp"
#include "fuse/users.hpp"
#include "fuse/write_behind.hpp"
#include "fuse/write_buffers.hpp"

struct fuse_session;

namespace p9::fuse {

/// Fids that the mount holds on the server at most, as long as no more files than that are open.
inline constexpr std::size_t MAX_FIDS = 4096;

/// How the mount answers.
struct Behaviour {
    CacheMode cache = CacheMode::automatic;
    double attribute_timeout = 1;  ///< seconds for which the kernel may believe attributes
    double entry_timeout = 1;      ///< seconds for which the kernel may believe that a name leads to an inode
    double negative_timeout = 0;   ///< seconds for which the kernel may believe that a name leads nowhere
    bool remote_locks = false;     ///< the server keeps locks; else they hold within the mount
    u32 max_read = 0;              ///< largest READ in bytes, as the mount option says; 0: the kernel's own
    Access access = Access::client;
    u32 access_uid = NONUNAME;  ///< who has the rights of the mount's own attach, where not everybody has them
    Symlinks symlinks = Symlinks::keep;
    OwnerMap owners;
    bool extended_attributes = true;  ///< false: none are shown, and the server is not asked
};

/// The kernel's question whether a file has capabilities (security.capability), if it was the last that it asked.
/// Before it changes an owner it asks that, and then for the attributes, for itself and not for anybody's stat(2).
struct PrivilegeQuestion {
    u64 inode = 0;
    int thread = 0;
    bool operator==(const PrivilegeQuestion&) const = default;
};

/// What all users of a mount share.
struct MountState {
    MountState(NodePtr root, std::string client_id) : inodes(std::move(root)), lock_client_id(std::move(client_id)) {}
    InodeTable inodes;
    std::size_t second_files = 0;  ///< SecondFile objects; those of `files` end before it
    HandleTable<OpenFile> files;
    Released released;
    HandleTable<OpenDirectory> directories;
    KeptLists kept_lists;
    NamesAhead names_ahead;
    std::shared_ptr<LastMade> last_made = std::make_shared<LastMade>();
    PrivilegeQuestion privilege_question;
    WriteBuffers write_buffers;
    WriteBehind write_behind;
    LockTable locks;
    std::string lock_client_id;
    LastAnswers last_answers;
    std::size_t requests_under_way = 0;
    u64 requests_answered = 0;
    u64 changes = 0;
    bool init_answered = false;
    Counters counters;
    ServerClock server_clock;
    u32 next_flock = 1;
    fuse_session* kernel = nullptr;
};

/// The mount as one user has it: everything is shared but the nodes, which come from his own attach.
class FileSystem {
public:
    /// The mount's own.
    FileSystem(Connection& connection, NodePtr root, Behaviour behaviour, const Log& log);
    /// The same mount for the user of `tree`; both outlive it.
    FileSystem(FileSystem& mounts_own, UserTree& tree);
    ~FileSystem();
    FileSystem(const FileSystem&) = delete;
    FileSystem& operator=(const FileSystem&) = delete;

    /// The mount as the user of this system who has this uid has it.
    FileSystem& of_caller(u32 uid) { return users_->of_caller(uid); }
    /// The mount as he has it who opened the file, whoever uses it now.
    FileSystem& of_opener(const OpenFile& open) { return users_->of_label(open.file->node().label()); }
    FileSystem& of_opener(const OpenDirectory& open) { return users_->of_label(open.opener); }
    /// Of this user's nodes.
    u32 label() const { return label_; }
    const Users& users() const { return *users_; }

    Connection& connection() const { return connection_; }
    Session& session() const { return connection_.session(); }
    boost::asio::any_io_executor executor() const { return session().executor(); }
    const Behaviour& behaviour() const { return behaviour_; }
    const Log& log() const { return log_; }

    /// What tells this mount's locks from those of other clients.
    const std::string& lock_client_id() const { return state_->lock_client_id; }
    /// A proc_id for the owner of an flock, which no process has.
    u32 next_flock_id() { return 0x8000'0000 | state_->next_flock++; }

    /// The inode of `number`, or ESTALE.
    Result<InodePtr> inode(u64 number) const;
    /// True if `node` belongs to the session of now.
    bool is_alive(const Node& node) const { return &node.session() == &session(); }
    /// The same, and to this user's attach.
    bool is_current(const Node& node) const { return is_alive(node) && node.label() == label_; }
    /// A node at the inode's place, walked to if there is none at hand; ESTALE if the place is gone or is another
    /// file's now.
    awaitable<Result<NodePtr>> node(InodePtr inode);
    /// The same by number.
    awaitable<Result<NodePtr>> node(u64 number);
    /// A new node at the inode's place, walked to by its name; ESTALE if that leads to another file.
    awaitable<Result<Node>> walk_to(InodePtr inode);
    /// The inode's node to use up, if it has one that nobody else is using.
    std::optional<Node> take_node(Inode& inode);
    /// Keeps a node for the inode, and no more nodes than the server should hold for this mount.
    void keep_node(Inode& inode, NodePtr node);
    /// Gives up nodes, the least recently used first, until the server holds at most MAX_FIDS fids for this mount.
    void limit_nodes();

    /// Another node at the inode's place, to be opened or otherwise used up.
    awaitable<Result<Node>> clone(InodePtr inode);
    /// The file of `open` on the server, opened again if it belongs to an earlier session; ESTALE if its name is gone
    /// or leads to another file.
    awaitable<Result<FilePtr>> file(std::shared_ptr<OpenFile> open);
    /// The same for pages that the kernel writes back, which have their places: never one that appends.
    awaitable<Result<FilePtr>> file_at_offsets(std::shared_ptr<OpenFile> open);
    /// The server has just told these attributes of the inode.
    void saw(Inode& inode, const Attributes& attributes);
    /// True if a change of the inode from here on will show in its attributes.
    bool is_settled(const Inode& inode) const { return state_->server_clock.settled(inode.seen, Clock::now()); }
    /// Its contents are about to change through this mount, or, if `done`, have just been changed.
    void wrote(Inode& inode, bool done);
    /// Lets the kernel forget the inode's attributes. Its pages are none of this: for them the kernel would have to
    /// wait until requests that are under way have their answers from this very thread.
    void expire_attributes(const Inode& inode) const;
    /// The inode's file was changed here. Each of its names is an inode of its own to the kernel: it is to look again.
    void changed_under_one_name(const Inode& inode) const;
    /// The kernel's side of the mount, from the time that it is mounted.
    void attach(fuse_session* kernel) { state_->kernel = kernel; }

    /// Goes on in a new session, whose root is `root`: sets the locks that were held.
    awaitable<void> take_over(NodePtr root);

private:
    FileSystem(std::shared_ptr<MountState> state, UserTree* tree, Connection& connection, Behaviour behaviour,
               const Log& log);
    awaitable<void> lock_again(LockKey key, LockHolder holder);
    /// The root of the tree as this user has it.
    awaitable<Result<NodePtr>> root();

    const std::shared_ptr<MountState> state_;
    std::unique_ptr<Users> own_users_;  // null in a user's
    Users* users_ = nullptr;
    UserTree* const tree_;  // null in the mount's own, whose attach is the connection's
    const u32 label_;
    Behaviour behaviour_;
    Connection& connection_;
    const Log& log_;

public:
    InodeTable& inodes;
    HandleTable<OpenFile>& files;
    Released& released;
    HandleTable<OpenDirectory>& directories;
    KeptLists& kept_lists;
    NamesAhead& names_ahead;
    const std::shared_ptr<LastMade>& last_made;
    PrivilegeQuestion& privilege_question;
    WriteBuffers& write_buffers;
    WriteBehind& write_behind;
    LockTable& locks;
    Counters& counters;
    LastAnswers& last_answers;
    /// Requests of the kernel's that are being worked on.
    std::size_t& requests_under_way;
    /// Requests that have had an answer, as a rule the server's.
    u64& requests_answered;
    /// Grows when a request that changes something begins, and when it ends.
    u64& changes;
    /// The kernel knows what this mount can do.
    bool& init_answered;
};

}  // namespace p9::fuse
