#include "tools/p9serve/memory_node.hpp"

#include <sys/stat.h>

#include <cerrno>
#include <cstdint>

namespace p9::serve {
namespace {

constexpr u32 MEMORY_BLOCK = 4096;
constexpr std::size_t VALUE_LIMIT = 65536;  // Linux's XATTR_SIZE_MAX and XATTR_LIST_MAX
constexpr u64 VALUE_COST = 160;

bool writes(OpenFlags flags) { return (flags & P9_O_ACCMODE) != P9_O_RDONLY || (flags & P9_O_TRUNC) != 0; }

u64 value_cost(const std::string& name, const std::string& value) { return VALUE_COST + name.size() + value.size(); }

std::optional<Error> refuse_value(const MemoryNode& node, const std::string& name, const std::string& value) {
    // Without meaning to us: system.posix_acl_access, say, would be a promise that nobody keeps.
    const bool known = name.starts_with("user.") || name.starts_with("security.") || name.starts_with("trusted.");
    if (!known || name.ends_with(".") || name.find('\0') != std::string::npos)
        return Error::from_errno(EOPNOTSUPP, "extended attributes are called user.…, security.… or trusted.… here");
    if (name.size() > 255) return Error::from_errno(ERANGE, "the name of this extended attribute is too long");
    if (value.size() > VALUE_LIMIT) return Error::from_errno(E2BIG);
    std::size_t list = name.size() + 1;
    for (const auto& [other, ignored] : node.xattrs) list += other.size() + 1;
    if (list > VALUE_LIMIT && !node.xattrs.contains(name)) return Error::from_errno(ENOSPC);
    return std::nullopt;
}

Time moment(const TimeChange& change) { return change.time ? *change.time : now(); }

std::optional<Error> refuse_times(const AttributeChange& change) {
    for (const auto& time : {change.atime, change.mtime}) {
        if (time && time->time && time->time->nanoseconds >= 1'000'000'000)
            return Error::from_errno(EINVAL, "a time has less than 1000000000 nanoseconds");
    }
    return std::nullopt;
}

}  // namespace

awaitable<Result<Attributes>> MemoryFile::attributes() {
    Attributes attributes;
    attributes.valid = GETATTR_BASIC | GETATTR_BTIME | GETATTR_DATA_VERSION;
    attributes.mode = node_->mode;
    attributes.uid = node_->uid;
    attributes.gid = node_->gid;
    attributes.nlink = node_->nlink;
    attributes.rdev = node_->rdev;
    attributes.size = node_->contents.size();
    if (node_->type() == FileType::symlink) attributes.size = node_->target.size();
    attributes.blksize = MEMORY_BLOCK;
    attributes.blocks = (node_->contents.allocated() + 511) / 512;
    attributes.atime = node_->atime;
    attributes.mtime = node_->mtime;
    attributes.ctime = node_->ctime;
    attributes.btime = node_->btime;
    attributes.data_version = node_->version;
    co_return attributes;
}

awaitable<Result<OpenFilePtr>> MemoryFile::open(OpenFlags flags) {
    if ((flags & P9_O_ACCMODE) == P9_O_ACCMODE) co_return Error::from_errno(EINVAL, "there is no open mode 3");
    switch (node_->type()) {
        case FileType::directory:
            if (writes(flags)) co_return Error::from_errno(EISDIR);
            break;
        case FileType::file:
            if ((flags & P9_O_DIRECTORY) != 0) co_return Error::from_errno(ENOTDIR);
            break;
        case FileType::symlink:
            co_return Error::from_errno(ELOOP, "a symlink is read with Treadlink, not opened");
        default:
            co_return Error::from_errno(ENXIO, "a fifo, socket or device is only a name here");
    }
    if ((flags & P9_O_TRUNC) != 0) {
        node_->contents.truncate(0);
        node_->modified();
    }
    co_return std::make_unique<MemoryOpen>(node_, flags);
}

awaitable<Result<void>> MemoryFile::change(AttributeChange change) {
    MemoryNode& node = *node_;
    if (change.mode && node.type() == FileType::symlink)
        co_return Error::from_errno(EOPNOTSUPP, "a symlink has no mode of its own");
    if (change.size && node.is_directory()) co_return Error::from_errno(EISDIR);
    if (change.size && node.type() != FileType::file)
        co_return Error::from_errno(EINVAL, "only a regular file can be truncated");
    if (change.size && *change.size > INT64_MAX) co_return Error::from_errno(EFBIG);
    if (auto refused = refuse_times(change)) co_return *std::move(refused);

    if (change.uid || change.gid) {
        // As chown(2) does, lest a program runs as somebody else than it was made for.
        if (!node.is_directory()) node.mode &= ~((node.mode & S_IXGRP) != 0 ? S_ISUID | S_ISGID : S_ISUID);
        if (change.uid && *change.uid != NONUNAME) node.uid = *change.uid;
        if (change.gid && *change.gid != NONUNAME) node.gid = *change.gid;
    }
    if (change.mode) node.mode = (node.mode & P9_S_IFMT) | (*change.mode & P9_S_PERMISSIONS);
    if (change.size) {
        node.contents.truncate(*change.size);
        node.modified();
    }
    if (change.atime) node.atime = moment(*change.atime);
    if (change.mtime) node.mtime = moment(*change.mtime);
    node.changed();
    co_return boost::system::in_place_value;
}

awaitable<Result<std::string>> MemoryFile::readlink() {
    if (node_->type() != FileType::symlink) co_return Error::from_errno(EINVAL);
    co_return node_->target;
}

awaitable<Result<StatFs>> MemoryFile::statfs() {
    const MemoryBudget& budget = node_->context->budget;
    StatFs figures;
    figures.fs_type = 0x01021994;  // TMPFS_MAGIC
    figures.bsize = MEMORY_BLOCK;
    figures.blocks = budget.limit() / MEMORY_BLOCK;
    figures.bfree = figures.bavail = budget.left() / MEMORY_BLOCK;
    figures.files = budget.limit() / MemoryNode::COST;
    figures.ffree = budget.left() / MemoryNode::COST;
    figures.namelen = 255;
    co_return figures;
}

awaitable<Result<std::string>> MemoryFile::xattr(std::string name) {
    const auto found = node_->xattrs.find(name);
    if (found == node_->xattrs.end()) co_return Error::from_errno(ENODATA);
    co_return found->second;
}

awaitable<Result<std::string>> MemoryFile::xattr_names() {
    std::string names;
    for (const auto& [name, value] : node_->xattrs) names.append(name).push_back('\0');
    co_return names;
}

awaitable<Result<void>> MemoryFile::set_xattr(std::string name, std::string value, u32 flags) {
    MemoryNode& node = *node_;
    if (auto refused = refuse_value(node, name, value)) co_return *std::move(refused);
    constexpr u32 only_new = 1;
    constexpr u32 only_old = 2;
    if (flags > only_old) co_return Error::from_errno(EINVAL);
    const auto found = node.xattrs.find(name);
    if (found != node.xattrs.end() && flags == only_new) co_return Error::from_errno(EEXIST);
    if (found == node.xattrs.end() && flags == only_old) co_return Error::from_errno(ENODATA);
    if (!node.take(value_cost(name, value))) co_return Error::from_errno(ENOSPC);
    if (found != node.xattrs.end()) node.give_back(value_cost(name, found->second));
    node.xattrs.insert_or_assign(std::move(name), std::move(value));
    node.changed();
    co_return boost::system::in_place_value;
}

awaitable<Result<void>> MemoryFile::remove_xattr(std::string name) {
    const auto found = node_->xattrs.find(name);
    if (found == node_->xattrs.end()) co_return Error::from_errno(ENODATA);
    node_->give_back(value_cost(name, found->second));
    node_->xattrs.erase(found);
    node_->changed();
    co_return boost::system::in_place_value;
}

}  // namespace p9::serve
