#include "tools/p9proxy/shared_link.hpp"

#include "tools/p9proxy/shared_conversation.hpp"

#include <boost/asio/redirect_error.hpp>

#include <algorithm>

namespace p9::proxy {

namespace asio = boost::asio;

namespace {

/// How often a server whose loss does not show is asked whether it lives, while it has something to do,
constexpr auto PROBE_INTERVAL = std::chrono::seconds(1);
/// and how long it may take to answer: one that does one thing at a time may be waiting for an event.
constexpr auto PROBE_PATIENCE = std::chrono::seconds(20);

/// The proxy itself, in traces.
const Speaker PROXY{0, "p9proxy"};

}  // namespace

SharedLink::SharedLink(Agreement agreement, Context& context)
    : context_(context),
      transport_(std::move(agreement.transport)),
      requests_(
          std::make_shared<Outbox>(transport_->executor(), context.options.limits.shared_queue, context.options.delay)),
      multiplexer_(
          agreement.dialect, agreement.msize, {context.options.limits.fids, context.options.limits.requests},
          [this](Frame frame) {
              asked_ = true;
              return requests_->put(std::move(frame));
          },
          [this](const Member* member, Direction direction, Bytes frame) { seen(member, direction, frame); }),
      timer_(transport_->executor()) {}

SharedLink::~SharedLink() { requests_->close(); }

void SharedLink::start() {
    requests_->attach(transport_);
    spawn(transport_->executor(), bring_replies(shared_from_this()));
    // A guest that is reset leaves its host's end of the port open: nothing ever comes of it again.
    if (transport_->leftovers()) spawn(transport_->executor(), watch(shared_from_this()));
}

std::string SharedLink::description() const {
    return context_.options.server + ": " + std::string(version_string(multiplexer_.dialect())) + ", msize " +
           std::to_string(multiplexer_.msize());
}

void SharedLink::seen(const Member* member, Direction direction, Bytes frame) const {
    if (!context_.options.tracing.line) return;
    if (member == nullptr)
        context_.options.tracing.message(PROXY, direction, frame, multiplexer_.dialect());
    else
        context_.options.tracing.message(static_cast<const SharedConversation*>(member)->speaker(), direction, frame,
                                         member->dialect);
}

awaitable<void> SharedLink::bring_replies(std::shared_ptr<SharedLink> self) {
    SharedLink& l = *self;
    const auto transport = l.transport_;
    while (!l.ended_) {
        auto receiving = transport->receive();
        auto reply = co_await std::move(receiving);
        if (l.ended_) break;
        if (!reply) {
            l.end(l.requests_->failure().value_or(reply.error()));
            break;
        }
        l.bringing_ = true;
        auto broken = l.multiplexer_.reply(*std::move(reply));
        l.bringing_ = false;
        const bool last = broken || !transport->ready();
        if (last || (!l.waiting_.empty() && l.waiting_.back()->replies().heavy())) l.deliver();
        if (last) l.requests_->kick();
        if (broken) l.end(*std::move(broken));
    }
    transport->close();
}

void SharedLink::put_for(SharedConversation& conversation) {
    if (!bringing_) return;  // whoever put it sends it
    if (std::ranges::find(waiting_, &conversation) == waiting_.end()) waiting_.push_back(&conversation);
}

// A client that leaves its replies unread must not hold up the others, nor fill the memory.
void SharedLink::deliver() {
    const auto waiting = std::exchange(waiting_, {});
    for (SharedConversation* const conversation : waiting) {
        conversation->replies().kick();
        if (conversation->replies().bytes() > context_.options.limits.hopeless)
            conversation->give_up("does not read its replies");
    }
}

void SharedLink::leave(SharedConversation& conversation) {
    std::erase(members_, &conversation);
    std::erase(waiting_, &conversation);
    if (ended_) return;
    multiplexer_.leave(conversation);
    requests_->kick();
}

void SharedLink::end(Error why) {
    if (ended_) return;
    ended_ = std::move(why);
    timer_.cancel();
    requests_->close();
    transport_->close();
    const std::string words = ended_->message();
    const bool named = words.starts_with(context_.options.server);
    const std::string line =
        "the shared connection is lost: " + (named ? words : context_.options.server + ": " + words);
    const Tracing& tracing = context_.options.tracing;
    ended_->code == make_error_code(errc::cancelled) ? tracing.event(PROXY, line) : tracing.problem(PROXY, line);
    std::vector<std::shared_ptr<Conversation>> members;
    members.reserve(members_.size());
    for (SharedConversation* const member : members_) members.push_back(member->shared_from_this());
    for (const auto& member : members) static_cast<SharedConversation&>(*member).link_lost(*ended_);
}

awaitable<void> SharedLink::watch(std::shared_ptr<SharedLink> self) {
    SharedLink& l = *self;
    while (!l.ended_) {
        l.timer_.expires_after(PROBE_INTERVAL);
        boost::system::error_code ignored;
        co_await l.timer_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
        if (l.ended_) break;
        if (l.multiplexer_.probing()) {
            if (Clock::now() - l.probed_ < PROBE_PATIENCE) continue;
            l.end(Error(errc::connection_lost, "the server does not answer any more"));
        } else if (l.asked_ || l.multiplexer_.in_flight() != 0) {
            l.multiplexer_.probe();
            l.asked_ = false;
            l.probed_ = Clock::now();
            l.requests_->kick();
        }
    }
}

}  // namespace p9::proxy
