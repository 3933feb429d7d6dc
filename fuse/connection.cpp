#include "fuse/connection.hpp"

#include "fuse/backoff.hpp"
#include "tools/connection.hpp"
#include "tools/messages.hpp"

#include <boost/asio/redirect_error.hpp>

#include <cerrno>
#include <cstdio>

namespace p9::fuse {
namespace {

namespace asio = boost::asio;

// Between attempts: a server that restarts is back in a moment, a guest that boots in seconds.
constexpr std::chrono::milliseconds FIRST_RETRY{50}, LONGEST_RETRY{2000};
// A session that ends so soon is as good as none: a server that hangs up again and again is not kept busy.
constexpr std::chrono::milliseconds SHORT_LIFE{200};

/// An attach that was refused, in words that help.
Error attach_refused(Error error, const ConnectionOptions& options) {
    if (tools::ends_everything(error)) return error;
    const AttachOptions& attach = options.attach;
    error.text = display_name(options.address) + ": attach " +
                 (attach.aname.empty() ? std::string("without a tree's name") : escaped(attach.aname)) + " as " +
                 escaped(attach.uname) + ": " + error.message();
    if (attach.aname.empty()) error.text += " (some servers, diod among them, want the exported path: -o aname=PATH)";
    return error;
}

std::string seconds(Duration time) {
    char text[32];
    std::snprintf(text, sizeof text, "%.1f s", std::chrono::duration<double>(time).count());
    return text;
}

}  // namespace

Connection::Connection(asio::any_io_executor executor, ConnectionOptions options, const Log& log)
    : executor_(std::move(executor)),
      options_(std::move(options)),
      log_(log),
      changed_(executor_, asio::steady_timer::time_point::max()),
      retry_(executor_),
      patience_(executor_) {}

awaitable<Result<NodePtr>> Connection::connect() {
    const std::string late = name() + ": no connection, or no answer, within " + seconds(options_.connect_timeout);
    auto reached = std::make_shared<bool>(false);
    auto attaching = attach(reached);
    auto root = co_await within(options_.connect_timeout, std::move(attaching), late);
    if (!root) co_return tools::no_connection(root.error(), options_.address, *reached);
    if (generation_ == 0) {
        generation_ = 1;
        ready_ = true;
    }
    co_return std::move(root);
}

awaitable<Result<NodePtr>> Connection::attach(std::shared_ptr<bool> reached) {
    DialOptions dial = options_.dial;
    Dialler dialling = tools::noting_dialler(options_.address, std::move(dial), std::move(reached));
    if (options_.capture) dialling = options_.capture->watch(std::move(dialling));
    SessionOptions how = options_.session;
    auto session = co_await Session::open(std::move(dialling), std::move(how));
    if (!session) co_return std::move(session).error();
    AttachOptions who = options_.attach;
    auto root = co_await (*session)->attach(std::move(who));
    if (!root) co_return attach_refused(std::move(root).error(), options_);
    auto attributes = co_await root->attributes();
    if (!attributes) co_return std::move(attributes).error().about("the root of the tree");
    if (!attributes->is_directory())
        co_return Error::from_errno(ENOTDIR, "the root of the tree \"" + escaped(options_.attach.aname) +
                                                 "\" is not a directory; p9cat reads files");
    root_attributes_ = *attributes;
    session_ = std::move(*session);
    co_return std::make_shared<Node>(std::move(*root));
}

awaitable<void> Connection::keep(std::function<void()> lost, std::function<awaitable<void>(NodePtr)> take_over) {
    // Inherited descriptors cannot be dialled again.
    const bool again = !std::holds_alternative<FdAddress>(options_.address);
    const bool callers_wait = again && options_.reconnect_timeout != Duration::zero();
    std::string what_now = again ? "; trying to get it back" : "";
    if (!callers_wait)
        what_now += (again ? "; until then every call fails with \"" : "; every call fails with \"") +
                    errno_message(ENOTCONN) + '"';
    Backoff pauses(FIRST_RETRY, LONGEST_RETRY);
    while (!stopped_) {
        const std::shared_ptr<Session> session = session_;
        const auto began = Clock::now();
        last_error_ = co_await session->wait_until_ended();
        if (stopped_) co_return;
        ready_ = false;
        lost();
        lost_since_ = Clock::now();
        log_.note("the connection to " + name() + " ended: " + last_error_->message() + what_now);
        tell_("no connection to " + name() + ": " + last_error_->message());
        if (callers_wait) {
            spawn(executor_, give_up_later(generation_));
        } else {
            given_up_ = true;
            changed_.cancel();
            if (!again) co_return;
        }
        if (Clock::now() - began < SHORT_LIFE) {
            co_await pause(retry_, pauses.next());
            if (stopped_) co_return;
        } else {
            pauses = Backoff(FIRST_RETRY, LONGEST_RETRY);
        }
        for (;;) {
            auto connecting = connect();
            auto root = co_await std::move(connecting);
            if (stopped_) co_return;
            if (root) {
                auto taking = take_over(std::move(*root));
                co_await std::move(taking);
                break;
            }
            if (last_error_->message() != root.error().message()) log_.note(root.error().message());
            last_error_ = std::move(root).error();
            co_await pause(retry_, pauses.next());
            if (stopped_) co_return;
        }
        log_.note("connected to " + name() + " again after " + seconds(Clock::now() - *lost_since_));
        tell_("connected to " + name());
        ++generation_;
        ready_ = true;
        given_up_ = false;
        lost_since_.reset();
        patience_.cancel();
        changed_.cancel();
    }
}

awaitable<void> Connection::give_up_later(u64 generation) {
    co_await pause(patience_, options_.reconnect_timeout);
    if (stopped_ || generation != generation_) co_return;
    given_up_ = true;
    changed_.cancel();
    log_.note("no connection to " + name() + " for " + seconds(options_.reconnect_timeout) + ": calls fail with \"" +
              errno_message(ENOTCONN) + "\" until it is back");
}

awaitable<void> Connection::pause(asio::steady_timer& timer, Duration time) {
    if (stopped_) co_return;
    timer.expires_after(time);
    boost::system::error_code ignored;
    co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
}

void Connection::stop() {
    stopped_ = true;
    changed_.cancel();
    retry_.cancel();
    patience_.cancel();
}

Error Connection::gone() const {
    return {errc::connection_lost, name() + ": not connected: " + (last_error_ ? last_error_->message() : "")};
}

awaitable<Result<void>> Connection::come_back() {
    while (!alive()) {
        if (given_up_ || stopped_) co_return gone();
        boost::system::error_code woken;
        co_await changed_.async_wait(asio::redirect_error(asio::use_awaitable, woken));
        const auto state = co_await asio::this_coro::cancellation_state;
        if (state.cancelled() != asio::cancellation_type::none)
            co_return Error(errc::cancelled, "waiting for the connection");
    }
    co_return boost::system::in_place_value;
}

}  // namespace p9::fuse
