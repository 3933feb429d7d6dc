// Tgetattr, Tsetattr, Tstat, Twstat, Treadlink.
#include "tools/p9serve/legacy.hpp"
#include "tools/p9serve/requests.hpp"

namespace p9::serve {
namespace {

constexpr u64 SECOND = 1'000'000'000;  // nanoseconds

u64 wire_seconds(const Time& time) { return static_cast<u64>(time.seconds); }

std::optional<TimeChange> time_change(u32 valid, u32 bit, u32 set_bit, u64 seconds, u64 nanoseconds) {
    if ((valid & bit) == 0) return std::nullopt;
    if ((valid & set_bit) == 0) return TimeChange{};
    return TimeChange{Time{static_cast<std::int64_t>(seconds), static_cast<u32>(nanoseconds)}};
}

std::optional<TimeChange> stat_time(u32 seconds, u32 unchanged) {
    if (seconds == unchanged) return std::nullopt;
    return TimeChange{Time{seconds, 0}};
}

}  // namespace

awaitable<Result<Attributes>> Connection::attributes(FilePtr file) {
    auto asking = file->attributes();
    auto attributes = co_await std::move(asking);
    if (!attributes) co_return attributes.error();
    attributes->qid = file->qid();
    if (attributes->valid == 0) attributes->valid = GETATTR_BASIC;
    co_return attributes;
}

awaitable<Result<Rgetattr>> Connection::on(Epoch& epoch, const Tgetattr& t) {
    const auto fid = epoch.find(t.fid);
    if (!fid) co_return fid.error();
    auto asking = attributes((*fid)->place->file);
    const auto told = co_await std::move(asking);
    if (!told) co_return told.error();
    const Attributes& a = *told;
    Rgetattr r;
    r.valid = a.valid & (t.request_mask | GETATTR_BASIC);
    r.qid = a.qid;
    r.mode = a.mode;
    r.uid = a.uid;
    r.gid = a.gid;
    r.nlink = a.nlink;
    r.rdev = a.rdev;
    r.size = a.size;
    r.blksize = a.blksize;
    r.blocks = a.blocks;
    r.atime_sec = wire_seconds(a.atime);
    r.atime_nsec = a.atime.nanoseconds;
    r.mtime_sec = wire_seconds(a.mtime);
    r.mtime_nsec = a.mtime.nanoseconds;
    r.ctime_sec = wire_seconds(a.ctime);
    r.ctime_nsec = a.ctime.nanoseconds;
    r.btime_sec = wire_seconds(a.btime);
    r.btime_nsec = a.btime.nanoseconds;
    r.gen = a.gen;
    r.data_version = a.data_version;
    co_return r;
}

awaitable<Result<Rsetattr>> Connection::on(Epoch& epoch, const Tsetattr& t) {
    const auto fid = epoch.find(t.fid);
    if (!fid) co_return fid.error();
    if (t.atime_nsec >= SECOND || t.mtime_nsec >= SECOND)
        co_return Error::from_errno(EINVAL, "nanoseconds are below 1000000000");
    AttributeChange change;
    if ((t.valid & SETATTR_MODE) != 0) change.mode = t.mode & P9_S_PERMISSIONS;
    if ((t.valid & SETATTR_UID) != 0) change.uid = t.uid;
    if ((t.valid & SETATTR_GID) != 0) change.gid = t.gid;
    if ((t.valid & SETATTR_SIZE) != 0) change.size = t.size;
    change.atime = time_change(t.valid, SETATTR_ATIME, SETATTR_ATIME_SET, t.atime_sec, t.atime_nsec);
    change.mtime = time_change(t.valid, SETATTR_MTIME, SETATTR_MTIME_SET, t.mtime_sec, t.mtime_nsec);
    const FilePtr file = (*fid)->place->file;
    auto changing = file->change(std::move(change));
    const auto done = co_await std::move(changing);
    if (!done) co_return done.error();
    co_return Rsetattr{};
}

awaitable<Result<Rreadlink>> Connection::on(Epoch& epoch, const Treadlink& t) {
    const auto fid = epoch.find(t.fid);
    if (!fid) co_return fid.error();
    const FilePtr file = (*fid)->place->file;
    auto reading = file->readlink();
    auto target = co_await std::move(reading);
    if (!target) co_return target.error();
    co_return Rreadlink{*std::move(target)};
}

awaitable<Result<Stat>> Connection::stat(FilePtr file, std::string name, Dialect dialect) {
    auto asking = attributes(file);
    auto told = co_await std::move(asking);
    if (!told) co_return told.error();
    if (dialect == Dialect::unix_ && told->type() == FileType::symlink && told->target.empty()) {
        auto reading = file->readlink();
        auto target = co_await std::move(reading);
        if (target) told->target = *std::move(target);
    }
    co_return stat_of(*told, name, dialect, context_.accounts);
}

awaitable<Result<Rstat>> Connection::on(Epoch& epoch, const Tstat& t) {
    const auto fid = epoch.find(t.fid);
    if (!fid) co_return fid.error();
    const LocationPtr place = (*fid)->place;
    auto asking = stat(place->file, place->name.empty() ? "/" : place->name, epoch.dialect);
    auto told = co_await std::move(asking);
    if (!told) co_return told.error();
    Rstat reply;
    reply.stat.value = *std::move(told);
    co_return reply;
}

awaitable<Result<Rwstat>> Connection::on(Epoch& epoch, const Twstat& t) {
    const auto found = epoch.find(t.fid);
    if (!found) co_return found.error();
    const FidPtr& fid = *found;
    const LocationPtr place = fid->place;
    const Stat& wanted = t.stat.value;
    const Stat same = unchanged_stat();
    AttributeChange change;
    if (wanted.mode != same.mode) {
        if (((wanted.mode & DMDIR) != 0) != place->file->is_directory())
            co_return Error::from_errno(EPERM, "a wstat cannot make a file a directory, nor the other way round");
        change.mode = permissions_of(wanted.mode, epoch.dialect);
    }
    if (wanted.length != same.length) change.size = wanted.length;
    change.mtime = stat_time(wanted.mtime, same.mtime);
    change.atime = stat_time(wanted.atime, same.atime);
    if (epoch.dialect == Dialect::unix_) {
        if (wanted.n_uid != NONUNAME) change.uid = wanted.n_uid;
        if (wanted.n_gid != NONUNAME) change.gid = wanted.n_gid;
    }
    if (!wanted.gid.empty() && !change.gid) {
        change.gid = context_.accounts.group_number(wanted.gid);
        if (!change.gid) co_return Error::from_errno(EINVAL, "unknown group \"" + escaped(wanted.gid) + "\"");
    }
    const bool renames = !wanted.name.empty() && wanted.name != place->name;
    if (renames) {
        if (!place->parent) co_return Error::from_errno(EPERM, "the root cannot be renamed");
        if (const auto bad = bad_name(wanted.name)) co_return *bad;
        // stat(5): a wstat does not replace another file.
        const FilePtr directory = place->parent->file;
        auto looking = directory->walk(wanted.name);
        const auto there = co_await std::move(looking);
        if (there) co_return Error::from_errno(EEXIST);
    }
    const bool changes = change.mode || change.size || change.mtime || change.atime || change.uid || change.gid;
    if (changes) {
        const FilePtr file = place->file;
        auto changing = file->change(std::move(change));
        const auto done = co_await std::move(changing);
        if (!done) co_return done.error();
    }
    if (renames) {
        auto moving = move(epoch, place->parent, place->name, place->parent, wanted.name);
        const auto done = co_await std::move(moving);
        if (!done) co_return done.error();
    }
    if (!changes && !renames && fid->open) {
        // stat(5): a wstat that changes nothing asks for what was written to be made durable.
        const auto open = fid->open;
        auto syncing = open->fsync(false);
        const auto done = co_await std::move(syncing);
        if (!done) co_return done.error();
    }
    co_return Rwstat{};
}

}  // namespace p9::serve
