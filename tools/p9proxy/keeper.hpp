// Conversations whose client lost its connection, held until it comes back or its time is up (--keep).
//
// A client that comes back is told from a new one by its first message: it does not send Tversion. Clients are told
// from each other by the host that they connect from; of several, the one that left last comes back first. One thread.
#pragma once

#include "tools/p9proxy/conversation.hpp"

#include <list>
#include <string>

namespace p9::proxy {

class Keeper {
public:
    Keeper(boost::asio::any_io_executor executor, Context& context)
        : executor_(std::move(executor)), context_(context) {}
    ~Keeper() { give_up_all(); }

    /// Holds `conversation`, which is attached to nobody. The oldest goes if there are too many.
    void keep(std::shared_ptr<Conversation> conversation);
    /// The conversation of a client from `peer` that goes on; null if none is kept.
    std::shared_ptr<Conversation> take(const std::string& peer);
    /// A client from `peer` begins anew. Where the server takes one connection at a time, the kept one is in its way.
    void make_way();
    /// Ends all conversations.
    void give_up_all();

    std::size_t size() const { return kept_.size(); }

private:
    struct Kept {
        Kept(const boost::asio::any_io_executor& executor, std::shared_ptr<Conversation> c)
            : conversation(std::move(c)), timer(executor) {}
        std::shared_ptr<Conversation> conversation;
        boost::asio::steady_timer timer;
    };
    using Place = std::list<Kept>::iterator;
    void give_up(Place place, const std::string& why);

    boost::asio::any_io_executor executor_;
    Context& context_;
    std::list<Kept> kept_;  // the one that left last is the last
};

}  // namespace p9::proxy
