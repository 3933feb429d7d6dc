// Opening, creating, reading and writing.
#include "tests/support/fake_server.hpp"
#include "tests/support/fake_server_errors.hpp"

#include <algorithm>

namespace p9::test {
namespace {

constexpr u32 DMLINK = 0x01000000;

u32 flags_of_mode(u8 mode) {
    const u32 access = mode & 3u;
    u32 flags = access == OEXEC ? u32{P9_O_RDONLY} : access;
    if (mode & OTRUNC) flags |= P9_O_TRUNC;
    return flags;
}

u32 mode_of_perm(u32 perm) {
    u32 mode = perm & 0777;
    if (perm & DMDIR) return mode | P9_S_IFDIR;
    if (perm & DMSYMLINK) return mode | P9_S_IFLNK;
    if (perm & DMNAMEDPIPE) return mode | P9_S_IFIFO;
    if (perm & DMSOCKET) return mode | P9_S_IFSOCK;
    if (perm & DMDEVICE) return mode | P9_S_IFCHR;
    return mode | P9_S_IFREG;
}

bool writable(u32 flags) { return (flags & P9_O_ACCMODE) != P9_O_RDONLY; }

Bytes bytes_of(const std::string& text) { return {reinterpret_cast<const u8*>(text.data()), text.size()}; }

}  // namespace

Result<void> FakeServer::open(FidState& fid, u32 flags) {
    if (fid.open) return refusal(P9_EINVAL);
    if (fid.node->is_directory() && writable(flags)) return refusal(P9_EISDIR);
    if ((flags & P9_O_DIRECTORY) && !fid.node->is_directory()) return refusal(P9_ENOTDIR);
    if (fid.node->is_symlink() && dialect_ == Dialect::linux_) return refusal(P9_ELOOP);
    if ((flags & P9_O_TRUNC) && fid.node->behaviour == Behaviour::stored) {
        fid.node->data.clear();
        ++fid.node->version;
    }
    fid.open = true;
    fid.flags = flags;
    return {};
}

Result<Ropen> FakeServer::on(const Topen& t) {
    FidState* const fid = find(t.fid);
    if (!fid) return refusal(P9_EBADF);
    if (const auto done = open(*fid, flags_of_mode(t.mode)); !done) return done.error();
    fid->remove_on_clunk = t.mode & ORCLOSE;
    return Ropen{qid_of(*fid->node), iounit()};
}

Result<Rlopen> FakeServer::on(const Tlopen& t) {
    FidState* const fid = find(t.fid);
    if (!fid) return refusal(P9_EBADF);
    if (const auto done = open(*fid, t.flags); !done) return done.error();
    return Rlopen{qid_of(*fid->node), iounit()};
}

Result<TreeNodePtr> FakeServer::create(FidState& directory, const std::string& name, u32 mode) {
    if (!directory.node->is_directory()) return refusal(P9_ENOTDIR);
    if (!valid_name(name)) {
        complain("created a name like \"" + name + "\"");
        return refusal(P9_EINVAL);
    }
    if (directory.node->find(name)) return refusal(P9_EEXIST);
    auto node = tree_.make(mode);
    tree_.enter(directory.node, name, node);
    return node;
}

Result<Rcreate> FakeServer::on(const Tcreate& t) {
    FidState* const fid = find(t.fid);
    if (!fid) return refusal(P9_EBADF);
    if (t.perm & DMLINK) {
        // 9P2000.u: the extension is the number of the fid of the file that gets another name.
        const auto linked = on(Tlink{t.fid, Fid{static_cast<u32>(std::stoul(t.extension))}, t.name});
        if (!linked) return linked.error();
        *fid = at(fid->node->find(t.name), fid->node, t.name);
        fid->open = true;
        return Rcreate{qid_of(*fid->node), iounit()};
    }
    const auto node = create(*fid, t.name, mode_of_perm(t.perm));
    if (!node) return node.error();
    if ((*node)->is_symlink()) (*node)->data = t.extension;
    *fid = at(*node, fid->node, t.name);
    fid->open = true;
    fid->flags = flags_of_mode(t.mode);
    return Rcreate{qid_of(**node), iounit()};
}

Result<Rlcreate> FakeServer::on(const Tlcreate& t) {
    FidState* const fid = find(t.fid);
    if (!fid) return refusal(P9_EBADF);
    TreeNodePtr node = fid->node->find(t.name);
    if (!node || (t.flags & P9_O_EXCL)) {
        const auto made = create(*fid, t.name, P9_S_IFREG | (t.mode & 07777));
        if (!made) return made.error();
        node = *made;
    } else if (t.flags & P9_O_TRUNC) {
        node->data.clear();
    }
    *fid = at(node, fid->node, t.name);
    fid->open = true;
    fid->flags = t.flags;
    return Rlcreate{qid_of(*node), iounit()};
}

bool FakeServer::count_allowed(u32 count) {
    if (count <= msize_ - IOHDRSZ) return true;
    complain("count above the header: " + log_.back());
    return !knobs_.strict_count;
}

Result<Rread> FakeServer::on(const Tread& t) {
    FidState* const fid = find(t.fid);
    if (!fid) return refusal(P9_EBADF);
    if (!count_allowed(t.count)) return refusal(P9_EINVAL);
    if (fid->use == Use::xattr_read) {
        data_ = t.offset < fid->buffer.size() ? fid->buffer.substr(t.offset, t.count) : "";
        return Rread{bytes_of(data_)};
    }
    if (fid->use == Use::auth) {
        data_ = "who goes there?";
        return Rread{bytes_of(data_)};
    }
    if (!fid->open || (fid->flags & P9_O_ACCMODE) == P9_O_WRONLY) return refusal(P9_EBADF);
    TreeNode& node = *fid->node;
    if (node.is_directory()) {
        if (dialect_ == Dialect::linux_) return refusal(P9_EISDIR);
        auto stats = read_stats(*fid, t.offset, t.count);
        if (!stats) return stats.error();
        data_ = std::move(*stats);
        if (lies(Lie::long_listing)) data_.resize(t.count + 1);
        return Rread{bytes_of(data_)};
    }
    if (node.behaviour == Behaviour::event) {
        if (node.events.empty()) {
            waiting_.push_back({tag_, fid->node, t.count});
            return no_answer();
        }
        data_ = node.events.front().substr(0, t.count);
        node.events.pop_front();
        return Rread{bytes_of(data_)};
    }
    u32 count = t.count;
    if (knobs_.read_max != 0) count = std::min(count, knobs_.read_max);
    data_ = t.offset < node.data.size() ? node.data.substr(t.offset, count) : "";
    if (lies(Lie::long_read)) data_.resize(t.count + 1);
    return Rread{bytes_of(data_)};
}

void FakeServer::post_event(const TreeNodePtr& node, std::string event) {
    const auto reader = std::ranges::find(waiting_, node, &Waiting::node);
    if (reader == waiting_.end()) return node->events.push_back(std::move(event));
    const Waiting waiting = *reader;
    waiting_.erase(reader);
    event.resize(std::min<std::size_t>(event.size(), waiting.count));
    ByteVector bytes;
    if (encode(bytes, waiting.tag, Rread{bytes_of(event)}, dialect_)) deliver(waiting.tag, std::move(bytes));
}

Result<Rwrite> FakeServer::on(const Twrite& t) {
    FidState* const fid = find(t.fid);
    if (!fid) return refusal(P9_EBADF);
    const std::string data(reinterpret_cast<const char*>(t.data.bytes.data()), t.data.bytes.size());
    const auto count = static_cast<u32>(data.size());
    if (fid->use == Use::auth || fid->use == Use::xattr_write) {
        fid->buffer += data;
        return Rwrite{count};
    }
    if (!fid->open || !writable(fid->flags)) return refusal(P9_EBADF);
    TreeNode& node = *fid->node;
    if (node.behaviour == Behaviour::ctl) {
        node.commands.push_back(data);
        node.data = "did " + data;
        return Rwrite{count};
    }
    if (lies(Lie::wrote_nothing)) return Rwrite{0};
    const u64 offset = fid->flags & P9_O_APPEND ? node.data.size() : t.offset;
    if (node.data.size() < offset + count) node.data.resize(offset + count);
    node.data.replace(offset, count, data);
    ++node.version;
    return Rwrite{count};
}

Result<Rfsync> FakeServer::on(const Tfsync& t) {
    if (!find(t.fid)) return refusal(P9_EBADF);
    return Rfsync{};
}

}  // namespace p9::test
