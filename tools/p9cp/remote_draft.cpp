#include "tools/p9cp/remote_draft.hpp"

#include "tools/borrowed_node.hpp"
#include "tools/both.hpp"

#include <unistd.h>

#include <cerrno>

namespace p9::tools {
namespace {

/// What a server answers that will not have a new name, or a new file, in that directory.
bool is_not_for_names(const Error& error) {
    return error.is_errno(EOPNOTSUPP) || error.is_errno(ENOSYS) || error.is_errno(EPERM) || error.is_errno(EACCES) ||
           error.is_errno(EINVAL) || error.is_errno(EIO);
}

class RemoteDraft final : public Draft {
public:
    /// `temporary` is empty for what is written in its place; `made` tells whether it was made for that.
    RemoteDraft(std::shared_ptr<RemoteFolder> folder, DraftPlan plan, File file, std::string temporary, bool made,
                u64 offset)
        : folder_(std::move(folder)),
          plan_(std::move(plan)),
          file_(std::move(file)),
          stream_(file_, offset),
          temporary_(std::move(temporary)),
          made_(made) {
        begin = offset;
        piece = file_.max_io();
    }
    ~RemoteDraft() override {
        const bool keep = plan_.resume && written_ && !again;
        if (done_ || !made_ || (keep && !temporary_.empty())) return;
        folder_->state().leftovers.push_back({folder_, temporary_.empty() ? plan_.name : temporary_});
    }

    awaitable<Result<void>> write(Payload data) override {
        written_ = true;
        auto writing = stream_.write(std::move(data));
        auto written = co_await std::move(writing);
        co_return written;
    }

    awaitable<Result<void>> commit(Stamp stamp) override {
        auto finishing = stream_.finish();
        auto finished = co_await std::move(finishing);
        if (!finished) co_return finished;
        if (stamp.mode || stamp.atime || stamp.mtime) {
            auto changing = file_.node().change(change_of(stamp));
            auto changed = co_await std::move(changing);
            if (!changed) co_return changed;
        }
        auto closing = file_.node().close();
        auto closed = co_await std::move(closing);
        if (!closed) co_return closed;
        if (!temporary_.empty()) {
            auto renaming = rename();
            auto renamed = co_await std::move(renaming);
            if (!renamed) co_return renamed;
        }
        done_ = true;
        co_return boost::system::in_place_value;
    }

private:
    awaitable<Result<void>> rename() {
        RemoteState& state = folder_->state();
        const Node& node = folder_->node();
        auto renaming = node.rename(temporary_, node, plan_.name);
        auto renamed = co_await std::move(renaming);
        if (!renamed && plan_.existing && !renamed.error().is_errc()) {
            // Before 9P2000.L a name that is taken stays taken (stat(5)).
            auto removing = node.unlink(plan_.name, false);
            auto removed = co_await std::move(removing);
            if (removed) {
                auto once_more = node.rename(temporary_, node, plan_.name);
                renamed = co_await std::move(once_more);
            }
        }
        if (renamed) {
            state.renames = true;
        } else if (!state.renames.value_or(false) && is_not_for_names(renamed.error())) {
            state.renames = false;
            again = true;
        }
        co_return renamed;
    }

