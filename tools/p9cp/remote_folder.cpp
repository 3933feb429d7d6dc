#include "tools/p9cp/remote_draft.hpp"

#include <cerrno>

namespace p9::tools {

awaitable<Result<void>> RemoteFolder::prepare() {
    std::vector<std::string> nothing;
    auto cloning = node_.walk(std::move(nothing));
    auto clone = co_await std::move(cloning);
    if (!clone) co_return clone.error();
    auto opening = Directory::open(*std::move(clone));
    auto directory = co_await std::move(opening);
    if (!directory) co_return directory.error();
    auto reading = directory->read_all();
    auto all = co_await std::move(reading);
    if (!all) co_return all.error();
    names_.emplace();
    for (auto& entry : all->entries) names_->insert(std::move(entry.name));
    co_return boost::system::in_place_value;
}

awaitable<Result<std::optional<Attributes>>> RemoteFolder::look(std::string name) {
    std::optional<Attributes> found;
    if (names_ && !names_->contains(name)) co_return found;
    auto walking = node_.walk(std::move(name));
    auto node = co_await std::move(walking);
    if (!node) {
        if (node.error().is_errno(ENOENT)) co_return found;
        co_return node.error();
    }
    auto asking = node->attributes(GETATTR_BASIC);
    auto attributes = co_await std::move(asking);
    if (!attributes) co_return attributes.error();
    if ((attributes->valid & GETATTR_MODE) == 0) attributes->mode = mode_bits(type_of_qid(node->qid().type));
    found = *std::move(attributes);
    co_return found;
}

awaitable<Result<FolderPtr>> RemoteFolder::folder(std::string name, u32 mode) {
    auto making = node_.mkdir(name, (mode & 0777) | 0700);
    auto made = co_await std::move(making);
    if (made) {
        auto inner = std::make_shared<RemoteFolder>(*std::move(made), state_);
        inner->fresh = true;
        co_return inner;
    }
    if (made.error().is_errc()) co_return made.error();
    // It may be there: not every server says so by EEXIST.
    auto walking = node_.walk(std::move(name));
    auto node = co_await std::move(walking);
    if (!node) co_return made.error();
    if ((node->qid().type & QTDIR) == 0) {
        auto asking = node->attributes(GETATTR_BASIC);
        auto attributes = co_await std::move(asking);
        if (!attributes) co_return attributes.error();
        if (!attributes->is_directory()) co_return Error::from_errno(ENOTDIR);
    }
    co_return std::make_shared<RemoteFolder>(*std::move(node), state_);
}

awaitable<Result<void>> RemoteFolder::symlink(std::string name, std::string target, bool replace) {
    auto linking = node_.symlink(name, target);
    auto made = co_await std::move(linking);
    if (made) co_return boost::system::in_place_value;
    if (!replace || !made.error().is_errno(EEXIST)) co_return made.error();
    auto removing = node_.unlink(name, false);
    auto removed = co_await std::move(removing);
    if (!removed) co_return removed.error();
    auto again = node_.symlink(std::move(name), std::move(target));
    auto link = co_await std::move(again);
    if (!link) co_return link.error();
    co_return boost::system::in_place_value;
}

awaitable<Result<void>> RemoteFolder::settle(Stamp stamp) {
    auto changing = node_.change(change_of(stamp));
    auto changed = co_await std::move(changing);
    co_return changed;
}

AttributeChange change_of(const Stamp& stamp) {
    AttributeChange change;
    change.mode = stamp.mode;
    if (stamp.atime) change.atime = TimeChange{stamp.atime};
    if (stamp.mtime) change.mtime = TimeChange{stamp.mtime};
    return change;
}

FolderPtr remote_folder(Node directory, std::shared_ptr<RemoteState> state) {
    return std::make_shared<RemoteFolder>(std::move(directory), std::move(state));
}

namespace {

awaitable<void> remove_leftover(const RemoteState::Leftover& leftover, Result<void>& all) {
    const auto& node = static_cast<RemoteFolder&>(*leftover.folder).node();
    auto removing = node.unlink(leftover.name, false);
    auto removed = co_await std::move(removing);
    if (!removed && !removed.error().is_errno(ENOENT)) all = removed;
}

}  // namespace

awaitable<Result<void>> remove_leftovers(RemoteState& state) {
    co_await boost::asio::this_coro::throw_if_cancelled(false);
    auto leftovers = std::exchange(state.leftovers, {});
    Result<void> all = boost::system::in_place_value;
    auto remove = [&leftovers, &all](std::size_t i) { return remove_leftover(leftovers[i], all); };
    auto removing = for_each_concurrently(leftovers.size(), 64, std::move(remove));
    co_await std::move(removing);
    co_return all;
}

}  // namespace p9::tools
