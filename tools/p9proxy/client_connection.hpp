// One client's connection: reads its messages and hands them to its conversation.
//
// Held by shared_ptr by the proxy that serves it. One thread.
#pragma once

#include "tools/p9proxy/keeper.hpp"

namespace p9::proxy {

class ClientConnection : public std::enable_shared_from_this<ClientConnection> {
public:
    ClientConnection(Context& context, Keeper& keeper, std::unique_ptr<Transport> transport, unsigned long number);

    /// Serves until the client or the server goes away.
    awaitable<void> serve();
    /// Ends it at once; `serve` completes soon.
    void stop();

private:
    awaitable<Result<void>> begin();
    awaitable<Error> pass_messages();
    std::optional<Error> pass(Frame message);
    void finish(const Error& why);

    Context& context_;
    Keeper& keeper_;
    std::shared_ptr<Transport> transport_;
    Speaker speaker_;
    std::shared_ptr<Conversation> conversation_;
    std::size_t passed_ = 0;
    bool stopped_ = false;
    bool cut_ = false;  // --drop-after
};

}  // namespace p9::proxy