    std::shared_ptr<RemoteFolder> folder_;
    DraftPlan plan_;
    File file_;
    WriteStream stream_;  // refers to file_
    std::string temporary_;
    bool made_;
    bool written_ = false;
    bool done_ = false;
};

}  // namespace

awaitable<Result<DraftPtr>> RemoteFolder::draft(DraftPlan plan) {
    const bool device = plan.existing && plan.existing->type() != FileType::file;
    if (device && plan.existing->type() != FileType::symlink && !plan.single)
        co_return Error::from_errno(EEXIST, "something that is no file has that name on the server");
    const bool without_names = state_->renames && !*state_->renames;
    if ((device && plan.single) || without_names) {
        auto opening = in_place(std::move(plan));
        co_return co_await std::move(opening);
    }
    if (plan.existing) plan.mode = plan.existing->mode;
    if (plan.resume) {
        auto going = go_on(plan);
        auto draft = co_await std::move(going);
        if (draft || draft.error().is_errc()) co_return draft;
    }
    auto beginning = begin_anew(plan);
    auto draft = co_await std::move(beginning);
    // A ctl file, say, in a directory where nothing can be made.
    if (draft || !plan.single || !plan.existing || !is_not_for_names(draft.error())) co_return draft;
    auto opening = in_place(std::move(plan));
    co_return co_await std::move(opening);
}

// Goes on with what an earlier run has left of the same file.
awaitable<Result<DraftPtr>> RemoteFolder::go_on(DraftPlan plan) {
    std::string name = draft_name(plan.name, plan.version);
    auto walking = node_.walk(name);
    auto node = co_await std::move(walking);
    if (!node) co_return node.error();
    const BorrowedNode borrowed(*node);
    auto opening = File::open(*std::move(node), P9_O_WRONLY);
    auto asking = borrowed->attributes(GETATTR_BASIC);
    auto [file, attributes] = co_await both(std::move(opening), std::move(asking));
    if (!file) co_return file.error();
    if (!attributes) co_return attributes.error();
    if (attributes->type() != FileType::file) co_return Error::from_errno(EEXIST);
    u64 offset = 0;
    // Servers need not write in our order: of what was in flight when it was interrupted anything may be missing.
    if (attributes->size <= plan.version.size && attributes->size > WriteStream::WINDOW)
        offset = attributes->size - WriteStream::WINDOW;
    if (attributes->size > plan.version.size) {
        AttributeChange change;
        change.size = 0;
        auto cutting = file->node().change(std::move(change));
        auto cut = co_await std::move(cutting);
        if (!cut) co_return cut.error();
    }
    co_return std::make_unique<RemoteDraft>(shared_from_this(), std::move(plan), *std::move(file), std::move(name),
                                            true, offset);
}

awaitable<Result<DraftPtr>> RemoteFolder::begin_anew(DraftPlan plan) {
    for (u64 salt = plan.resume ? 0 : 1;; ++salt) {
        std::string name =
            draft_name(plan.name, plan.version, salt == 0 ? 0 : static_cast<u64>(::getpid()) << 8 | salt);
        std::vector<std::string> nothing;
        auto cloning = node_.walk(std::move(nothing));
        auto clone = co_await std::move(cloning);
        if (!clone) co_return clone.error();
        auto creating = File::create(*std::move(clone), name, P9_O_WRONLY | P9_O_EXCL, plan.mode & 0777);
        auto file = co_await std::move(creating);
        if (file)
            co_return std::make_unique<RemoteDraft>(shared_from_this(), std::move(plan), *std::move(file),
                                                    std::move(name), true, 0);
        if (!file.error().is_errno(EEXIST) || salt > 20) co_return file.error();
        plan.resume = false;
    }
}

// Without a draft: where nothing can be made or renamed.
awaitable<Result<DraftPtr>> RemoteFolder::in_place(DraftPlan plan) {
    plan.resume = false;
    if (plan.existing) {
        auto walking = node_.walk(plan.name);
        auto node = co_await std::move(walking);
        if (!node) co_return node.error();
        auto opening = File::open(*std::move(node), P9_O_WRONLY | P9_O_TRUNC);
        auto file = co_await std::move(opening);
        if (!file) co_return file.error();
        co_return std::make_unique<RemoteDraft>(shared_from_this(), std::move(plan), *std::move(file), std::string(),
                                                false, 0);
    }
    std::vector<std::string> nothing;
    auto cloning = node_.walk(std::move(nothing));
    auto clone = co_await std::move(cloning);
    if (!clone) co_return clone.error();
    auto creating = File::create(*std::move(clone), plan.name, P9_O_WRONLY | P9_O_EXCL, plan.mode & 0777);
    auto file = co_await std::move(creating);
    if (!file) co_return file.error();
    co_return std::make_unique<RemoteDraft>(shared_from_this(), std::move(plan), *std::move(file), std::string(), true,
                                            0);
}

}  // namespace p9::tools
