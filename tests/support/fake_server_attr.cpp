// Attributes, extended attributes and locks.
#include "tests/support/fake_server.hpp"
#include "tests/support/fake_server_errors.hpp"

#include <algorithm>

namespace p9::test {
namespace {

u32 perm_of(const TreeNode& node, Dialect dialect) {
    u32 perm = node.mode & 0777;
    if (node.is_directory()) perm |= DMDIR;
    if (dialect == Dialect::base) return perm;
    switch (node.mode & P9_S_IFMT) {
        case P9_S_IFLNK:
            return perm | DMSYMLINK;
        case P9_S_IFIFO:
            return perm | DMNAMEDPIPE;
        case P9_S_IFSOCK:
            return perm | DMSOCKET;
        case P9_S_IFCHR:
        case P9_S_IFBLK:
            return perm | DMDEVICE;
        default:
            return perm;
    }
}

std::string user_name(u32 id) { return id == 1000 ? "glenda" : "user" + std::to_string(id); }

bool same_owner(const Lock& a, const Lock& b) { return a.proc_id == b.proc_id && a.client_id == b.client_id; }

bool overlap(const Lock& a, const Lock& b) {
    const u64 end_a = a.length == 0 ? ~u64{0} : a.start + a.length;
    const u64 end_b = b.length == 0 ? ~u64{0} : b.start + b.length;
    return a.start < end_b && b.start < end_a;
}

const Lock* conflict(const TreeNode& node, const Lock& wanted) {
    for (const Lock& held : node.locks) {
        const bool shared = held.type == LockType::read && wanted.type == LockType::read;
        if (!same_owner(held, wanted) && overlap(held, wanted) && !shared) return &held;
    }
    return nullptr;
}

}  // namespace

Stat FakeServer::stat_of(const TreeNode& node, const std::string& name) const {
    Stat stat;
    stat.qid = qid_of(node);
    stat.mode = perm_of(node, dialect_);
    stat.atime = static_cast<u32>(node.atime.seconds);
    stat.mtime = static_cast<u32>(node.mtime.seconds);
    stat.length = node.is_directory() ? 0 : node.size();
    stat.name = name.empty() ? "/" : name;
    stat.uid = user_name(node.uid);
    stat.gid = user_name(node.gid);
    stat.muid = user_name(node.uid);
    stat.n_uid = node.uid;
    stat.n_gid = node.gid;
    stat.n_muid = node.uid;
    if (node.is_symlink()) stat.extension = node.data;
    if (lies(Lie::huge_size) && !node.is_directory()) stat.length = u64{1} << 63 | 5;
    const bool device = (node.mode & P9_S_IFMT) == P9_S_IFCHR || (node.mode & P9_S_IFMT) == P9_S_IFBLK;
    if (device)
        stat.extension = ((node.mode & P9_S_IFMT) == P9_S_IFCHR ? "c " : "b ") + std::to_string(node.rdev >> 8) + " " +
                         std::to_string(node.rdev & 0xff);
    return stat;
}

Result<Rstat> FakeServer::on(const Tstat& t) {
    FidState* const fid = find(t.fid);
    if (!fid) return refusal(P9_EBADF);
    return Rstat{{stat_of(*fid->node, fid->name)}};
}

Result<Rwstat> FakeServer::on(const Twstat& t) {
    FidState* const fid = find(t.fid);
    if (!fid) return refusal(P9_EBADF);
    const Stat& change = t.stat.value;
    const Stat none = unchanged_stat();
    TreeNode& node = *fid->node;
    if (change.type != none.type || change.dev != none.dev || change.qid != none.qid || !change.muid.empty())
        complain("wstat of what cannot be changed: " + log_.back());
    if (!change.name.empty() && change.name != fid->name) {
        if (!fid->parent) return refusal(P9_EPERM);
        if (change.name.find('/') != std::string::npos) return refusal(P9_EINVAL);
        if (fid->parent->find(change.name)) return refusal(P9_EEXIST);
        if (const auto done = move(fid->parent, fid->name, fid->parent, change.name); !done) return done.error();
    }
    if (change.mode != none.mode) node.mode = (node.mode & ~0777u) | (change.mode & 0777);
    if (change.length != none.length) node.data.resize(change.length);
    if (change.mtime != none.mtime) node.mtime = {change.mtime, 0};
    if (change.atime != none.atime) node.atime = {change.atime, 0};
    if (dialect_ == Dialect::unix_ && change.n_uid != NONUNAME) node.uid = change.n_uid;
    if (dialect_ == Dialect::unix_ && change.n_gid != NONUNAME) node.gid = change.n_gid;
    return Rwstat{};
}

Result<Rgetattr> FakeServer::on(const Tgetattr& t) {
    FidState* const fid = find(t.fid);
    if (!fid) return refusal(P9_EBADF);
    const TreeNode& node = *fid->node;
    Rgetattr reply;
    reply.valid = t.request_mask & GETATTR_BASIC;
    reply.qid = qid_of(node);
    reply.mode = node.mode;
    reply.uid = node.uid;
    reply.gid = node.gid;
    reply.nlink = node.nlink;
    reply.rdev = node.rdev;
    reply.size = node.size();
    reply.blksize = 4096;
    reply.blocks = (node.size() + 511) / 512;
    reply.atime_sec = static_cast<u64>(node.atime.seconds);
    reply.atime_nsec = node.atime.nanoseconds;
    reply.mtime_sec = static_cast<u64>(node.mtime.seconds);
    reply.mtime_nsec = node.mtime.nanoseconds;
    reply.ctime_sec = static_cast<u64>(node.ctime.seconds);
    reply.ctime_nsec = node.ctime.nanoseconds;
    const bool plain = (node.mode & P9_S_IFMT) == P9_S_IFREG;
    if (lies(Lie::huge_size) && plain) reply.size = u64{1} << 63 | 5;
    if (lies(Lie::flipping_type) && plain && (flipped_ = !flipped_))
        reply.mode = P9_S_IFDIR | 0755, reply.qid.type = QTDIR;
    if (lies(Lie::root_is_a_file) && fid->node == tree_.root() && !(root_flipped_ = !root_flipped_))
        reply.mode = P9_S_IFREG | 0644, reply.qid.type = QTFILE;
    if (lies(Lie::wild_attributes) && plain) {
        reply.nlink = 0;
        reply.blksize = 3;
        reply.blocks = ~u64{0};
        reply.mode |= 0xffff0000;
        reply.atime_sec = ~u64{0} >> 1;
        reply.mtime_sec = u64{1} << 63;
        reply.mtime_nsec = ~u64{0};
        reply.rdev = ~u64{0};
    }
    return reply;
}

Result<Rsetattr> FakeServer::on(const Tsetattr& t) {
    FidState* const fid = find(t.fid);
    if (!fid) return refusal(P9_EBADF);
    TreeNode& node = *fid->node;
    const Time now{1'700'000'000, 0};
    if (t.valid & SETATTR_MODE) node.mode = (node.mode & P9_S_IFMT) | (t.mode & 07777);
    if (t.valid & SETATTR_UID) node.uid = t.uid;
    if (t.valid & SETATTR_GID) node.gid = t.gid;
    if (t.valid & SETATTR_SIZE) node.data.resize(t.size);
    const Time atime{static_cast<std::int64_t>(t.atime_sec), static_cast<u32>(t.atime_nsec)};
    const Time mtime{static_cast<std::int64_t>(t.mtime_sec), static_cast<u32>(t.mtime_nsec)};
    if (t.valid & SETATTR_ATIME) node.atime = t.valid & SETATTR_ATIME_SET ? atime : now;
    if (t.valid & SETATTR_MTIME) node.mtime = t.valid & SETATTR_MTIME_SET ? mtime : now;
    ++node.version;
    return Rsetattr{};
}

Result<Rreadlink> FakeServer::on(const Treadlink& t) {
    FidState* const fid = find(t.fid);
    if (!fid) return refusal(P9_EBADF);
    if (!fid->node->is_symlink()) return refusal(P9_EINVAL);
    if (lies(Lie::link_empty)) return Rreadlink{};
    if (lies(Lie::link_huge)) return Rreadlink{std::string(60000, 'x')};
    if (lies(Lie::link_nul)) return Rreadlink{std::string("fi\0le", 5)};
    return Rreadlink{fid->node->data};
}

Result<Rstatfs> FakeServer::on(const Tstatfs& t) {
    if (!find(t.fid)) return refusal(P9_EBADF);
    const u64 all = ~u64{0};
    if (lies(Lie::wild_figures)) return Rstatfs{0, 0, all, all, all, all, all, all, ~u32{0}};
    return Rstatfs{0x01021997, 4096, 1000, 500, 400, 100, 50, 7, 255};
}

Result<Rxattrwalk> FakeServer::on(const Txattrwalk& t) {
    FidState* const fid = find(t.fid);
    if (!fid) return refusal(P9_EBADF);
    std::string value;
    if (t.name.empty()) {
        for (const auto& [name, ignored] : fid->node->xattrs) value += name + '\0';
    } else {
        const auto found = fid->node->xattrs.find(t.name);
        if (found == fid->node->xattrs.end()) return refusal(P9_ENODATA);
        value = found->second;
    }
    const TreeNodePtr node = fid->node;
    FidState* const made = make(t.newfid);
    if (!made) return refusal(P9_EINVAL);
    made->node = node;
    made->use = Use::xattr_read;
    made->open = true;
    made->buffer = value;
    if (lies(Lie::xattr_grows)) made->buffer += std::string(5000, 'g');
    if (lies(Lie::xattr_shrinks)) return Rxattrwalk{value.size() + 5000};
    if (lies(Lie::xattr_endless)) return Rxattrwalk{u64{1} << 40};
    return Rxattrwalk{value.size()};
}

Result<Rxattrcreate> FakeServer::on(const Txattrcreate& t) {
    FidState* const fid = find(t.fid);
    if (!fid) return refusal(P9_EBADF);
    const bool there = fid->node->xattrs.contains(t.name);
    if ((t.flags & 1) && there) return refusal(P9_EEXIST);
    if ((t.flags & 2) && !there) return refusal(P9_ENODATA);
    fid->use = Use::xattr_write;
    fid->open = true;
    fid->name = t.name;
    fid->xattr_size = t.attr_size;
    fid->flags = t.flags;
    return Rxattrcreate{};
}

Result<void> FakeServer::finish_xattr(FidState& fid) {
    if (fid.buffer.size() != fid.xattr_size) return refusal(P9_EINVAL);
    // An empty value with XATTR_REPLACE removes, as v9fs does it.
    if (fid.xattr_size == 0 && (fid.flags & 2))
        fid.node->xattrs.erase(fid.name);
    else
        fid.node->xattrs[fid.name] = fid.buffer;
    return {};
}

Result<Rlock> FakeServer::on(const Tlock& t) {
    FidState* const fid = find(t.fid);
    if (!fid || !fid->open) return refusal(P9_EBADF);
    if (lies(Lie::bad_locks)) return Rlock{200};
    if (lies(Lie::interrupted_locks)) return refusal(P9_EINTR);
    const Lock wanted{LockType{t.lock_type}, t.start, t.length, t.proc_id, t.client_id};
    auto& locks = fid->node->locks;
    if (wanted.type != LockType::unlock && conflict(*fid->node, wanted)) return Rlock{1};
    std::erase_if(locks, [&](const Lock& held) { return same_owner(held, wanted) && overlap(held, wanted); });
    if (wanted.type != LockType::unlock) locks.push_back(wanted);
    return Rlock{0};
}

Result<Rgetlock> FakeServer::on(const Tgetlock& t) {
    FidState* const fid = find(t.fid);
    if (!fid || !fid->open) return refusal(P9_EBADF);
    const Lock wanted{LockType{t.lock_type}, t.start, t.length, t.proc_id, t.client_id};
    if (lies(Lie::bad_locks)) return Rgetlock{77, ~u64{0}, ~u64{0}, ~u32{0}, std::string(60000, 'x')};
    const Lock* const held = conflict(*fid->node, wanted);
    if (!held) return Rgetlock{2, t.start, t.length, t.proc_id, t.client_id};
    return Rgetlock{static_cast<u8>(held->type), held->start, held->length, held->proc_id, held->client_id};
}

}  // namespace p9::test
