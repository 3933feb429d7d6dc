// A conversation with a connection to the server of its own: messages pass as they are.
//
// Only Tversion and Rversion are looked at, for the msize and the dialect that they agree on; nothing else has to make
// sense. On a port with leftovers (transport.hpp) the first version exchange is the proxy's own, since it may take
// several tries. Where nobody looks at the messages and both ends are plain streams, the kernel carries the end of
// large ones (carrier.hpp). Ownership and threads: see conversation.hpp.
#pragma once

#include "tools/p9proxy/carrier.hpp"
#include "tools/p9proxy/conversation.hpp"

#include "p9/messages.hpp"

namespace p9::proxy {

class Relay final : public Conversation {
public:
    Relay(boost::asio::any_io_executor executor, Context& context);
    ~Relay() override;

    awaitable<Result<void>> prepare(Bytes message) override;
    std::optional<Error> pass(Frame message) override;
    awaitable<Result<void>> pass_rest() override;
    Outbox* requests() override { return requests_.get(); }
    void end(bool hard) override;

private:
    static awaitable<void> bring_replies(std::shared_ptr<Relay> self);
    static awaitable<void> finish(std::shared_ptr<Outbox> requests, std::shared_ptr<Transport> server, Duration limit);
    awaitable<Result<std::unique_ptr<Transport>>> dial();
    awaitable<Result<void>> agree_on_port(Tversion offer, Dialect offered);
    void begin(std::shared_ptr<Transport> server);
    static awaitable<Result<void>> carry(Outbox& before, Carrier& carrier, Transport& from, Transport& to);
    void agreed(Dialect dialect, u32 msize);
    void answer();
    void look_at_request(std::span<u8> message);
    void look_at_reply(Bytes message);

    std::shared_ptr<Transport> server_;
    std::shared_ptr<Outbox> requests_;
    std::unique_ptr<Transport> port_;  // instead of server_, before the version exchange on a port with leftovers
    std::optional<Rversion> answer_;   // to the Tversion that comes next, which has been passed on already
    Dialect dialect_ = Dialect::base;
    u32 offered_ = 0;  // the msize of the last Tversion
    Carrier to_server_;
    Carrier to_client_;
    bool ended_ = false;
};

}  // namespace p9::proxy
