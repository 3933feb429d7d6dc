// What a person writes to serve a tree of files over 9P.
//
// Three small classes, all of whose methods have defaults, so that a tree overrides only what it can do:
//
//   Filesystem   attach: who comes, and where his tree begins
//   File         a place in the tree: attributes, walking, opening, and what directories do
//   OpenFile     an open file: read, write, readdir
//
// The engine (server.hpp) does the rest: the three dialects, versions, fids, tags, flushes, counts, "..", names that
// nothing may bear, stat records, and the order of replies. A File is shared by the fids that stand for it and lives as
// long as one of them does; an OpenFile belongs to one fid and is destroyed when that is clunked or its connection
// ends.
//
// Every method is a coroutine on the server's one thread. A method that has its answer returns it at once; one that
// waits (for an event, a timer, a descriptor) awaits that, and nothing else waits with it: thousands may. While it
// waits it may be cancelled (asio's terminal kind): then the client flushed the request or is gone, and the method
// returns an error, which nobody sees, having changed nothing. If it can answer all the same, the answer counts.
// Coroutines start with `throw_if_cancelled(false)`, so that a cancelled wait returns instead of throwing.
//
// Errors are errno numbers with words: `Error::from_errno(EINVAL, "unknown command \"strat\": expected start or
// stop")`. 9P2000 and 9P2000.u show the words to the client, 9P2000.L has room for the number only.
//
// docs/serving.md builds a small tree step by step.
#pragma once

#include "p9/attributes.hpp"
#include "p9/error.hpp"
#include "p9/transport.hpp"
#include "p9/wire.hpp"

#include <memory>
#include <string>

namespace p9::serve {

class File;
class OpenFile;
using FilePtr = std::shared_ptr<File>;
using OpenFilePtr = std::unique_ptr<OpenFile>;

/// Who attaches, as the client says: nothing of it is proved, unless the connection is `bound`.
struct User {
    std::string uname;
    u32 n_uname = NONUNAME;  ///< NONUNAME where the dialect has no numbers
    Dialect dialect = Dialect::linux_;
    bool bound = false;  ///< `uname` is not the client's word: see Server::serve
};

/// Takes the bytes of one read. No memory is taken before there are bytes, so a read that waits costs little.
class ReadReply {
public:
    /// Takes up to `count` bytes. `spare`, which outlives this, may have memory to use.
    explicit ReadReply(u32 count, ByteVector* spare = nullptr) : count_(count), spare_(spare) {}

    /// How many bytes more the client takes.
    u32 room() const { return count_ - size(); }
    /// Adds `bytes`, as many as there is room for; how many that was.
    std::size_t put(Bytes bytes);
    std::size_t put(std::string_view text);
    /// What a file with these contents answers to a read at `offset`.
    void put_range(std::string_view contents, u64 offset);
    /// Lets `fill(span<u8>) -> ssize_t` write up to `most` bytes and return their number; what it returns. Negative
    /// numbers add nothing.
    template <class Fill>
    ssize_t fill(std::size_t most, Fill&& fill_in) {
        const std::size_t before = reserve(most);
        const ssize_t got = fill_in(std::span<u8>(message_).subspan(before));
        message_.resize(before + (got > 0 ? static_cast<std::size_t>(got) : 0));
        return got;
    }

    /// How many bytes there are.
    u32 size() const { return message_.empty() ? 0 : static_cast<u32>(message_.size() - HEADER); }

    /// The whole message of type `type`. For the engine.
    ByteVector finish(Tag tag, u8 type) &&;

private:
    static constexpr std::size_t HEADER = HEADER_SIZE + 4;  // size[4] type[1] tag[2] count[4]
    std::size_t reserve(std::size_t& most);

    u32 count_;
    ByteVector* spare_;
    ByteVector message_;  // empty, or the header and the bytes so far
};

/// An entry of a directory. "." and ".." are left out by the engine if a tree lists them.
struct Entry {
    std::string_view name;
    Qid qid;
    FileType type = FileType::file;
    u64 next = 0;  ///< what `readdir` is asked for to go on after this entry; never 0
};

/// Takes the entries of one read of a directory.
class Entries {
public:
    virtual ~Entries() = default;
    /// Adds an entry. False if there was no room for it: then it and what follows belong to the next read.
    virtual bool add(const Entry& entry) = 0;
};

/// An open file. The defaults refuse with EBADF, as for a file that is not open for that.
class OpenFile {
public:
    virtual ~OpenFile() = default;

