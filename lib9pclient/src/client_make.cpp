// What a client makes, moves and removes by path.
#include "p9/client.hpp"

#include "client_walk.hpp"
#include "dialect.hpp"

#include <cerrno>

namespace p9 {

/// The directory that a path's last name is in, and that name.
struct Client::Parent {
    Node directory;
    std::string name;
};

awaitable<Result<Client::Parent>> Client::parent_of(std::string path) const {
    auto names = split_path(path);
    if (names.empty()) co_return Error::from_errno(EBUSY, "the root of the tree cannot be made, moved or removed");
    Parent parent;
    parent.name = std::move(names.back());
    names.pop_back();
    if (auto refusal = refuse_name(parent.name)) co_return *refusal;
    auto walking = walk_path(root_, std::move(names), Follow::yes);
    auto directory = co_await std::move(walking);
    if (!directory) co_return directory.error();
    parent.directory = std::move(*directory);
    co_return parent;
}

awaitable<Result<File>> Client::create(std::string path, OpenFlags flags, u32 mode) const {
    // What exists is opened, through symlinks; Tcreate of the older dialects would refuse it.
    if ((flags & P9_O_EXCL) == 0) {
        auto opened = co_await open(path, flags & ~u32{P9_O_CREAT});
        if (opened || !opened.error().is_errno(ENOENT)) co_return opened;
    }
    auto finding = parent_of(std::move(path));
    auto parent = co_await std::move(finding);
    if (!parent) co_return parent.error();
    auto creating = File::create(std::move(parent->directory), std::move(parent->name), flags | P9_O_CREAT, mode);
    co_return co_await std::move(creating);
}

awaitable<Result<void>> Client::mkdir(std::string path, u32 mode) const {
    auto finding = parent_of(std::move(path));
    auto parent = co_await std::move(finding);
    if (!parent) co_return parent.error();
    auto work = session().operations().mkdir(parent->directory, std::move(parent->name), mode, NONUNAME);
    co_return co_await std::move(work);
}

awaitable<Result<void>> Client::symlink(std::string path, std::string target) const {
    auto finding = parent_of(std::move(path));
    auto parent = co_await std::move(finding);
    if (!parent) co_return parent.error();
    auto work = session().operations().symlink(parent->directory, std::move(parent->name), std::move(target), NONUNAME);
    co_return co_await std::move(work);
}

awaitable<Result<void>> Client::mknod(std::string path, u32 mode, u32 major, u32 minor) const {
    auto finding = parent_of(std::move(path));
    auto parent = co_await std::move(finding);
    if (!parent) co_return parent.error();
    auto work = session().operations().mknod(parent->directory, std::move(parent->name), mode, major, minor, NONUNAME);
    co_return co_await std::move(work);
}

awaitable<Result<void>> Client::link(std::string existing, std::string path) const {
    auto node = co_await walk(std::move(existing), Follow::no);
    if (!node) co_return node.error();
    auto finding = parent_of(std::move(path));
    auto parent = co_await std::move(finding);
    if (!parent) co_return parent.error();
    auto work = parent->directory.link(std::move(parent->name), *node);
    co_return co_await std::move(work);
}

awaitable<Result<void>> Client::rename(std::string path, std::string new_path) const {
    auto finding = parent_of(std::move(path));
    auto from = co_await std::move(finding);
    if (!from) co_return from.error();
    auto finding_new = parent_of(std::move(new_path));
    auto to = co_await std::move(finding_new);
    if (!to) co_return to.error();
    auto work = from->directory.rename(std::move(from->name), to->directory, std::move(to->name));
    co_return co_await std::move(work);
}

awaitable<Result<void>> Client::remove(std::string path) const {
    auto node = co_await walk(path, Follow::no);
    if (!node) co_return node.error();
    const bool directory = (node->qid().type & QTDIR) != 0;
    auto finding = parent_of(std::move(path));
    auto parent = co_await std::move(finding);
    if (!parent) co_return parent.error();
    auto removing = parent->directory.unlink(parent->name, directory);
    auto removed = co_await std::move(removing);
    // Some servers' qids do not tell directories: their refusal does.
    if (removed || !removed.error().is_errno(directory ? ENOTDIR : EISDIR)) co_return removed;
    auto other = parent->directory.unlink(std::move(parent->name), !directory);
    co_return co_await std::move(other);
}

}  // namespace p9
