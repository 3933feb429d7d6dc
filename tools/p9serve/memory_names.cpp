// What makes, names and removes files in memory.
#include "tools/p9serve/memory_node.hpp"

#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <cerrno>

namespace p9::serve {
namespace {

constexpr std::size_t LONGEST_TARGET = 4095;  // PATH_MAX without its NUL

bool is_below(MemoryNodePtr node, const MemoryNode* above) {
    for (; node != nullptr; node = node->parent.lock()) {
        if (node.get() == above) return true;
    }
    return false;
}

/// `node` has lost a name.
void unnamed(MemoryNode& node, MemoryNode& directory) {
    if (node.is_directory()) {
        node.nlink = 0;
        node.parent.reset();
        --directory.nlink;
    } else {
        --node.nlink;
    }
    node.changed();
}

}  // namespace

std::optional<Error> MemoryFile::refuse_names() const {
    if (!node_->is_directory()) return Error::from_errno(ENOTDIR);
    if (node_->nlink == 0) return Error::from_errno(ENOENT, "this directory was removed");
    return std::nullopt;
}

Result<MemoryNodePtr> MemoryFile::make(std::string name, u32 mode, u32 gid) {
    if (auto refused = refuse_names()) return *std::move(refused);
    MemoryNode& directory = *node_;
    if (directory.names.find(name) != nullptr) return Error::from_errno(EEXIST);
    if (!directory.context->budget.take(MemoryNode::COST)) return Error::from_errno(ENOSPC);
    const bool inherits = (directory.mode & S_ISGID) != 0;
    const u32 owner = user_ == NONUNAME ? directory.uid : user_;
    const u32 group = inherits || gid == NONUNAME ? directory.gid : gid;
    if (inherits && S_ISDIR(mode)) mode |= S_ISGID;
    auto node = std::make_shared<MemoryNode>(directory.context, mode, owner, group);
    if (!directory.take(MemoryNames::cost(name))) return Error::from_errno(ENOSPC);
    if (node->is_directory()) {
        node->parent = node_;
        ++directory.nlink;
    }
    directory.names.add(std::move(name), node);
    directory.modified();
    return node;
}

void MemoryFile::remove(const std::string& name) {
    const MemoryNodePtr node = node_->names.remove(name);
    node_->give_back(MemoryNames::cost(name));
    unnamed(*node, *node_);
    node_->modified();
}

awaitable<Result<FilePtr>> MemoryFile::walk(std::string name) {
    if (!node_->is_directory()) co_return Error::from_errno(ENOTDIR);
    auto found = node_->names.find(name);
    if (found == nullptr) co_return Error::from_errno(ENOENT);
    co_return file(std::move(found));
}

awaitable<Result<Created>> MemoryFile::create(std::string name, OpenFlags flags, u32 mode, u32 gid) {
    if ((flags & P9_O_ACCMODE) == P9_O_ACCMODE) co_return Error::from_errno(EINVAL, "there is no open mode 3");
    auto node = make(std::move(name), S_IFREG | (mode & P9_S_PERMISSIONS), gid);
    if (!node) co_return node.error();
    co_return Created{file(*node), std::make_unique<MemoryOpen>(*node, flags)};
}

awaitable<Result<FilePtr>> MemoryFile::mkdir(std::string name, u32 mode, u32 gid) {
    auto node = make(std::move(name), S_IFDIR | (mode & P9_S_PERMISSIONS), gid);
    if (!node) co_return node.error();
    co_return file(*std::move(node));
}

awaitable<Result<FilePtr>> MemoryFile::symlink(std::string name, std::string target, u32 gid) {
    if (target.empty()) co_return Error::from_errno(ENOENT, "a symlink needs a target");
    if (target.find('\0') != std::string::npos) co_return Error::from_errno(EINVAL, "a symlink's target holds no NUL");
    if (target.size() > LONGEST_TARGET) co_return Error::from_errno(ENAMETOOLONG);
    auto node = make(name, S_IFLNK | 0777, gid);
    if (!node) co_return node.error();
    if (!(*node)->take(target.size())) {
        remove(name);
        co_return Error::from_errno(ENOSPC);
    }
    (*node)->target = std::move(target);
    co_return file(*std::move(node));
}

awaitable<Result<FilePtr>> MemoryFile::mknod(std::string name, u32 mode, u32 major, u32 minor, u32 gid) {
    const u32 type = (mode & S_IFMT) == 0 ? S_IFREG : mode & S_IFMT;
    if (type == S_IFDIR || type == S_IFLNK || mode_bits(type_of_mode(type)) != type)
        co_return Error::from_errno(EINVAL, "mknod makes files, fifos, sockets and devices only");
    auto node = make(std::move(name), type | (mode & P9_S_PERMISSIONS), gid);
    if (!node) co_return node.error();
    if (type == S_IFCHR || type == S_IFBLK) (*node)->rdev = ::makedev(major, minor);
    co_return file(*std::move(node));
}

awaitable<Result<void>> MemoryFile::link(std::string name, FilePtr existing) {
    const auto* other = dynamic_cast<MemoryFile*>(existing.get());
    if (other == nullptr || other->node_->context != node_->context) co_return Error::from_errno(EXDEV);
    if (auto refused = refuse_names()) co_return *std::move(refused);
    MemoryNode& node = *other->node_;
    if (node.is_directory()) co_return Error::from_errno(EPERM, "a directory has one name only");
    if (node.nlink == 0) co_return Error::from_errno(ENOENT, "the file was removed");
    if (node_->names.find(name) != nullptr) co_return Error::from_errno(EEXIST);
    if (!node_->take(MemoryNames::cost(name))) co_return Error::from_errno(ENOSPC);
    node_->names.add(std::move(name), other->node_);
    ++node.nlink;
    node.changed();
    node_->modified();
    co_return boost::system::in_place_value;
}

Result<void> MemoryFile::rename_now(const std::string& name, const MemoryNodePtr& to, const std::string& new_name) {
    MemoryNode& from = *node_;
    const MemoryNodePtr node = from.names.find(name);
    if (node == nullptr) return Error::from_errno(ENOENT);
    if (node->is_directory() && is_below(to, node.get()))
        return Error::from_errno(EINVAL, "a directory cannot be moved into itself");
    const MemoryNodePtr replaced = to->names.find(new_name);
    if (replaced == node) return boost::system::in_place_value;  // two names of one file: rename(2) leaves both
    if (replaced != nullptr) {
        if (node->is_directory() && !replaced->is_directory()) return Error::from_errno(ENOTDIR);
        if (!node->is_directory() && replaced->is_directory()) return Error::from_errno(EISDIR);
        if (!replaced->names.empty()) return Error::from_errno(ENOTEMPTY);
    } else if (!to->take(MemoryNames::cost(new_name))) {
        return Error::from_errno(ENOSPC);
    }
    from.names.remove(name);
    from.give_back(MemoryNames::cost(name));
    if (replaced != nullptr) {
        to->names.replace(new_name, node);
        unnamed(*replaced, *to);
    } else {
        to->names.add(new_name, node);
    }
    if (node->is_directory()) {
        --from.nlink;
        ++to->nlink;
        node->parent = to;
    }
    node->changed();
    from.modified();
    if (to.get() != &from) to->modified();
    return boost::system::in_place_value;
}

awaitable<Result<void>> MemoryFile::rename(std::string name, FilePtr directory, std::string new_name) {
    const auto* other = dynamic_cast<MemoryFile*>(directory.get());
    if (other == nullptr || other->node_->context != node_->context) co_return Error::from_errno(EXDEV);
    if (auto refused = refuse_names()) co_return *std::move(refused);
    if (auto refused = other->refuse_names()) co_return *std::move(refused);
    co_return rename_now(name, other->node_, new_name);
}

awaitable<Result<void>> MemoryFile::unlink(std::string name, bool is_directory) {
    if (auto refused = refuse_names()) co_return *std::move(refused);
    MemoryNode& directory = *node_;
    const MemoryNodePtr node = directory.names.find(name);
    if (node == nullptr) co_return Error::from_errno(ENOENT);
    if (is_directory && !node->is_directory()) co_return Error::from_errno(ENOTDIR);
    if (!is_directory && node->is_directory()) co_return Error::from_errno(EISDIR);
    if (!node->names.empty()) co_return Error::from_errno(ENOTEMPTY);
    remove(name);
    co_return boost::system::in_place_value;
}

}  // namespace p9::serve
