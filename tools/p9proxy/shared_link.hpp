// One connection to the server that several clients use, from its version exchange to its loss.
//
// Held by shared_ptr by the Share that made it, by the conversations on it and by its coroutines. One thread. When it
// is lost, all conversations on it are lost; the next one needs another link.
#pragma once

#include "p9/negotiate.hpp"
#include "tools/p9proxy/multiplexer.hpp"
#include "tools/p9proxy/outbox.hpp"
#include "tools/p9proxy/proxy_options.hpp"

#include <memory>
#include <vector>

namespace p9::proxy {

class SharedConversation;

class SharedLink : public std::enable_shared_from_this<SharedLink> {
public:
    SharedLink(Agreement agreement, Context& context);
    ~SharedLink();

    /// Begins to bring replies.
    void start();
    /// Ends it for this reason, once; all conversations on it are lost.
    void end(Error why);
    const std::optional<Error>& ended() const { return ended_; }

    void join(SharedConversation& conversation) { members_.push_back(&conversation); }
    void leave(SharedConversation& conversation);
    /// A reply was put for `conversation`; it is sent when no more are at hand.
    void put_for(SharedConversation& conversation);

    Multiplexer& multiplexer() { return multiplexer_; }
    Outbox& requests() { return *requests_; }
    /// Where it leads, and what was agreed on.
    std::string description() const;

private:
    static awaitable<void> bring_replies(std::shared_ptr<SharedLink> self);
    static awaitable<void> watch(std::shared_ptr<SharedLink> self);
    void deliver();
    void seen(const Member* member, Direction direction, Bytes frame) const;

    Context& context_;
    std::shared_ptr<Transport> transport_;
    std::shared_ptr<Outbox> requests_;
    Multiplexer multiplexer_;
    std::vector<SharedConversation*> members_;
    std::vector<SharedConversation*> waiting_;  // with replies that were put and not sent
    bool bringing_ = false;                     // inside bring_replies
    bool asked_ = false;                        // something was sent since the last probe
    Clock::time_point probed_;
    boost::asio::steady_timer timer_;  // of watch
    std::optional<Error> ended_;
};

}  // namespace p9::proxy
