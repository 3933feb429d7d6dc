// 9P2000.L: a message for each of Linux's calls, and the fallbacks for servers that lack some.
#include "dialect.hpp"

#include <cerrno>

namespace p9 {
namespace {

Time time_of(u64 seconds, u64 nanoseconds) {
    return {static_cast<std::int64_t>(seconds), nanoseconds < 1'000'000'000 ? static_cast<u32>(nanoseconds) : 0};
}

Attributes translate(const Rgetattr& r) {
    Attributes a;
    a.valid = r.valid & GETATTR_ALL;
    a.qid = r.qid;
    a.mode = (r.valid & GETATTR_MODE) != 0 ? r.mode : mode_bits(type_of_qid(r.qid.type));
    if ((r.valid & GETATTR_UID) != 0) a.uid = r.uid;
    if ((r.valid & GETATTR_GID) != 0) a.gid = r.gid;
    if ((r.valid & GETATTR_NLINK) != 0) a.nlink = r.nlink;
    if ((r.valid & GETATTR_RDEV) != 0) a.rdev = r.rdev;
    if ((r.valid & GETATTR_SIZE) != 0) a.size = r.size;
    if ((r.valid & GETATTR_BLOCKS) != 0) a.blocks = r.blocks;
    if ((r.valid & GETATTR_ATIME) != 0) a.atime = time_of(r.atime_sec, r.atime_nsec);
    if ((r.valid & GETATTR_MTIME) != 0) a.mtime = time_of(r.mtime_sec, r.mtime_nsec);
    if ((r.valid & GETATTR_CTIME) != 0) a.ctime = time_of(r.ctime_sec, r.ctime_nsec);
    if ((r.valid & GETATTR_BTIME) != 0) a.btime = time_of(r.btime_sec, r.btime_nsec);
    a.blksize = r.blksize;
    a.gen = r.gen;
    a.data_version = r.data_version;
    return a;
}

std::optional<FileType> type_of_dirent(const Dirent& entry) {
    // The qid comes first: some servers put its type where a DT_* belongs, and 0x02, a symlink, is DT_CHR there.
    if ((entry.qid.type & QTDIR) != 0) return FileType::directory;
    if ((entry.qid.type & QTSYMLINK) != 0) return FileType::symlink;
    switch (entry.type) {  // DT_* of readdir(3); 0 says nothing
        case 1:
            return FileType::fifo;
        case 2:
            return FileType::character;
        case 4:
            return FileType::directory;
        case 6:
            return FileType::block;
        case 8:
            return FileType::file;
        case 10:
            return FileType::symlink;
        case 12:
            return FileType::socket;
        default:
            return std::nullopt;
    }
}

/// A message without a value in its reply, as a Result.
template <class R>
Result<void> nothing_of(const Result<R>& reply) {
    if (!reply) return reply.error();
    return boost::system::in_place_value;
}

class LinuxOperations final : public DialectOperations {
public:
    using DialectOperations::DialectOperations;

    awaitable<Result<Opened>> open(Fid fid, OpenFlags flags) override {
        auto reply = co_await session_.rpc<Tlopen>(fid, flags & SENT_OPEN_FLAGS);
        if (!reply) co_return reply.error();
        co_return Opened{reply->qid, reply->iounit};
    }

    awaitable<Result<Opened>> create(Fid directory, std::string name, OpenFlags flags, u32 mode, u32 gid) override {
        Call<Tlcreate> call(session_, lcreate_message(directory, std::move(name), flags, mode, gid));
        auto reply = co_await call.reply();
        if (!reply) co_return reply.error();
        co_return Opened{reply->qid, reply->iounit};
    }

    awaitable<Result<Attributes>> attributes(Fid fid, u64 mask) override {
        auto reply = co_await session_.rpc<Tgetattr>(fid, mask);
        if (!reply) co_return reply.error();
        co_return translate(*reply);
    }

    awaitable<Result<void>> change(Fid fid, AttributeChange change) override {
        const Tsetattr request = setattr_message(fid, change);
        if (request.valid == 0) co_return boost::system::in_place_value;
        Call<Tsetattr> call(session_, request);
        co_return nothing_of(co_await call.reply());
    }

    awaitable<Result<StatFs>> statfs(Fid fid) override {
        auto reply = co_await session_.rpc<Tstatfs>(fid);
        co_return reply;
    }

    awaitable<Result<std::string>> readlink(Fid fid) override {
        auto reply = co_await session_.rpc<Treadlink>(fid);
        if (!reply) co_return reply.error();
        co_return std::move(reply->target);
    }

    awaitable<Result<void>> fsync(Fid fid, bool datasync) override {
        const Tail<u32> tail{datasync ? 1u : 0u};
        co_return nothing_of(co_await session_.rpc<Tfsync>(fid, tail));
    }

    awaitable<Result<void>> mkdir(const Node& directory, std::string name, u32 mode, u32 gid) override {
        const u32 permissions = mode & P9_S_PERMISSIONS;
        co_return nothing_of(co_await session_.rpc<Tmkdir>(directory.fid(), std::move(name), permissions, gid));
    }

    awaitable<Result<void>> symlink(const Node& directory, std::string name, std::string target, u32 gid) override {
        co_return nothing_of(co_await session_.rpc<Tsymlink>(directory.fid(), std::move(name), std::move(target), gid));
    }

    awaitable<Result<void>> mknod(const Node& directory, std::string name, u32 mode, u32 major, u32 minor,
                                  u32 gid) override {
        co_return nothing_of(co_await session_.rpc<Tmknod>(directory.fid(), std::move(name), mode, major, minor, gid));
    }

    awaitable<Result<void>> link(const Node& directory, std::string name, Fid existing) override {
        co_return nothing_of(co_await session_.rpc<Tlink>(directory.fid(), existing, std::move(name)));
    }

    awaitable<Result<void>> rename(const Node& directory, std::string name, const Node& new_directory,
                                   std::string new_name) override {
        if (renameat_ != Support::missing) {
            auto work = session_.rpc<Trenameat>(directory.fid(), name, new_directory.fid(), new_name);
            auto reply = co_await probing(renameat_, std::move(work));
            if (renameat_ != Support::missing) co_return nothing_of(reply);
        }
        auto node = co_await directory.walk(std::move(name));
        if (!node) co_return node.error();
        co_return nothing_of(co_await session_.rpc<Trename>(node->fid(), new_directory.fid(), std::move(new_name)));
    }

    awaitable<Result<void>> unlink(const Node& directory, std::string name, bool is_directory) override {
        if (unlinkat_ != Support::missing) {
            auto work = session_.rpc<Tunlinkat>(directory.fid(), name, is_directory ? P9_AT_REMOVEDIR : 0);
            auto reply = co_await probing(unlinkat_, std::move(work));
            if (unlinkat_ != Support::missing) co_return nothing_of(reply);
        }
        auto work = remove_by_walk(directory, std::move(name), is_directory);
        co_return co_await std::move(work);
    }

    bool cookies_are_seekable() const override { return true; }

    std::unique_ptr<DataCall> start_readdir(Fid fid, u64 cookie, u32 count) override {
        return std::make_unique<DataCallOf<Treaddir>>(session_, Treaddir{fid, cookie, count});
    }

    Result<DirectoryBatch> entries(Bytes data, u64 cookie) override {
        DirectoryBatch batch;
        batch.next = cookie;
        batch.end = data.empty();
        const bool whole = decode_each<Dirent>(data, Dialect::linux_, [&](Dirent dirent) {
            DirectoryEntry entry;
            entry.type = type_of_dirent(dirent);
            entry.name = std::move(dirent.name);
            entry.qid = dirent.qid;
            entry.next = batch.next = dirent.offset;
            add_entry(batch, std::move(entry));
            return true;
        });
        if (!whole) return Error(errc::protocol_violation, "Rreaddir ends inside an entry");
        // Cookies need not grow, but one that leads back to where it came from would be read for ever.
        if (!batch.end && batch.next == cookie)
            return Error(errc::protocol_violation,
                         "Rreaddir at offset " + std::to_string(cookie) + " leads to the same offset again");
        return batch;
    }

    awaitable<Result<u64>> xattrwalk(Fid fid, Fid newfid, std::string name) override {
        auto reply = co_await session_.rpc<Txattrwalk>(fid, newfid, std::move(name));
        if (!reply) co_return reply.error();
        co_return reply->size;
    }

    awaitable<Result<void>> xattrcreate(Fid fid, std::string name, u64 size, u32 flags) override {
        co_return nothing_of(co_await session_.rpc<Txattrcreate>(fid, std::move(name), size, flags));
    }

    awaitable<Result<LockStatus>> lock(Fid fid, Lock lock, bool wait) override {
        const u32 flags = wait ? 1 : 0;  // P9_LOCK_FLAGS_BLOCK; a hint: most servers answer "blocked" all the same
        auto reply = co_await session_.rpc<Tlock>(fid, static_cast<u8>(lock.type), flags, lock.start, lock.length,
                                                  lock.proc_id, std::move(lock.client_id));
        if (!reply) co_return reply.error();
        if (reply->status > static_cast<u8>(LockStatus::grace))
            co_return Error(errc::protocol_violation, "Rlock has status " + std::to_string(reply->status));
        co_return LockStatus{reply->status};
    }

    awaitable<Result<Lock>> conflicting_lock(Fid fid, Lock lock) override {
        auto reply = co_await session_.rpc<Tgetlock>(fid, static_cast<u8>(lock.type), lock.start, lock.length,
                                                     lock.proc_id, std::move(lock.client_id));
        if (!reply) co_return reply.error();
        if (reply->lock_type > static_cast<u8>(LockType::unlock))
            co_return Error(errc::protocol_violation, "Rgetlock has type " + std::to_string(reply->lock_type));
        co_return Lock{LockType{reply->lock_type}, reply->start, reply->length, reply->proc_id,
                       std::move(reply->client_id)};
    }

private:
    /// Whether the server has an operation for which there is a fallback; remembered for the session.
    enum class Support : u8 { unproven, present, missing };

    /// Awaits a request that the server may not know. While that is unproven its time is limited: some servers
    /// never answer what they do not know.
    template <class R>
    awaitable<Result<R>> probing(Support& support, awaitable<Result<R>> work) {
        const Duration limit = support == Support::present ? Duration::zero() : session_.fallback_timeout();
        auto limited = within(limit, std::move(work), "no answer");
        auto reply = co_await std::move(limited);
        if (reply || !is_unsupported(reply.error()))
            support = Support::present;
        else if (support == Support::unproven)
            support = Support::missing;
        co_return reply;
    }

    Support renameat_ = Support::unproven;
    Support unlinkat_ = Support::unproven;
};

}  // namespace

std::unique_ptr<DialectOperations> make_linux(Session& session) { return std::make_unique<LinuxOperations>(session); }

}  // namespace p9
