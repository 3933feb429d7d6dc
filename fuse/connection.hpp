// The connection to the server, made again when it is lost.
//
// Each session is a generation: nodes and open files of an older one are void, and whoever needs one walks and opens
// again (FileSystem). Owned by Mount; the sessions are shared with what was made in them. One thread.
#pragma once

#include "fuse/inode_table.hpp"
#include "fuse/log.hpp"

#include "p9/transports/dial.hpp"
#include "tools/capture.hpp"

#include <boost/asio/steady_timer.hpp>

#include <functional>

namespace p9::fuse {

struct ConnectionOptions {
    Address address;
    DialOptions dial;
    SessionOptions session;
    std::shared_ptr<tools::Capture> capture;  ///< null: none
    AttachOptions attach;
    Duration connect_timeout = std::chrono::seconds(10);  ///< connecting, version and attach together
    Duration reconnect_timeout =
        std::chrono::seconds(30);  ///< how long callers wait for a lost server; zero: not at all
};

class Connection {
public:
    Connection(boost::asio::any_io_executor executor, ConnectionOptions options, const Log& log);

    /// Dials, agrees on a dialect and attaches: the root of the tree. For the first time; `keep` does it later.
    awaitable<Result<NodePtr>> connect();
    /// Waits for the end of the session and makes another one, until `stop`. `lost` is told of each end; `take_over`
    /// gets each new root, before anybody else may use the session.
    awaitable<void> keep(std::function<void()> lost, std::function<awaitable<void>(NodePtr)> take_over);
    /// Calls `tell` with a line for people when the connection is lost and when it is back.
    void on_change(std::function<void(const std::string&)> tell) { tell_ = std::move(tell); }
    /// Makes no more sessions, and lets nobody wait for one.
    void stop();

    /// The session of now, which may have ended.
    Session& session() const { return *session_; }
    const std::shared_ptr<Session>& shared_session() const { return session_; }
    /// True if requests can be sent.
    bool alive() const { return ready_ && !session_->ended(); }
    /// Counts sessions, from 1.
    u64 generation() const { return generation_; }
    /// Waits until the connection is alive. Fails with errc::connection_lost when it has been gone for longer than the
    /// reconnect timeout, and with errc::cancelled if the caller is interrupted.
    awaitable<Result<void>> come_back();
    /// Since when there is no connection; nothing while there is one.
    std::optional<Clock::time_point> lost_since() const { return lost_since_; }
    /// Why the last session ended, or why there is no new one; nothing while all was well.
    const std::optional<Error>& last_error() const { return last_error_; }
    /// The root's attributes as they were at the last attach.
    const Attributes& root_attributes() const { return root_attributes_; }
    const ConnectionOptions& options() const { return options_; }

private:
    awaitable<Result<NodePtr>> attach(std::shared_ptr<bool> reached);
    awaitable<void> give_up_later(u64 generation);
    awaitable<void> pause(boost::asio::steady_timer& timer, Duration time);
    Error gone() const;
    std::string name() const { return display_name(options_.address); }

    boost::asio::any_io_executor executor_;
    ConnectionOptions options_;
    const Log& log_;
    std::function<void(const std::string&)> tell_ = [](const std::string&) {};
    std::shared_ptr<Session> session_;
    boost::asio::steady_timer changed_;   // cancelled when any of these changes
    boost::asio::steady_timer retry_;     // until the next attempt
    boost::asio::steady_timer patience_;  // until callers are let go
    Attributes root_attributes_;
    u64 generation_ = 0;
    bool ready_ = false;     // the session's root has been taken over
    bool given_up_ = false;  // callers are not kept waiting any more
    bool stopped_ = false;
    std::optional<Clock::time_point> lost_since_;
    std::optional<Error> last_error_;
};

}  // namespace p9::fuse
