// Nodes and files: what a fid stands for, with its operations, the same in every dialect.
//
// A Node is a place in the server's tree, reached by walking; a File is an open one; a Directory one whose
// entries are being read. Each owns its fid, keeps the session alive, moves but does not copy, and clunks the fid
// when it is destroyed, without waiting. Awaiting `close` instead tells how the clunk went. An object must
// outlive the coroutines that its members return. One thread: the session's.
//
// Errors: the server's errno with its words, or errc::connection_lost and the others of error.hpp. A name
// that nothing may bear (empty, ".", "..", with '/' or NUL, above 255 bytes) is refused with EINVAL or ENAMETOOLONG
// before anything is sent.
#pragma once

#include "p9/attributes.hpp"
#include "p9/session.hpp"

namespace p9 {

class File;

/// A place in a tree.
class Node {
public:
    Node() = default;
    /// Takes over `fid`, which the server knows.
    Node(std::shared_ptr<Session> session, Fid fid, Qid qid);
    ~Node();
    Node(Node&& other) noexcept;
    Node& operator=(Node&& other) noexcept;

    explicit operator bool() const { return session_ != nullptr; }
    Session& session() const { return *session_; }
    std::shared_ptr<Session> shared_session() const { return session_; }
    Fid fid() const { return fid_; }
    const Qid& qid() const { return qid_; }
    /// AttachOptions::label of the attach that this node was reached from.
    u32 label() const { return label_; }

    /// The node that `names` lead to from here, any number of them (walk(5)); with none, another fid for
    /// this node. Nothing is followed: a symlink in the middle ends the walk with the server's error.
    awaitable<Result<Node>> walk(std::vector<std::string> names) const;
    awaitable<Result<Node>> walk(std::string name) const;

    /// The attributes that `mask` (GETATTR_*) asks for, at least.
    awaitable<Result<Attributes>> attributes(u64 mask = GETATTR_BASIC) const;
    awaitable<Result<void>> change(AttributeChange change) const;
    awaitable<Result<StatFs>> statfs() const;
    awaitable<Result<std::string>> readlink() const;

    // In this directory. `gid` is the group of the new file; NONUNAME leaves it to the server.

    awaitable<Result<Node>> mkdir(std::string name, u32 mode, u32 gid = NONUNAME) const;
    awaitable<Result<Node>> symlink(std::string name, std::string target, u32 gid = NONUNAME) const;
    /// `mode` with its P9_S_IFMT bits; the device numbers are for block and character nodes.
    awaitable<Result<Node>> mknod(std::string name, u32 mode, u32 major, u32 minor, u32 gid = NONUNAME) const;
    /// Another name in this directory for `existing`.
    awaitable<Result<void>> link(std::string name, const Node& existing) const;
    /// Moves `name` of this directory to `new_name` of `new_directory`, replacing what is there as the server does.
    /// Where the server cannot move between directories (9P2000): EXDEV.
    awaitable<Result<void>> rename(std::string name, const Node& new_directory, std::string new_name) const;
    /// Removes `name`; ENOTDIR or EISDIR if `directory` does not fit what it is.
    awaitable<Result<void>> unlink(std::string name, bool directory) const;

    // Extended attributes (9P2000.L; EOPNOTSUPP elsewhere).

    /// The value of `name`, of at most `limit` bytes: ERANGE if the server announces more.
    awaitable<Result<std::string>> xattr(std::string name, u64 limit = 64 << 10) const;
    /// The names, each followed by a NUL, as listxattr(2) gives them.
    awaitable<Result<std::string>> xattr_names(u64 limit = 64 << 10) const;
    /// `flags`: 0, XATTR_CREATE (1) or XATTR_REPLACE (2).
    awaitable<Result<void>> set_xattr(std::string name, std::string value, u32 flags = 0) const;
    awaitable<Result<void>> remove_xattr(std::string name) const;

    /// This place by another fid, which the caller has made with a walk of his own.
    Node another(Fid fid) const;
    /// Ends the fid and waits for the answer (clunk(5)).
    awaitable<Result<void>> close();
    /// Gives up ownership: the caller has ended the fid in another way (Tremove, say).
    Fid release();

private:
    friend class File;
    friend class Session;
    std::shared_ptr<Session> session_;
    Fid fid_ = NOFID;
    u32 label_ = 0;
    Qid qid_;
};

/// An open file.
class File {
public:
    File() = default;

    /// Opens `node`, whose fid becomes the file (open(5)). Of the flags those that concern the server are passed on.
    static awaitable<Result<File>> open(Node node, OpenFlags flags);
    /// Creates `name` in `directory`, whose fid becomes the file. With P9_O_EXCL an existing file is EEXIST; without
    /// it an existing file may be opened instead, where the server does so.
    static awaitable<Result<File>> create(Node directory, std::string name, OpenFlags flags, u32 mode,
                                          u32 gid = NONUNAME);

