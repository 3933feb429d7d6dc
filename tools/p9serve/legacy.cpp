#include "tools/p9serve/legacy.hpp"

#include <algorithm>

#include <sys/sysmacros.h>

namespace p9::serve {
namespace {

u32 clamp_time(const Time& time) { return static_cast<u32>(std::clamp<std::int64_t>(time.seconds, 0, 0xffffffff)); }

// The mode of a stat: permission bits as Plan 9 and 9P2000.u have them, and the type.
u32 stat_mode(const Attributes& a, Dialect dialect) {
    u32 mode = a.mode & 0777;
    if (a.is_directory()) mode |= DMDIR;
    if ((a.qid.type & QTAPPEND) != 0) mode |= DMAPPEND;
    if (dialect == Dialect::base) return mode;
    if ((a.mode & 04000) != 0) mode |= DMSETUID;
    if ((a.mode & 02000) != 0) mode |= DMSETGID;
    if ((a.mode & 01000) != 0) mode |= DMSETVTX;
    switch (a.type()) {
        case FileType::symlink:
            return mode | DMSYMLINK;
        case FileType::fifo:
            return mode | DMNAMEDPIPE;
        case FileType::socket:
            return mode | DMSOCKET;
        case FileType::block:
        case FileType::character:
            return mode | DMDEVICE;
        default:
            return mode;
    }
}

}  // namespace

OpenFlags flags_of_mode(u8 mode) {
    const u8 access = mode & 3;
    return (access == OEXEC ? OpenFlags{P9_O_RDONLY} : OpenFlags{access}) |
           ((mode & OTRUNC) != 0 ? OpenFlags{P9_O_TRUNC} : 0);
}

u32 permissions_of(u32 perm, Dialect dialect) {
    u32 mode = perm & 0777;
    if (dialect == Dialect::base) return mode;
    if ((perm & DMSETUID) != 0) mode |= 04000;
    if ((perm & DMSETGID) != 0) mode |= 02000;
    if ((perm & DMSETVTX) != 0) mode |= 01000;
    return mode;
}

Stat stat_of(const Attributes& a, const std::string& name, Dialect dialect, Accounts& accounts) {
    Stat stat;
    stat.qid = a.qid;
    stat.mode = stat_mode(a, dialect);
    stat.atime = clamp_time(a.atime);
    stat.mtime = clamp_time(a.mtime);
    stat.length = a.is_directory() ? 0 : a.size;  // stat(5): directories have length 0
    stat.name = name;
    stat.uid = a.user.empty() ? accounts.user(a.uid) : a.user;
    stat.gid = a.group.empty() ? accounts.group(a.gid) : a.group;
    stat.muid = a.modifier.empty() ? stat.uid : a.modifier;
    stat.n_uid = a.uid;
    stat.n_gid = a.gid;
    stat.n_muid = a.uid;
    if (a.type() == FileType::symlink) stat.extension = a.target;
    if (a.type() == FileType::block || a.type() == FileType::character)
        stat.extension = std::string(a.type() == FileType::block ? "b " : "c ") + std::to_string(major(a.rdev)) + " " +
                         std::to_string(minor(a.rdev));
    return stat;
}

bool append_stat(ReadReply& reply, const Stat& stat, Dialect dialect) {
    const std::size_t size = wire::size_of(stat, dialect);
    if (size > reply.room()) return false;
    reply.fill(size, [&](std::span<u8> space) {
        wire::Writer writer{dialect, space.data()};
        writer("", stat);
        return writer.ok ? static_cast<ssize_t>(size) : ssize_t{0};
    });
    return true;
}

bool EntryList::add(const Entry& entry) {
    if (entry.name == "." || entry.name == "..") return true;
    if (used_ >= room_) return false;
    used_ += 49 + entry.name.size() + 24;  // a stat with short names of owners
    names.emplace_back(std::string(entry.name), entry.next);
    return true;
}

}  // namespace p9::serve
