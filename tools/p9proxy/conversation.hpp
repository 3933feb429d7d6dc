// One client's conversation with the server, seen from the client: where its messages go and its replies come from.
//
// A conversation outlives the client's connection if that is kept (--keep): another connection may take its place.
// Held by shared_ptr by whoever serves the client, by the keeper, and by the coroutines of the server's side. One
// thread.
#pragma once

#include "tools/p9proxy/outbox.hpp"
#include "tools/p9proxy/proxy_options.hpp"

namespace p9::proxy {

class Conversation : public std::enable_shared_from_this<Conversation> {
public:
    Conversation(boost::asio::any_io_executor executor, Context& context, std::size_t limit);
    virtual ~Conversation();

    /// Replies go to `client` from now on, those that wait first.
    void attach(std::shared_ptr<Transport> client, Speaker speaker);
    /// The client's connection is gone; the conversation goes on without it for a while.
    void detach();

    /// Called with the client's first message, or an empty one before it has sent any, and with each Tversion: makes
    /// sure that there is a server. An error ends the client's connection.
    virtual awaitable<Result<void>> prepare(Bytes message) = 0;
    /// Passes on one message of the client's. An error ends its connection.
    virtual std::optional<Error> pass(Frame message) = 0;
    /// If the message that was passed on last is not whole (ByteStream::begin_only): passes on what is missing.
    virtual awaitable<Result<void>> pass_rest() { co_return boost::system::in_place_value; }
    /// Where the client's messages wait; null if there is no server.
    virtual Outbox* requests() = 0;
    /// The conversation is over: what was passed on is still sent, or, if `hard`, nothing any more.
    virtual void end(bool hard) = 0;

    Outbox& replies() { return *replies_; }
    const Speaker& speaker() const { return speaker_; }
    /// Why there is no server any more.
    const std::optional<Error>& lost() const { return lost_; }
    /// Whether whoever serves the client has to tell of the loss.
    virtual bool tells_of_loss() const { return true; }
    /// Called when the server is lost.
    std::function<void()> on_lost;

protected:
    /// The server is gone: what came of it is delivered, then the client's connection is closed.
    void lose(Error why);
    /// Bounds what is accepted from the client.
    void max_message(u32 bytes);

    boost::asio::any_io_executor executor_;
    Context& context_;
    Speaker speaker_;
    std::shared_ptr<Transport> client_;  // null while kept
    std::shared_ptr<Outbox> replies_;

private:
    static awaitable<void> deliver_and_close(std::shared_ptr<Conversation> self, std::shared_ptr<Transport> client);
    u32 max_message_ = HANDSHAKE_MAX;
    std::optional<Error> lost_;
};

/// A new conversation of the kind that the options ask for.
std::shared_ptr<Conversation> make_conversation(const boost::asio::any_io_executor& executor, Context& context);

}  // namespace p9::proxy
