// A conversation over a shared connection (--share).
//
// A member of the multiplexer of the link on which it began; with the link it ends. Ownership and threads: see
// conversation.hpp.
#pragma once

#include "tools/p9proxy/conversation.hpp"
#include "tools/p9proxy/share.hpp"

namespace p9::proxy {

class SharedConversation final : public Conversation, public Member {
public:
    SharedConversation(boost::asio::any_io_executor executor, Context& context);
    ~SharedConversation() override;

    awaitable<Result<void>> prepare(Bytes message) override;
    std::optional<Error> pass(Frame message) override;
    Outbox* requests() override { return link_ ? &link_->requests() : nullptr; }
    void end(bool hard) override;
    bool tells_of_loss() const override { return false; }

    std::span<u8> put(Frame reply) override;
    /// The link was lost.
    void link_lost(const Error& why) { lose(why); }
    /// Ends only this conversation, which has the fault.
    void give_up(const std::string& why);

private:
    std::shared_ptr<SharedLink> link_;
    bool ended_ = false;
};

}  // namespace p9::proxy
