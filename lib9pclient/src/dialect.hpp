// What the dialects do differently: the operations on fids, in neutral terms.
//
// One object for each session, which owns it. Above this interface nothing asks which dialect is spoken. What a
// dialect lacks fails with EOPNOTSUPP. Arguments have been checked: names are valid.
#pragma once

#include "p9/file.hpp"

namespace p9 {

/// What Ropen and its kin tell.
struct Opened {
    Qid qid;
    u32 iounit = 0;
};

/// A read in flight, of whatever message carries it.
class DataCall {
public:
    virtual ~DataCall() = default;
    virtual awaitable<Result<Payload>> data() = 0;
};

template <class T>
class DataCallOf final : public DataCall {
public:
    DataCallOf(Session& session, const T& request) : call_(session, request) {}
    awaitable<Result<Payload>> data() override {
        auto reply = co_await call_.reply();
        if (!reply) co_return reply.error();
        co_return std::move(reply->data);
    }

private:
    Call<T> call_;
};

class DialectOperations {
public:
    explicit DialectOperations(Session& session) : session_(session) {}
    virtual ~DialectOperations() = default;

    virtual awaitable<Result<Opened>> open(Fid fid, OpenFlags flags) = 0;
    virtual awaitable<Result<Opened>> create(Fid directory, std::string name, OpenFlags flags, u32 mode, u32 gid) = 0;
    virtual awaitable<Result<Attributes>> attributes(Fid fid, u64 mask) = 0;
    virtual awaitable<Result<void>> change(Fid fid, AttributeChange change) = 0;
    virtual awaitable<Result<StatFs>> statfs(Fid fid) = 0;
    virtual awaitable<Result<std::string>> readlink(Fid fid) = 0;
    virtual awaitable<Result<void>> fsync(Fid fid, bool datasync) = 0;

    virtual awaitable<Result<void>> mkdir(const Node& directory, std::string name, u32 mode, u32 gid) = 0;
    virtual awaitable<Result<void>> symlink(const Node& directory, std::string name, std::string target, u32 gid) = 0;
    virtual awaitable<Result<void>> mknod(const Node& directory, std::string name, u32 mode, u32 major, u32 minor,
                                          u32 gid) = 0;
    virtual awaitable<Result<void>> link(const Node& directory, std::string name, Fid existing) = 0;
    virtual awaitable<Result<void>> rename(const Node& directory, std::string name, const Node& new_directory,
                                           std::string new_name) = 0;
    virtual awaitable<Result<void>> unlink(const Node& directory, std::string name, bool is_directory) = 0;

    /// Whether reading may go on at any entry's cookie, and not only where the last read ended (read(5)).
    virtual bool cookies_are_seekable() const = 0;
    /// Starts reading entries of the open directory `fid` at a cookie.
    virtual std::unique_ptr<DataCall> start_readdir(Fid fid, u64 cookie, u32 count) = 0;
    /// The entries in the answer to a read at `cookie`.
    virtual Result<DirectoryBatch> entries(Bytes data, u64 cookie) = 0;

    /// Makes `newfid` the value of the attribute `name` (the list of names if empty) and tells its size.
    virtual awaitable<Result<u64>> xattrwalk(Fid fid, Fid newfid, std::string name);
    virtual awaitable<Result<void>> xattrcreate(Fid fid, std::string name, u64 size, u32 flags);
    virtual awaitable<Result<LockStatus>> lock(Fid fid, Lock lock, bool wait);
    virtual awaitable<Result<Lock>> conflicting_lock(Fid fid, Lock lock);

protected:
    Error unsupported(std::string_view operation) const;
    Session& session_;
};

std::unique_ptr<DialectOperations> make_operations(Session& session);
std::unique_ptr<DialectOperations> make_9p2000(Session& session);
std::unique_ptr<DialectOperations> make_unix(Session& session);
std::unique_ptr<DialectOperations> make_linux(Session& session);

/// Where one Twalk led: a node if it went all the way, else only the qids of the names that it passed.
struct WalkedTo {
    Qids qids;
    Node node;
};
/// One Twalk of at most 16 names from the fid `from`. A new fid that is not to be had is given up again.
awaitable<Result<WalkedTo>> walk_once(std::shared_ptr<Session> session, Fid from, Qid from_qid, Names names);

/// Requests of one stream that are in flight at most, however small a server's iounit makes them: a connection has
/// 65535 tags for everybody.
inline constexpr std::size_t MAX_IN_FLIGHT = 1024;

/// Adds an entry to a batch unless its name may not stand there.
void add_entry(DirectoryBatch& batch, DirectoryEntry entry);

/// Why `name` cannot be sent as a name; nothing if it can.
std::optional<Error> refuse_name(std::string_view name);

/// Removes `name` the way that every dialect has: walk to it, Tremove.
awaitable<Result<void>> remove_by_walk(const Node& directory, std::string name, bool is_directory);

/// True if the server does not have the operation, as opposed to refusing it this time.
bool is_unsupported(const Error& error);

}  // namespace p9
