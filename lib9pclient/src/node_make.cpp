// What a directory's node makes, moves and removes.
#include "dialect.hpp"

namespace p9 {

awaitable<Result<Node>> Node::mkdir(std::string name, u32 mode, u32 gid) const {
    if (auto refusal = refuse_name(name)) co_return *refusal;
    auto work = session_->operations().mkdir(*this, name, mode, gid);
    auto made = co_await std::move(work);
    if (!made) co_return made.error();
    // The qid of the reply is zero on some servers: walk there and see.
    auto walking = walk(std::move(name));
    co_return co_await std::move(walking);
}

awaitable<Result<Node>> Node::symlink(std::string name, std::string target, u32 gid) const {
    if (auto refusal = refuse_name(name)) co_return *refusal;
    auto work = session_->operations().symlink(*this, name, std::move(target), gid);
    auto made = co_await std::move(work);
    if (!made) co_return made.error();
    auto walking = walk(std::move(name));
    co_return co_await std::move(walking);
}

awaitable<Result<Node>> Node::mknod(std::string name, u32 mode, u32 major, u32 minor, u32 gid) const {
    if (auto refusal = refuse_name(name)) co_return *refusal;
    auto work = session_->operations().mknod(*this, name, mode, major, minor, gid);
    auto made = co_await std::move(work);
    if (!made) co_return made.error();
    auto walking = walk(std::move(name));
    co_return co_await std::move(walking);
}

awaitable<Result<void>> Node::link(std::string name, const Node& existing) const {
    if (auto refusal = refuse_name(name)) co_return *refusal;
    auto work = session_->operations().link(*this, std::move(name), existing.fid());
    co_return co_await std::move(work);
}

awaitable<Result<void>> Node::rename(std::string name, const Node& new_directory, std::string new_name) const {
    if (auto refusal = refuse_name(name)) co_return *refusal;
    if (auto refusal = refuse_name(new_name)) co_return *refusal;
    auto work = session_->operations().rename(*this, std::move(name), new_directory, std::move(new_name));
    co_return co_await std::move(work);
}

awaitable<Result<void>> Node::unlink(std::string name, bool directory) const {
    if (auto refusal = refuse_name(name)) co_return *refusal;
    auto work = session_->operations().unlink(*this, std::move(name), directory);
    co_return co_await std::move(work);
}

}  // namespace p9
