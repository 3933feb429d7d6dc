// The connection that all clients share (--share): made when the first one needs it, and again after it was lost.
//
// Owned by the proxy. One thread.
#pragma once

#include "tools/p9proxy/shared_link.hpp"

#include <boost/asio/cancellation_signal.hpp>

namespace p9::proxy {

class Share {
public:
    Share(boost::asio::any_io_executor executor, Context& context);

    /// The link; dials if there is none. Any number of calls may wait for the same dial.
    awaitable<Result<std::shared_ptr<SharedLink>>> link();
    /// Ends the link and what dials; no other is made.
    void close();
    /// The link, if there is one.
    const std::shared_ptr<SharedLink>& current() const { return link_; }

private:
    awaitable<void> connect();

    boost::asio::any_io_executor executor_;
    Context& context_;
    std::shared_ptr<SharedLink> link_;
    std::optional<Error> failed_;  // why the last dial did
    bool connecting_ = false;
    bool closed_ = false;
    boost::asio::cancellation_signal cancel_;
    boost::asio::steady_timer event_;  // never expires; cancelled when a dial has ended
};

}  // namespace p9::proxy
