#include "fuse/users.hpp"

#include "fuse/filesystem.hpp"

#include "tools/user_names.hpp"

#include <boost/asio/redirect_error.hpp>

#include <cerrno>

namespace p9::fuse {
namespace {

// Attaches beside the mount's own that are kept: fids on the server.
constexpr std::size_t MOST_ATTACHES = 64;

/// Ends an attempt, however it ends.
class Attempt {
public:
    Attempt(bool& under_way, boost::asio::steady_timer& changed) : under_way_(under_way), changed_(changed) {
        under_way_ = true;
    }
    ~Attempt() {
        under_way_ = false;
        changed_.cancel();
    }
    Attempt(const Attempt&) = delete;
    Attempt& operator=(const Attempt&) = delete;

private:
    bool& under_way_;
    boost::asio::steady_timer& changed_;
};

}  // namespace

UserTree::UserTree(Connection& connection, u32 uid)
    : connection_(connection),
      uid_(uid),
      changed_(connection.session().executor(), boost::asio::steady_timer::time_point::max()) {}

awaitable<Result<NodePtr>> UserTree::root() {
    if (uid_ == NOBODYS) co_return Error::from_errno(EACCES, "the mount is another user's");
    while (!root_ || &root_->session() != &connection_.session()) {
        if (attaching_) {
            boost::system::error_code woken;
            co_await changed_.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, woken));
            const auto state = co_await boost::asio::this_coro::cancellation_state;
            if (state.cancelled() != boost::asio::cancellation_type::none)
                co_return Error(errc::cancelled, "waiting for an attach");
            continue;
        }
        const Attempt attempt(attaching_, changed_);
        AttachOptions who = connection_.options().attach;
        who.n_uname = uid_;
        who.label = uid_;
        // 9P2000.L goes by numbers, as v9fs has it; the older dialects know names.
        who.uname.clear();
        if (connection_.session().dialect() != Dialect::linux_) who.uname = tools::user_name(uid_);
        const std::shared_ptr<Session> session = connection_.shared_session();
        auto attached = co_await session->attach(std::move(who));
        if (!attached) {
            const bool ours = attached.error().code == make_error_code(errc::connection_lost) ||
                              attached.error().code == make_error_code(errc::cancelled);
            if (ours) co_return std::move(attached).error();
            co_return Error::from_errno(EACCES, "the server refuses to attach user " + std::to_string(uid_) + ": " +
                                                    attached.error().message());
        }
        root_ = std::make_shared<Node>(std::move(*attached));
    }
    co_return root_;
}

Users::Users(FileSystem& mounts_own) : mounts_own_(mounts_own) {}

Users::~Users() = default;

FileSystem& Users::of_caller(u32 uid) {
    const Behaviour& behaviour = mounts_own_.behaviour();
    if (behaviour.access == Access::client || uid == behaviour.access_uid) return mounts_own_;
    return of_label(behaviour.access == Access::single ? NOBODYS : uid);
}

FileSystem& Users::of_label(u32 label) {
    if (label == MOUNTS_OWN) return mounts_own_;
    User& user = users_[label];
    user.last_use = ++uses_;
    if (!user.tree || !user.tree->attached()) limit_attaches();
    if (!user.view) {
        user.tree = std::make_unique<UserTree>(mounts_own_.connection(), label);
        user.view = std::make_unique<FileSystem>(mounts_own_, *user.tree);
    }
    return *user.view;
}

std::size_t Users::attached() const {
    return static_cast<std::size_t>(std::ranges::count_if(
        users_, [](const auto& each) { return each.second.tree && each.second.tree->attached(); }));
}

void Users::limit_attaches() {
    while (attached() >= MOST_ATTACHES) {
        User* oldest = nullptr;
        for (auto& [label, user] : users_)
            if (user.tree && user.tree->attached() && (oldest == nullptr || user.last_use < oldest->last_use))
                oldest = &user;
        oldest->tree->let_go();
    }
}

}  // namespace p9::fuse
