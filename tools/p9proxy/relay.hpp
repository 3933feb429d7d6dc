// A conversation with a connection to the server of its own: messages pass as they are.
//
// Only Tversion and Rversion are looked at, for the msize and the dialect that they agree on; nothing else has to make
// sense. Ownership and threads: see conversation.hpp.
#pragma once

#include "tools/p9proxy/conversation.hpp"

namespace p9::proxy {

class Relay final : public Conversation {
public:
    Relay(boost::asio::any_io_executor executor, Context& context);
    ~Relay() override;

    awaitable<Result<void>> prepare(Bytes message) override;
    std::optional<Error> pass(Frame message) override;
    Outbox* requests() override { return requests_.get(); }
    void end(bool hard) override;

private:
    static awaitable<void> bring_replies(std::shared_ptr<Relay> self);
    static awaitable<void> finish(std::shared_ptr<Outbox> requests, std::shared_ptr<Transport> server, Duration limit);
    void begin(std::shared_ptr<Transport> server);
    void look_at_request(std::span<u8> message);
    void look_at_reply(Bytes message);

    std::shared_ptr<Transport> server_;
    std::shared_ptr<Outbox> requests_;
    Dialect dialect_ = Dialect::base;
    u32 offered_ = 0;  // the msize of the last Tversion
    bool ended_ = false;
};

}  // namespace p9::proxy