    /// The file that a message of the caller's has made of `node`'s fid, as the reply says.
    static File opened(Node node, Qid qid, u32 iounit);

    explicit operator bool() const { return static_cast<bool>(node_); }
    /// The open fid as a node: attributes, close.
    Node& node() { return node_; }
    const Node& node() const { return node_; }
    /// The largest count of one read or write: iounit, or msize without the header.
    u32 max_io() const { return max_io_; }

    /// One Tread of up to `count` bytes (at most max_io). Fewer are no end of file: only none are (read(5)).
    awaitable<Result<Payload>> read(u64 offset, u32 count) const;
    /// One Twrite; the count that the server took. More than max_io is refused with EMSGSIZE: a ctl command is
    /// never split.
    awaitable<Result<u32>> write(u64 offset, Bytes data) const;
    /// All of `data`, in as many Twrites as it takes, several in flight. On an error the bytes before some
    /// point in `data` may have been written.
    awaitable<Result<void>> write_all(u64 offset, Bytes data) const;
    /// Makes what was written durable: Tfsync, or before 9P2000.L a Twstat that changes nothing (stat(5)).
    awaitable<Result<void>> fsync(bool datasync = false) const;

    /// Tries to set or release a lock. Where the server has no locks: EOPNOTSUPP.
    awaitable<Result<LockStatus>> lock(Lock lock, bool wait = false) const;
    /// The lock that stands in the way of `lock`; its type is `unlock` if none does.
    awaitable<Result<Lock>> conflicting_lock(Lock lock) const;

private:
    File(Node node, u32 iounit);
    Node node_;
    u32 max_io_ = 0;
};

/// How a ReadStream goes about it.
struct ReadPlan {
    u64 offset = 0;
    /// How many bytes at most; nothing means to the end of the file.
    std::optional<u64> length;
    /// How many bytes are probably there (the size from the attributes): that much is asked for ahead. 0 reads one
    /// request at a time, as synthetic files want it.
    u64 expected_end = 0;
    /// Bounds the bytes in flight and held.
    std::size_t window_bytes = 8 << 20;
};

/// Reads a range of a file in order with several Treads in flight. The window grows to the measured bandwidth-delay
/// product. Destroying it flushes what is in flight.
class ReadStream {
public:
    /// `file` must outlive the stream.
    ReadStream(const File& file, ReadPlan plan);
    ~ReadStream();
    ReadStream(ReadStream&&) noexcept;

    /// The next bytes; none at the end.
    awaitable<Result<Payload>> next();

private:
    struct State;
    std::unique_ptr<State> state_;
};

/// Writes a file in order with several Twrites in flight. Destroying it flushes them: which of their bytes the file
/// then holds nobody knows, but at most `WINDOW` bytes before the furthest that was written are missing.
class WriteStream {
public:
    /// Bytes in flight at most, and held in case that the server takes a part of them only.
    static constexpr std::size_t WINDOW = 8 << 20;

    /// Begins at `offset`. `file` must outlive the stream.
    explicit WriteStream(const File& file, u64 offset = 0);
    ~WriteStream();
    WriteStream(WriteStream&&) noexcept;

    /// Queues the bytes, waiting only while the window is full. An error is that of any write so far.
    awaitable<Result<void>> write(Payload data);
    /// Waits for all answers.
    awaitable<Result<void>> finish();

private:
    struct State;
    std::unique_ptr<State> state_;
};

/// Names that one directory may have: some servers list without end.
inline constexpr std::size_t MAX_DIRECTORY = 10'000'000;

/// Reads the entries of a directory, asking for the next batch while the caller looks at this one.
class Directory {
public:
    Directory();
    ~Directory();
    Directory(Directory&&) noexcept;
    Directory& operator=(Directory&&) noexcept;

    /// Opens `node`, whose fid becomes the directory.
    static awaitable<Result<Directory>> open(Node node);

    explicit operator bool() const { return state_ != nullptr; }
    const Node& node() const;
    /// The entries from cookie `at` on (0: the first), "." and ".." left out. Before 9P2000.L a cookie must be 0 or one
    /// that was returned by this object, else EINVAL. Offsets that lead in a circle are errc::protocol_violation, and
    /// more than MAX_DIRECTORY entries EFBIG.
    awaitable<Result<DirectoryBatch>> read(u64 at);
    /// All entries. EFBIG for a directory that does not end within `limit` entries.
    awaitable<Result<DirectoryBatch>> read_all(std::size_t limit = MAX_DIRECTORY);

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace p9
