// The state of one mount: the tree on the server, the inodes that the kernel knows, and what is open.
//
// Owned by Mount, which outlives every request. One thread: the io_context's.
#pragma once

#include "fuse/connection.hpp"
#include "fuse/handles.hpp"
#include "fuse/locks.hpp"
#include "fuse/log.hpp"
#include "fuse/write_buffers.hpp"

namespace p9::fuse {

/// How the mount answers.
struct Behaviour {
    double attribute_timeout = 1;  ///< seconds for which the kernel may believe attributes
    double entry_timeout = 1;      ///< seconds for which the kernel may believe that a name leads to an inode
    bool direct = false;           ///< no page cache for any file (cache=none)
    bool remote_locks = false;     ///< the server keeps locks; else they hold within the mount
    u32 max_read = 0;              ///< largest READ in bytes, as the mount option says; 0: the kernel's own
};

class FileSystem {
public:
    FileSystem(Connection& connection, NodePtr root, Behaviour behaviour, const Log& log);

    Connection& connection() const { return connection_; }
    Session& session() const { return connection_.session(); }
    boost::asio::any_io_executor executor() const { return session().executor(); }
    const Behaviour& behaviour() const { return behaviour_; }
    const Log& log() const { return log_; }

    /// What tells this mount's locks from those of other clients.
    const std::string& lock_client_id() const { return lock_client_id_; }
    /// A proc_id for the owner of an flock, which no process has.
    u32 next_flock_id() { return 0x8000'0000 | next_flock_++; }

    /// The inode of `number`, or ESTALE.
    Result<InodePtr> inode(u64 number) const;
    /// True if `node` belongs to the session of now.
    bool is_current(const Node& node) const { return &node.session() == &session(); }
    /// A node at the inode's place, walked to if there is none at hand; ESTALE if the place is gone or is another
    /// file's now.
    awaitable<Result<NodePtr>> node(InodePtr inode);
    /// The same by number.
    awaitable<Result<NodePtr>> node(u64 number);

    /// Another node at the inode's place, to be opened or otherwise used up.
    awaitable<Result<Node>> clone(InodePtr inode);
    /// The file of `open` on the server, opened again if it belongs to an earlier session; ESTALE if its name is gone
    /// or leads to another file.
    awaitable<Result<FilePtr>> file(std::shared_ptr<OpenFile> open);
    /// Goes on in a new session, whose root is `root`: sets the locks that were held.
    awaitable<void> take_over(NodePtr root);

    InodeTable inodes;
    HandleTable<OpenFile> files;
    HandleTable<OpenDirectory> directories;
    WriteBuffers write_buffers;
    LockTable locks;
    /// Requests of the kernel's that have no answer yet.
    std::size_t requests_under_way = 0;

private:
    awaitable<void> lock_again(LockKey key, LockHolder holder);

    Behaviour behaviour_;
    Connection& connection_;
    const Log& log_;
    std::string lock_client_id_;
    u32 next_flock_ = 1;
};

}  // namespace p9::fuse
