#include "dialect_9p2000.hpp"

#include <cerrno>
#include <chrono>

namespace p9 {

u8 Plan9Operations::open_mode(OpenFlags flags) {
    const auto access = static_cast<u8>(flags & P9_O_ACCMODE);
    return static_cast<u8>((access == 3 ? +ORDWR : access) | (flags & P9_O_TRUNC ? +OTRUNC : 0));
}

awaitable<Result<Opened>> Plan9Operations::open(Fid fid, OpenFlags flags) {
    auto reply = co_await session_.rpc<Topen>(fid, open_mode(flags));
    if (!reply) co_return reply.error();
    co_return Opened{reply->qid, reply->iounit};
}

awaitable<Result<Opened>> Plan9Operations::create(Fid directory, std::string name, OpenFlags flags, u32 mode, u32) {
    auto reply =
        co_await session_.rpc<Tcreate>(directory, std::move(name), permissions(mode), open_mode(flags), std::string());
    if (!reply) co_return reply.error();
    co_return Opened{reply->qid, reply->iounit};
}

Attributes Plan9Operations::translate(const Stat& stat) const {
    Attributes a;
    a.valid = GETATTR_MODE | GETATTR_ATIME | GETATTR_MTIME | GETATTR_SIZE | GETATTR_INO;
    a.qid = stat.qid;
    // Only permission bits: what stands above them in plain 9P2000 means something else there.
    a.mode = (stat.mode & 0777) | mode_bits((stat.mode & DMDIR) != 0 ? FileType::directory : FileType::file);
    a.size = stat.length;
    a.blocks = stat.length / 512 + (stat.length % 512 != 0);
    a.atime.seconds = stat.atime;
    a.mtime.seconds = stat.mtime;
    a.ctime = a.mtime;
    a.user = stat.uid;
    a.group = stat.gid;
    a.modifier = stat.muid;
    return a;
}

awaitable<Result<Attributes>> Plan9Operations::attributes(Fid fid, u64) {
    auto reply = co_await session_.rpc<Tstat>(fid);
    if (!reply) co_return reply.error();
    co_return translate(reply->stat.value);
}

awaitable<Result<void>> Plan9Operations::wstat(Fid fid, Stat stat) {
    Counted<Stat> counted{std::move(stat)};
    auto reply = co_await session_.rpc<Twstat>(fid, std::move(counted));
    if (!reply) co_return reply.error();
    co_return boost::system::in_place_value;
}

std::optional<Error> Plan9Operations::set_owner(Stat&, const AttributeChange& change) const {
    if (change.uid || change.gid) return unsupported("numeric owners");
    return std::nullopt;
}

awaitable<Result<void>> Plan9Operations::change(Fid fid, AttributeChange change) {
    Stat stat = unchanged_stat();
    if (auto refusal = set_owner(stat, change)) co_return *refusal;
    if (change.size) stat.length = *change.size;
    if (change.mtime) {
        const auto now = std::chrono::system_clock::now().time_since_epoch();
        const auto moment = change.mtime->time ? change.mtime->time->seconds
                                               : std::chrono::duration_cast<std::chrono::seconds>(now).count();
        if (moment < 0 || moment >= 0xffffffff)
            co_return Error::from_errno(EINVAL, "9P2000 has times from 1970 to 2106 only");
        stat.mtime = static_cast<u32>(moment);
    }
    if (change.mode) {
        // stat(5): the type bits of the new mode must be those the file has.
        auto old = co_await session_.rpc<Tstat>(fid);
        if (!old) co_return old.error();
        stat.mode = (old->stat.value.mode & ~permission_bits()) | permissions(*change.mode);
    }
    // stat(5) lets nobody change atime; a change of that alone asks for nothing.
    if (stat == unchanged_stat()) co_return boost::system::in_place_value;
    auto work = wstat(fid, std::move(stat));
    co_return co_await std::move(work);
}

awaitable<Result<StatFs>> Plan9Operations::statfs(Fid) { co_return unsupported("statfs"); }
awaitable<Result<std::string>> Plan9Operations::readlink(Fid) { co_return unsupported("symbolic links"); }

awaitable<Result<void>> Plan9Operations::fsync(Fid fid, bool) {
    // stat(5): a wstat that changes nothing asks the server to commit the file to stable storage.
    auto work = wstat(fid, unchanged_stat());
    co_return co_await std::move(work);
}

awaitable<Result<void>> Plan9Operations::create_special(const Node& directory, std::string name, u32 perm,
                                                        std::string extension) {
    // Tcreate turns its fid into the new file, and the directory's is still wanted.
    auto spare = co_await directory.walk(std::vector<std::string>{});
    if (!spare) co_return spare.error();
    auto reply = co_await session_.rpc<Tcreate>(spare->fid(), std::move(name), perm, u8{OREAD}, std::move(extension));
    if (!reply) co_return reply.error();
    co_return boost::system::in_place_value;
}

awaitable<Result<void>> Plan9Operations::mkdir(const Node& directory, std::string name, u32 mode, u32) {
    auto work = create_special(directory, std::move(name), DMDIR | permissions(mode), {});
    co_return co_await std::move(work);
}

awaitable<Result<void>> Plan9Operations::symlink(const Node&, std::string, std::string, u32) {
    co_return unsupported("symbolic links");
}
awaitable<Result<void>> Plan9Operations::mknod(const Node& directory, std::string name, u32 mode, u32, u32, u32) {
    if (type_of_mode(mode) != FileType::file) co_return unsupported("device nodes");
    auto work = create_special(directory, std::move(name), permissions(mode), {});
    co_return co_await std::move(work);
}
awaitable<Result<void>> Plan9Operations::link(const Node&, std::string, Fid) { co_return unsupported("hard links"); }

awaitable<Result<void>> Plan9Operations::rename(const Node& directory, std::string name, const Node& new_directory,
                                                std::string new_name) {
    // stat(5): a wstat may change the last element of a file's name and nothing else.
    if (directory.fid() != new_directory.fid() && directory.qid().path != new_directory.qid().path)
        co_return Error::from_errno(EXDEV, "9P2000 cannot move a file to another directory");
    if (name == new_name) co_return boost::system::in_place_value;
    auto node = co_await directory.walk(std::move(name));
    if (!node) co_return node.error();
    Stat stat = unchanged_stat();
    stat.name = std::move(new_name);
    auto work = wstat(node->fid(), std::move(stat));
    co_return co_await std::move(work);
}

awaitable<Result<void>> Plan9Operations::unlink(const Node& directory, std::string name, bool is_directory) {
    auto work = remove_by_walk(directory, std::move(name), is_directory);
    co_return co_await std::move(work);
}

std::unique_ptr<DataCall> Plan9Operations::start_readdir(Fid fid, u64 cookie, u32 count) {
    return std::make_unique<DataCallOf<Tread>>(session_, Tread{fid, cookie, count});
}

Result<DirectoryBatch> Plan9Operations::entries(Bytes data, u64 cookie) {
    DirectoryBatch batch;
    batch.next = cookie + data.size();
    batch.end = data.empty();
    const bool whole = decode_each<Stat>(data, session_.dialect(), [&](Stat stat) {
        DirectoryEntry entry;
        entry.attributes = translate(stat);
        entry.name = std::move(stat.name);
        entry.qid = stat.qid;
        entry.next = batch.next;
        entry.type = entry.attributes->type();
        add_entry(batch, std::move(entry));
        return true;
    });
    if (!whole) return Error(errc::protocol_violation, "Rread of a directory ends inside a stat");
    return batch;
}

std::unique_ptr<DialectOperations> make_9p2000(Session& session) { return std::make_unique<Plan9Operations>(session); }

}  // namespace p9