    /// Up to `reply.room()` bytes from `offset`; none is the end of the file (read(5)).
    virtual awaitable<Result<void>> read(u64 offset, ReadReply& reply);
    /// Takes `data`, whose bytes live until this returns; how many of them were taken (read(5)).
    virtual awaitable<Result<u32>> write(u64 offset, Bytes data);
    /// The entries of a directory after the one whose `next` was `offset`; 0 is the beginning.
    virtual awaitable<Result<void>> readdir(u64 offset, Entries& entries);
    /// Makes what was written durable. By default there is nothing to do.
    virtual awaitable<Result<void>> fsync(bool datasync);
    /// Tries to set or release a lock, without waiting for it. EOPNOTSUPP by default.
    virtual awaitable<Result<LockStatus>> lock(Lock lock);
    /// The lock in the way of `lock`, or `lock` with the type `unlock`.
    virtual awaitable<Result<Lock>> conflicting_lock(Lock lock);
    /// The largest count of one read or write; 0 leaves it to the msize.
    virtual u32 iounit() const { return 0; }
};

/// A file that was just made, and open.
struct Created {
    FilePtr file;
    OpenFilePtr open;
};

/// A place in the tree. By default a file that can be neither opened nor changed.
class File {
public:
    virtual ~File() = default;

    /// Identity and type (intro(5)): a path that no other file of the tree has, and QTDIR for a directory. A version of
    /// 0 tells clients to cache nothing.
    virtual Qid qid() const = 0;
    /// What stat(2) would tell. `valid` may stay 0: then everything that matters counts as told. The engine fills in
    /// the qid.
    virtual awaitable<Result<Attributes>> attributes() = 0;
    /// Opens the file (open(5)); the flags are P9_O_*, P9_O_TRUNC among them. Permissions are the tree's affair: EACCES
    /// by default.
    virtual awaitable<Result<OpenFilePtr>> open(OpenFlags flags);
    /// Changes what `change` names, all of it or nothing where that is possible. EPERM by default.
    virtual awaitable<Result<void>> change(AttributeChange change);
    /// Where a symlink points to. EINVAL by default.
    virtual awaitable<Result<std::string>> readlink();
    /// Figures for df(1); all 0 by default.
    virtual awaitable<Result<StatFs>> statfs();

    // What directories do. `name` has been checked: see valid_name. By default ENOTDIR for files, and for directories
    // ENOENT (walk) or EPERM.

    /// The file `name` of this directory.
    virtual awaitable<Result<FilePtr>> walk(std::string name);
    /// Makes a regular file and opens it; EEXIST if there is one already. `gid` may be NONUNAME.
    virtual awaitable<Result<Created>> create(std::string name, OpenFlags flags, u32 mode, u32 gid);
    virtual awaitable<Result<FilePtr>> mkdir(std::string name, u32 mode, u32 gid);
    virtual awaitable<Result<FilePtr>> symlink(std::string name, std::string target, u32 gid);
    /// Makes what the P9_S_IFMT bits of `mode` say: a fifo, a socket, a device, or a regular file.
    virtual awaitable<Result<FilePtr>> mknod(std::string name, u32 mode, u32 major, u32 minor, u32 gid);
    /// Another name for `existing`, which is of the same Filesystem.
    virtual awaitable<Result<void>> link(std::string name, FilePtr existing);
    /// Moves `name` to `new_name` of `directory`, which is of the same Filesystem, replacing a file that is there.
    virtual awaitable<Result<void>> rename(std::string name, FilePtr directory, std::string new_name);
    /// Removes `name`: an empty directory if `is_directory` (else ENOTDIR), any other file if not (else EISDIR).
    virtual awaitable<Result<void>> unlink(std::string name, bool is_directory);

    // Extended attributes, EOPNOTSUPP by default.

    virtual awaitable<Result<std::string>> xattr(std::string name);
    /// The names, each followed by a NUL.
    virtual awaitable<Result<std::string>> xattr_names();
    /// `flags`: 0, XATTR_CREATE (1) or XATTR_REPLACE (2). An empty value is a value.
    virtual awaitable<Result<void>> set_xattr(std::string name, std::string value, u32 flags);
    virtual awaitable<Result<void>> remove_xattr(std::string name);

    bool is_directory() const { return (qid().type & QTDIR) != 0; }

private:
    Error not_possible() const;
};

/// A tree that is served. Outlives the server.
class Filesystem {
public:
    virtual ~Filesystem() = default;
    /// The root of the tree `aname` for `user` (attach(5)). An empty aname is the whole tree.
    virtual awaitable<Result<FilePtr>> attach(const User& user, std::string aname) = 0;
};

/// The file that the '/'-separated `path` leads to from `root`: an attach to a part of a tree.
awaitable<Result<FilePtr>> walk_path(FilePtr root, std::string path);

/// Attributes that a synthetic file has: mode with its type bits, an owner of 0, and the time `at`.
Attributes synthetic_attributes(u32 mode, Time at);

}  // namespace p9::serve
