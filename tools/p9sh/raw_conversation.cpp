#include "tools/p9sh/raw_conversation.hpp"

#include <boost/asio/redirect_error.hpp>

#include <algorithm>

namespace p9::tools {
namespace {

/// What a reply may have, whatever msize was agreed on: a server that sends too much is to be seen doing so.
constexpr u32 LONGEST_REPLY = 16 << 20;
/// Replies that nobody has looked at yet; of more the oldest are dropped.
constexpr std::size_t MOST_UNSEEN = 10'000;

}  // namespace

struct RawConversation::State {
    State(std::unique_ptr<Transport> t, Dialect d, Observer o)
        : transport(std::move(t)),
          dialect(d),
          observer(std::move(o)),
          event(transport->executor(), boost::asio::steady_timer::time_point::max()) {}

    std::unique_ptr<Transport> transport;
    Dialect dialect;
    Observer observer;
    Traffic traffic;
    std::deque<std::vector<u8>> received;
    std::optional<Error> ended;
    boost::asio::steady_timer event;  // cancelled when something has come

    void saw(Direction direction, Bytes frame) {
        traffic.saw(direction, frame, dialect);
        observer(direction, frame, dialect);
    }
};

RawConversation::RawConversation(std::unique_ptr<Transport> transport, Dialect dialect, Observer observer)
    : state_(std::make_shared<State>(std::move(transport), dialect, std::move(observer))) {
    state_->transport->max_message(LONGEST_REPLY);
    spawn(state_->transport->executor(), read_all(state_));
}

RawConversation::~RawConversation() {
    state_->observer = [](Direction, Bytes, Dialect) {};
    state_->transport->close();
}

Dialect RawConversation::dialect() const { return state_->dialect; }
std::string RawConversation::peer() const { return state_->transport->peer(); }
const Traffic& RawConversation::traffic() const { return state_->traffic; }
const std::optional<Error>& RawConversation::ended() const { return state_->ended; }

awaitable<void> RawConversation::read_all(std::shared_ptr<State> state) {
    co_await boost::asio::this_coro::throw_if_cancelled(false);
    for (;;) {
        auto frame = co_await state->transport->receive();
        if (!frame) {
            state->ended = frame.error();
            state->event.cancel();
            co_return;
        }
        const Bytes bytes = frame->bytes();
        // From here on the server speaks what it says here.
        if (header_of(bytes).type == Rversion::type) {
            const auto reply = decode<Rversion>(body_of(bytes), state->dialect);
            const auto dialect = reply ? dialect_of(reply->version) : std::nullopt;
            if (dialect) state->dialect = *dialect;
        }
        state->saw(Direction::received, bytes);
        state->received.emplace_back(bytes.begin(), bytes.end());
        if (state->received.size() > MOST_UNSEEN) state->received.pop_front();
        state->event.cancel();
    }
}

awaitable<Result<void>> RawConversation::send(Bytes frame) {
    const auto state = state_;
    if (state->ended) co_return *state->ended;
    state->saw(Direction::sent, frame);
    co_return co_await state->transport->send(frame);
}

awaitable<bool> RawConversation::wait_for(Tag tag, Duration limit) {
    const auto state = state_;
    const auto until = Clock::now() + limit;
    const auto is_answer = [tag](const std::vector<u8>& frame) { return header_of(frame).tag == tag; };
    for (;;) {
        if (std::ranges::any_of(state->received, is_answer)) co_return true;
        const auto cancellation = co_await boost::asio::this_coro::cancellation_state;
        const bool cancelled = cancellation.cancelled() != boost::asio::cancellation_type::none;
        if (state->ended || cancelled || Clock::now() >= until) co_return false;
        state->event.expires_at(until);
        boost::system::error_code ignored;
        co_await state->event.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, ignored));
    }
}

std::deque<std::vector<u8>> RawConversation::take_received() { return std::exchange(state_->received, {}); }

}  // namespace p9::tools
