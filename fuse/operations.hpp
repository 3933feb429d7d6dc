// The operations of the mount, one coroutine a request: arguments in, a reply or an error out.
//
// They know nothing of fuse_req_t; request.hpp answers with what they return and cancels them when the caller is
// interrupted. `fs` outlives them. Arguments are values, because the kernel's are gone at the first suspension.
#pragma once

#include "fuse/replies.hpp"

namespace p9::fuse {

/// What lies in a SETATTR.
struct SetAttributes {
    AttributeChange change;
    std::optional<u64> handle;  ///< of an open file, for ftruncate and its like
};

/// What is to be known of a WRITE beside what it writes.
struct WriteManner {
    bool page = false;          ///< of the kernel's cache: it belongs at its offset though the handle may append
    bool keeps_set_id = false;  ///< as for open_file
    bool behind = false;        ///< its caller may go on before it has ended: all of it is to be written
};

/// What lies in a SETLK, SETLKW, GETLK or flock.
struct LockRequest {
    LockRange range;
    u64 owner = 0;
    u32 pid = 0;
    bool wait = false;
    bool flock = false;
};

// op_lookup.cpp
awaitable<Result<Entry>> look_up(FileSystem* fs, u64 parent, std::string name);
/// The same as the kernel wants it, who may remember that there is no such name.
awaitable<Result<Looked>> look_up_or_not(FileSystem* fs, u64 parent, std::string name);
/// The reply for `node`, which was just found as `name` in `parent`.
awaitable<Result<Entry>> entry_of(FileSystem* fs, InodePtr parent, std::string name, Node node);
/// The reply for a file that was just made as `name` in `parent`, where the server has told no attributes of it yet.
Result<Entry> expected_entry(FileSystem& fs, const InodePtr& parent, std::string name, const Attributes& expected);
/// The same where the attributes are known. `node` may be null.
Result<Entry> to_entry(FileSystem& fs, const InodePtr& parent, std::string name, const Qid& qid, NodePtr node,
                       const Attributes& attributes);

// op_attr.cpp
awaitable<Result<AttributesReply>> get_attributes(FileSystem* fs, u64 number, std::optional<u64> handle);
awaitable<Result<AttributesReply>> set_attributes(FileSystem* fs, u64 number, SetAttributes wanted);
/// An open file that has made the inode's, with what it was told; null if only the server can tell.
const OpenFile* maker_of(const Inode& inode);
/// Answers a GETATTR of such a file with that, if it is the kernel's own; else false.
bool answer_from_made(FileSystem& fs, fuse_req_t req, u64 number);
/// What such a file is after a change, as the server was told it; nothing if only the server can tell.
std::optional<AttributesReply> after_change(const FileSystem& fs, const Inode& inode, const AttributeChange& change);
awaitable<Result<struct statvfs>> statfs(FileSystem* fs, u64 number);
/// Takes the set-ID bits of an open file away, as a kernel does when somebody writes to it (write(2)): this one leaves
/// that to us where the write goes past its cache, or an open truncates.
awaitable<Result<void>> drop_set_id(FileSystem* fs, InodePtr inode, FilePtr file);
/// Where to ask for the attributes of an inode: an open file of it, if the caller names one or the inode has lost its
/// name, because its node may then lead to whatever took the name; else its node.
awaitable<Result<NodePtr>> place_of(FileSystem* fs, InodePtr inode, std::optional<u64> handle);

// op_dir.cpp
awaitable<Result<OpenedDirectory>> open_directory(FileSystem* fs, u64 number);
/// Entries from `offset` on, in at most `size` bytes; with attributes (READDIRPLUS) if `plus`.
awaitable<Result<Listing>> read_directory(FileSystem* fs, u64 handle, std::size_t size, u64 offset, bool plus);
awaitable<Result<void>> sync_directory(FileSystem* fs, u64 number, bool datasync);

// op_name.cpp
awaitable<Result<Entry>> make_directory(FileSystem* fs, u64 parent, std::string name, u32 mode, u32 gid);
awaitable<Result<void>> remove(FileSystem* fs, u64 parent, std::string name, bool directory);
awaitable<Result<void>> rename(FileSystem* fs, u64 parent, std::string name, u64 new_parent, std::string new_name,
                               unsigned flags);

// op_link.cpp
awaitable<Result<Entry>> make_symlink(FileSystem* fs, u64 parent, std::string name, std::string target, u32 gid);
awaitable<Result<Target>> read_link(FileSystem* fs, u64 number);
awaitable<Result<Entry>> make_link(FileSystem* fs, u64 number, u64 new_parent, std::string new_name);
awaitable<Result<Entry>> make_node(FileSystem* fs, u64 parent, std::string name, u32 mode, u64 rdev, u32 gid);

// op_xattr.cpp
/// Why reading an attribute of this name is not the server's business (errno); 0 if it is.
int not_asked_for(std::string_view name);
/// `size` is that of the caller's buffer, 0 to ask for the length only.
awaitable<Result<AttributeValue>> get_xattr(FileSystem* fs, u64 number, std::string name, std::size_t size);
awaitable<Result<AttributeValue>> list_xattrs(FileSystem* fs, u64 number, std::size_t size);
awaitable<Result<void>> set_xattr(FileSystem* fs, u64 number, std::string name, std::string value, u32 flags);
awaitable<Result<void>> remove_xattr(FileSystem* fs, u64 number, std::string name);

// op_lock.cpp
/// Waits, if the request says so, until the lock can be had or the caller is interrupted.
awaitable<Result<void>> set_lock(FileSystem* fs, u64 handle, LockRequest request);
awaitable<Result<LockFound>> get_lock(FileSystem* fs, u64 handle, LockRequest request);
/// All of an owner's locks on a file; never fails.
awaitable<Result<void>> release_locks(FileSystem* fs, LockKey key);

// op_file.cpp
/// Who keeps set-ID bits (CAP_FSETID) truncates a file without taking them away.
awaitable<Result<OpenedFile>> open_file(FileSystem* fs, u64 number, int flags, bool keeps_set_id);
awaitable<Result<CreatedFile>> create_file(FileSystem* fs, u64 parent, std::string name, int flags, u32 mode, u32 gid);
awaitable<Result<void>> sync_file(FileSystem* fs, u64 handle, bool datasync);

// op_flush.cpp
/// What close(2) asks for: waits for writes whose callers were told that they are done, and lets the locks of `key` go.
/// ETIMEDOUT if the server says nothing for the time in which a lost one is to come back. `open` may be null.
awaitable<Result<void>> flush_file(FileSystem* fs, std::shared_ptr<OpenFile> open, LockKey key);

// op_io.cpp
/// `begun` may hold what has been read already from `offset` on; it is taken.
awaitable<Result<ReadData>> read_file(FileSystem* fs, u64 handle, u64 offset, std::size_t size,
                                      std::shared_ptr<Payload> begun);
/// `data` must stay alive until it ends.
awaitable<Result<Written>> write_file(FileSystem* fs, std::shared_ptr<OpenFile> open, u64 offset, Bytes data,
                                      WriteManner how);
/// What a write at `offset`, begun in the session `generation`, means for the file and its inode.
Result<Written> wrote(FileSystem& fs, OpenFile& open, u64 offset, Result<std::size_t> written, u64 generation);

}  // namespace p9::fuse
