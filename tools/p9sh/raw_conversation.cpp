#include "tools/p9sh/raw_conversation.hpp"

#include <boost/asio/redirect_error.hpp>

#include <unistd.h>
#include <algorithm>
#include <cerrno>

namespace p9::tools {
namespace {

/// What a reply may have, whatever msize was agreed on: a server that sends too much is to be seen doing so.
constexpr u32 LONGEST_REPLY = 16 << 20;
/// Replies that nobody has looked at yet; of more the oldest are dropped.
constexpr std::size_t MOST_UNSEEN = 10'000;
/// How much of an unfinished answer memory is taken for at a time: its size may be a lie.
constexpr std::size_t PIECE = 64 << 10;

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
    RawFraming framing;
    std::deque<std::vector<u8>> received;
    std::vector<u8> beginning;  // of an answer, until it is whole
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
    // A server whose sizes are wrong keeps back the end of an answer: its beginning is to be seen all the same.
    if (ByteStream* const stream = state_->transport->stream()) stream->begin_only(1);
    spawn(state_->transport->executor(), read_all(state_));
}

RawConversation::~RawConversation() {
    state_->observer = [](Direction, Bytes, Dialect) {};
    state_->transport->close();
}

Dialect RawConversation::dialect() const { return state_->dialect; }
std::string RawConversation::peer() const { return state_->transport->peer(); }
const Traffic& RawConversation::traffic() const { return state_->traffic; }
const RawFraming& RawConversation::framing() const { return state_->framing; }
Bytes RawConversation::beginning() const { return state_->beginning; }
const std::optional<Error>& RawConversation::ended() const { return state_->ended; }

/// The next answer, whole.
awaitable<Result<std::vector<u8>>> RawConversation::receive(std::shared_ptr<State> state) {
    const auto frame = co_await state->transport->receive();
    if (!frame) co_return frame.error();
    const Bytes bytes = frame->bytes();
    state->beginning.assign(bytes.begin(), bytes.end());
    ByteStream* const stream = state->transport->stream();
    while (stream != nullptr && stream->rest() > 0) {
        const std::size_t have = state->beginning.size();
        state->beginning.resize(have + std::min(PIECE, stream->rest()));
        const ssize_t count =
            ::read(stream->descriptor(true), state->beginning.data() + have, state->beginning.size() - have);
        const int failure = errno;
        state->beginning.resize(have + (count > 0 ? static_cast<std::size_t>(count) : 0));
        if (count > 0) {
            stream->took(static_cast<std::size_t>(count));
            continue;
        }
        boost::system::error_code failed;
        if (count < 0 && failure == EAGAIN) {
            auto waiting = stream->wait(true);
            failed = co_await std::move(waiting);
        } else if (count < 0 && failure != EINTR) {
            failed.assign(failure, boost::system::system_category());
        }
        if (count == 0 || failed)
            co_return Error(errc::connection_lost,
                            state->transport->peer() + " closed the connection in the middle of a message");
    }
    co_return std::exchange(state->beginning, {});
}

awaitable<void> RawConversation::read_all(std::shared_ptr<State> state) {
    co_await boost::asio::this_coro::throw_if_cancelled(false);
    for (;;) {
        auto receiving = receive(state);
        auto frame = co_await std::move(receiving);
        if (!frame) {
            state->ended = frame.error();
            state->event.cancel();
            co_return;
        }
        const Bytes bytes = *frame;
        // From here on the server speaks what it says here.
        if (header_of(bytes).type == Rversion::type) {
            const auto reply = decode<Rversion>(body_of(bytes), state->dialect);
            const auto dialect = reply ? dialect_of(reply->version) : std::nullopt;
            if (dialect) state->dialect = *dialect;
        }
        state->saw(Direction::received, bytes);
        state->received.push_back(std::move(*frame));
        if (state->received.size() > MOST_UNSEEN) state->received.pop_front();
        state->event.cancel();
    }
}

awaitable<Result<void>> RawConversation::send(Bytes frame) {
    const auto state = state_;
    if (state->ended) co_return *state->ended;
    state->saw(Direction::sent, frame);
    state->framing.sent(frame);
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
