// Tread, Twrite, Treaddir, Tfsync, Tlock, Tgetlock.
#include "tools/p9serve/legacy.hpp"
#include "tools/p9serve/requests.hpp"

namespace p9::serve {
namespace {

constexpr u32 MOST_STATS = 64 << 10;  // bytes

// An open fid, with the access that a read or write wants.
Result<FidPtr> find_open(const Epoch& epoch, Fid number, OpenFlags never) {
    auto fid = epoch.find(number);
    if (!fid) return fid.error();
    if (!(*fid)->open && !(*fid)->xattr) return Error::from_errno(EBADF, "the fid is not open");
    if ((*fid)->open && ((*fid)->flags & P9_O_ACCMODE) == never)
        return Error::from_errno(
            EBADF, never == P9_O_WRONLY ? "the fid is not open for reading" : "the fid is not open for writing");
    return fid;
}

// Entries as Rreaddir carries them.
class LinuxEntries final : public Entries {
public:
    explicit LinuxEntries(ReadReply& reply) : reply_(reply) {}
    bool add(const Entry& entry) override {
        if (entry.name == "." || entry.name == "..") return true;
        const std::size_t size = 13 + 8 + 1 + 2 + entry.name.size();
        if (size > reply_.room()) {
            too_small = reply_.size() == 0;
            return false;
        }
        reply_.fill(size, [&](std::span<u8> space) {
            wire::Writer writer{Dialect::linux_, space.data()};
            writer("qid", entry.qid);
            writer("offset", entry.next);
            writer("type", static_cast<u8>(mode_bits(entry.type) >> 12));  // DT_* are the mode's type bits
            writer("name", static_cast<u16>(entry.name.size()));
            std::memcpy(writer.at, entry.name.data(), entry.name.size());
            return static_cast<ssize_t>(size);
        });
        return true;
    }
    bool too_small = false;  // not even one entry fits

private:
    ReadReply& reply_;
};

Lock lock_of(const auto& t) { return {static_cast<LockType>(t.lock_type), t.start, t.length, t.proc_id, t.client_id}; }

}  // namespace

awaitable<Result<ReadReply>> Connection::on(Epoch& epoch, const Tread& t) {
    const auto found = find_open(epoch, t.fid, P9_O_WRONLY);
    if (!found) co_return found.error();
    const FidPtr& fid = *found;
    // A stat record is a walk and more, so that a large directory in one reply would hold up everybody.
    const bool directory = fid->place->file->is_directory();
    ReadReply reply(std::min({t.count, epoch.max_io(), directory ? MOST_STATS : ~0U}), &spare_);
    if (fid->xattr) {
        if (fid->xattr->writing) co_return Error::from_errno(EBADF);
        reply.put_range(fid->xattr->value, t.offset);
        co_return std::move(reply);
    }
    if (directory) {
        if (epoch.dialect == Dialect::linux_) co_return Error::from_errno(EISDIR);
        auto reading = read_stats(epoch, *fid, t.offset, reply);
        auto done = co_await std::move(reading);
        if (!done) co_return done.error();
    } else {
        const auto open = fid->open;
        auto reading = open->read(t.offset, reply);
        auto done = co_await std::move(reading);
        if (!done) co_return done.error();
    }
    co_return std::move(reply);
}

awaitable<Result<ReadReply>> Connection::on(Epoch& epoch, const Treaddir& t) {
    const auto found = find_open(epoch, t.fid, P9_O_WRONLY);
    if (!found) co_return found.error();
    const FidPtr& fid = *found;
    if (!fid->open || !fid->place->file->is_directory()) co_return Error::from_errno(ENOTDIR);
    ReadReply reply(std::min(t.count, epoch.max_io()), &spare_);
    LinuxEntries entries(reply);
    const auto open = fid->open;
    auto reading = open->readdir(t.offset, entries);
    const auto done = co_await std::move(reading);
    if (!done) co_return done.error();
    if (entries.too_small) co_return Error::from_errno(EINVAL, "the count is too small for an entry");
    co_return std::move(reply);
}

// The stat records of a directory from `offset` on (read(5)).
awaitable<Result<void>> Connection::read_stats(Epoch& epoch, FidState& fid, u64 offset, ReadReply& reply) {
    if (offset == 0) fid.stat_offset = fid.stat_cookie = 0;
    if (offset != fid.stat_offset)
        co_return Error::from_errno(EINVAL, "a directory is read from 0 or from where the last read ended");
    const FilePtr directory = fid.place->file;
    const auto open = fid.open;
    u64 cookie = fid.stat_cookie;
    for (bool full = false; !full;) {
        EntryList list(reply.room());
        auto reading = open->readdir(cookie, list);
        const auto done = co_await std::move(reading);
        if (!done) co_return done.error();
        if (list.names.empty()) break;
        for (auto& [name, next] : list.names) {
            auto walking = directory->walk(name);
            auto file = co_await std::move(walking);
            // A directory that may not be searched is not gone through to its end in vain.
            if (!file && !file.error().is_errno(ENOENT) && reply.size() == 0) co_return file.error();
            if (file) {
                auto asking = stat(*std::move(file), name, epoch.dialect);
                const auto record = co_await std::move(asking);
                if (record && !append_stat(reply, *record, epoch.dialect)) {
                    if (reply.size() == 0) co_return Error::from_errno(EINVAL, "the count is too small for a stat");
                    full = true;
                    break;
                }
            }
            cookie = next;  // one that vanished meanwhile is passed over
        }
    }
    fid.stat_cookie = cookie;
    fid.stat_offset = offset + reply.size();
    co_return boost::system::in_place_value;
}

awaitable<Result<Rwrite>> Connection::on(Epoch& epoch, const Twrite& t) {
    const auto found = find_open(epoch, t.fid, P9_O_RDONLY);
    if (!found) co_return found.error();
    const FidPtr& fid = *found;
    const auto size = static_cast<u32>(t.data.bytes.size());
    if (fid->xattr) {
        XattrTransfer& xattr = *fid->xattr;
        if (!xattr.writing) co_return Error::from_errno(EBADF);
        if (t.offset != xattr.value.size() || xattr.size - xattr.value.size() < size)
            co_return Error::from_errno(EINVAL, "the value is written in order and is as long as was announced");
        xattr.value.append(reinterpret_cast<const char*>(t.data.bytes.data()), size);
        co_return Rwrite{size};
    }
    const auto open = fid->open;
    auto writing = open->write(t.offset, t.data.bytes);
    const auto count = co_await std::move(writing);
    if (!count) co_return count.error();
    co_return Rwrite{*count};
}

awaitable<Result<Rfsync>> Connection::on(Epoch& epoch, const Tfsync& t) {
    const auto fid = epoch.find(t.fid);
    if (!fid) co_return fid.error();
    if (!(*fid)->open) co_return Error::from_errno(EBADF, "the fid is not open");
    const auto open = (*fid)->open;
    auto syncing = open->fsync(t.datasync.value.value_or(0) != 0);
    const auto done = co_await std::move(syncing);
    if (!done) co_return done.error();
    co_return Rfsync{};
}

awaitable<Result<Rlock>> Connection::on(Epoch& epoch, const Tlock& t) {
    const auto fid = epoch.find(t.fid);
    if (!fid) co_return fid.error();
    if (!(*fid)->open) co_return Error::from_errno(EBADF, "the fid is not open");
    if (t.lock_type > static_cast<u8>(LockType::unlock)) co_return Error::from_errno(EINVAL, "no such type of lock");
    const auto open = (*fid)->open;
    auto locking = open->lock(lock_of(t));
    const auto status = co_await std::move(locking);
    if (!status) co_return status.error();
    co_return Rlock{static_cast<u8>(*status)};
}

awaitable<Result<Rgetlock>> Connection::on(Epoch& epoch, const Tgetlock& t) {
    const auto fid = epoch.find(t.fid);
    if (!fid) co_return fid.error();
    if (!(*fid)->open) co_return Error::from_errno(EBADF, "the fid is not open");
    if (t.lock_type > static_cast<u8>(LockType::unlock)) co_return Error::from_errno(EINVAL, "no such type of lock");
    const auto open = (*fid)->open;
    auto asking = open->conflicting_lock(lock_of(t));
    auto lock = co_await std::move(asking);
    if (!lock) co_return lock.error();
    co_return Rgetlock{static_cast<u8>(lock->type), lock->start, lock->length, lock->proc_id,
                       std::move(lock->client_id)};
}

}  // namespace p9::serve
