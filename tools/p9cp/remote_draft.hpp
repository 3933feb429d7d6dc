// A directory of the server that is copied into, and the drafts in it. Internal to p9cp; see folder.hpp.
#pragma once

#include "tools/p9cp/folder.hpp"

#include <set>

namespace p9::tools {

class RemoteFolder final : public Folder, public std::enable_shared_from_this<RemoteFolder> {
public:
    RemoteFolder(Node node, std::shared_ptr<RemoteState> state) : node_(std::move(node)), state_(std::move(state)) {}

    const Node& node() const { return node_; }
    RemoteState& state() const { return *state_; }

    awaitable<Result<void>> prepare() override;
    awaitable<Result<std::optional<Attributes>>> look(std::string name) override;
    awaitable<Result<FolderPtr>> folder(std::string name, u32 mode) override;
    awaitable<Result<DraftPtr>> draft(DraftPlan plan) override;
    awaitable<Result<void>> symlink(std::string name, std::string target, bool replace) override;
    awaitable<Result<void>> settle(Stamp stamp) override;

private:
    awaitable<Result<DraftPtr>> go_on(DraftPlan plan);
    awaitable<Result<DraftPtr>> begin_anew(DraftPlan plan);
    awaitable<Result<DraftPtr>> in_place(DraftPlan plan);

    Node node_;
    std::shared_ptr<RemoteState> state_;
    std::optional<std::set<std::string>> names_;  // what was there before us; nothing if it was not listed
};

AttributeChange change_of(const Stamp& stamp);

}  // namespace p9::tools
