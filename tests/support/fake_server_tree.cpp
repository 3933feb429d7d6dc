// Listings, and what makes, moves and removes names.
#include "tests/support/fake_server.hpp"
#include "tests/support/fake_server_errors.hpp"

#include <algorithm>

namespace p9::test {
namespace {

template <class T>
std::string encoded(const T& record, Dialect dialect) {
    std::string out(wire::size_of(record, dialect), '\0');
    wire::Writer writer{dialect, reinterpret_cast<u8*>(out.data())};
    writer("", record);
    return out;
}

/// Names that nothing may bear.
const std::vector<std::string>& bad_names() {
    static const std::vector<std::string> names{"",
                                                ".",
                                                "..",
                                                "a/b",
                                                "/",
                                                "../etc/passwd",
                                                std::string("n\0ul", 4),
                                                std::string(256, 'x'),
                                                std::string(60000, 'y')};
    return names;
}

/// DT_* of readdir(3): the file type bits, shifted down.
u8 entry_type(u32 mode) { return static_cast<u8>((mode & P9_S_IFMT) >> 12); }

}  // namespace

Result<std::string> FakeServer::read_stats(FidState& fid, u64 offset, u32 count) {
    if (offset == 0) fid.stat_offset = fid.stat_cookie = 0;
    if (offset != fid.stat_offset) return refusal(P9_EINVAL);
    std::string out;
    u32 taken = 0;
    for (auto at = fid.node->entries.upper_bound(fid.stat_cookie); at != fid.node->entries.end(); ++at) {
        if (knobs_.entries_max != 0 && taken++ == knobs_.entries_max) break;
        std::string record = encoded(stat_of(*at->second.node, at->second.name), dialect_);
        if (lies(Lie::repeated_names)) record += record;
        if (lies(Lie::bad_names)) {
            Stat bad = stat_of(*at->second.node, at->second.name);
            bad.name = bad_names()[at->first % bad_names().size()];
            record += encoded(bad, dialect_);
        }
        if (out.size() + record.size() > count) {
            if (out.empty()) return refusal(P9_EINVAL);
            break;
        }
        out += record;
        fid.stat_cookie = at->first;
    }
    fid.stat_offset += out.size();
    return out;
}

Result<std::string> FakeServer::read_entries(FidState& fid, u64 offset, u32 count) {
    // "." and ".." have cookies outside of those of the entries: 1 and 2 below them, or above all.
    constexpr u64 shift = 2;
    constexpr u64 end = ~u64{0} >> 1;
    struct Line {
        u64 cookie;
        std::string name;
        TreeNodePtr node;
    };
    std::vector<Line> lines;
    const TreeNodePtr above = fid.node->parent.lock();
    const std::vector<Line> dots{{knobs_.dots == Dots::last ? end - 1 : 1, ".", fid.node},
                                 {knobs_.dots == Dots::last ? end : 2, "..", above ? above : fid.node}};
    if (knobs_.dots == Dots::first) lines = dots;
    const u64 from = offset > shift ? offset - shift : 0;
    for (auto at = fid.node->entries.upper_bound(from); at != fid.node->entries.end(); ++at) {
        if (lines.size() > 4096) break;
        lines.push_back({at->first + shift, at->second.name, at->second.node});
    }
    if (knobs_.dots == Dots::last) lines.insert(lines.end(), dots.begin(), dots.end());
    if (lies(Lie::self_entry)) lines.push_back({end, "self", fid.node});
    if (lies(Lie::endless_directory)) {
        lines.clear();
        for (u64 i = 1; i <= 1000; ++i) lines.push_back({offset + i, "endless" + std::to_string(offset + i), fid.node});
    }
    if (lies(Lie::only_dots)) {
        lines.clear();
        for (u64 i = 1; i <= 100; ++i) lines.push_back({offset + i, ".", fid.node});
    }
    if (lies(Lie::heavy_names)) {
        lines.clear();
        for (u64 i = offset + 1; i <= offset + 1000; ++i)
            lines.push_back({i, std::to_string(i) + std::string(240, 'n'), fid.node});
    }
    if (lies(Lie::bad_names)) {
        const auto& bad = bad_names();
        std::vector<Line> mixed;
        for (std::size_t i = 0; i < lines.size(); ++i) {
            mixed.push_back(lines[i]);
            mixed.push_back({lines[i].cookie, bad[i % bad.size()], fid.node});
        }
        lines = std::move(mixed);
    }
    if (lies(Lie::repeated_names)) {
        std::vector<Line> twice;
        for (const Line& line : lines) twice.insert(twice.end(), 2, line);
        for (const Line& line : lines)
            if (line.cookie < end / 2) twice.push_back({end / 2 + line.cookie, line.name, line.node});
        lines = std::move(twice);
    }
    std::string out;
    u32 taken = 0;
    for (const Line& line : lines) {
        if (line.cookie <= offset) continue;
        if (knobs_.entries_max != 0 && taken++ == knobs_.entries_max) break;
        Dirent entry{qid_of(*line.node), line.cookie, entry_type(line.node->mode), line.name};
        if (knobs_.entry_types == EntryTypes::zero) entry.type = 0;
        if (knobs_.entry_types == EntryTypes::qid) entry.type = entry.qid.type;
        if (lies(Lie::circling_cookies)) entry.offset = 1 + line.cookie % 3;
        const std::string record = encoded(entry, dialect_);
        if (out.size() + record.size() > count) {
            if (out.empty()) return refusal(P9_EINVAL);
            break;
        }
        out += record;
    }
    return out;
}

Result<Rreaddir> FakeServer::on(const Treaddir& t) {
    FidState* const fid = find(t.fid);
    if (!fid || !fid->open) return refusal(P9_EBADF);
    if (!fid->node->is_directory()) return refusal(P9_ENOTDIR);
    if (!count_allowed(t.count)) return refusal(P9_EINVAL);
    auto entries = read_entries(*fid, t.offset, t.count);
    if (!entries) return entries.error();
    data_ = std::move(*entries);
    if (lies(Lie::long_listing)) data_.resize(t.count + 1);
    return Rreaddir{Bytes(reinterpret_cast<const u8*>(data_.data()), data_.size())};
}

Result<Rmkdir> FakeServer::on(const Tmkdir& t) {
    FidState* const fid = find(t.dfid);
    if (!fid) return refusal(P9_EBADF);
    const auto node = create(*fid, t.name, P9_S_IFDIR | (t.mode & 07777));
    if (!node) return node.error();
    return Rmkdir{made_qid(**node)};
}

Result<Rsymlink> FakeServer::on(const Tsymlink& t) {
    FidState* const fid = find(t.fid);
    if (!fid) return refusal(P9_EBADF);
    const auto node = create(*fid, t.name, P9_S_IFLNK | 0777);
    if (!node) return node.error();
    (*node)->data = t.symtgt;
    return Rsymlink{made_qid(**node)};
}

Result<Rmknod> FakeServer::on(const Tmknod& t) {
    FidState* const fid = find(t.dfid);
    if (!fid) return refusal(P9_EBADF);
    const auto node = create(*fid, t.name, t.mode);
    if (!node) return node.error();
    (*node)->rdev = u64{t.major} << 8 | t.minor;
    return Rmknod{made_qid(**node)};
}

Result<Rlink> FakeServer::on(const Tlink& t) {
    FidState* const directory = find(t.dfid);
    FidState* const existing = find(t.fid);
    if (!directory || !existing) return refusal(P9_EBADF);
    if (existing->node->is_directory()) return refusal(P9_EPERM);
    if (directory->node->find(t.name)) return refusal(P9_EEXIST);
    tree_.enter(directory->node, t.name, existing->node);
    ++existing->node->nlink;
    return Rlink{};
}

Result<void> FakeServer::remove(const TreeNodePtr& directory, const std::string& name) {
    const auto node = directory->find(name);
    if (!node) return refusal(P9_ENOENT);
    if (!node->entries.empty()) return refusal(P9_ENOTEMPTY);
    if (node->is_directory()) node->nlink = 1;
    tree_.leave(directory, name);
    return {};
}

Result<void> FakeServer::move(TreeNodePtr from, std::string name, const TreeNodePtr& to, const std::string& new_name) {
    const auto node = from->find(name);
    if (!node) return refusal(P9_ENOENT);
    if (const auto there = to->find(new_name); there && there != node) {
        if (there->is_directory() && !node->is_directory()) return refusal(P9_EISDIR);
        if (!there->is_directory() && node->is_directory()) return refusal(P9_ENOTDIR);
        if (const auto done = remove(to, new_name); !done) return done;
    } else if (there) {
        return {};
    }
    ++node->nlink;  // `leave` takes one
    tree_.leave(from, name);
    tree_.enter(to, new_name, node);
    for (auto& [number, fid] : fids_)
        if (fid.node == node && fid.parent == from && fid.name == name) {
            fid.parent = to;
            fid.name = new_name;
        }
    return {};
}

Result<Rrename> FakeServer::on(const Trename& t) {
    FidState* const fid = find(t.fid);
    FidState* const directory = find(t.dfid);
    if (!fid || !directory) return refusal(P9_EBADF);
    if (!fid->parent) return refusal(P9_EINVAL);
    if (const auto done = move(fid->parent, fid->name, directory->node, t.name); !done) return done.error();
    return Rrename{};
}

Result<Rrenameat> FakeServer::on(const Trenameat& t) {
    FidState* const from = find(t.olddirfid);
    FidState* const to = find(t.newdirfid);
    if (!from || !to) return refusal(P9_EBADF);
    if (const auto done = move(from->node, t.oldname, to->node, t.newname); !done) return done.error();
    return Rrenameat{};
}

Result<Runlinkat> FakeServer::on(const Tunlinkat& t) {
    FidState* const fid = find(t.dirfid);
    if (!fid) return refusal(P9_EBADF);
    const auto node = fid->node->find(t.name);
    if (!node) return refusal(P9_ENOENT);
    if (node->is_directory() != (t.flags == P9_AT_REMOVEDIR))
        return refusal(node->is_directory() ? P9_EISDIR : P9_ENOTDIR);
    if (const auto done = remove(fid->node, t.name); !done) return done.error();
    return Runlinkat{};
}

}  // namespace p9::test
