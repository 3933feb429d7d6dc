#include "transports/framer.hpp"
#include "transports/stream.hpp"
#include "transports/websocket_stream.hpp"

#include "p9/trace.hpp"

#include <boost/asio/this_coro.hpp>

namespace p9::transports {
namespace {

namespace asio = boost::asio;
namespace websocket = boost::beast::websocket;
using boost::system::error_code;

/// The peer is dead when it was silent for so many keepalive intervals on end.
constexpr int SILENCE = 6;

class WebSocketTransport final : public Transport {
public:
    WebSocketTransport(std::shared_ptr<WebSocketConnection> connection, const DialOptions& options)
        : state_(std::make_shared<State>(std::move(connection), options.keepalive_idle)) {
        WebSocketStream& stream = state_->connection->stream;
        stream.binary(true);
        stream.auto_fragment(false);
        stream.write_buffer_bytes(MASKED_AT_ONCE);
        stream.read_message_max(0);  // the framer bounds messages; a frame may hold many
        keep_alive(state_);
    }
    ~WebSocketTransport() override { finish(*state_); }

    asio::any_io_executor executor() override { return state_->connection->wire->executor(); }
    awaitable<Result<void>> send(Bytes messages) override { return send_on(state_, messages); }
    awaitable<Result<Frame>> receive() override { return receive_on(state_); }
    bool ready() const override { return state_->framer.ready(); }
    void max_message(u32 bytes) override { state_->framer.max_message(bytes); }
    std::string peer() const override { return state_->connection->peer; }
    void close() override { finish(*state_); }

private:
    /// Beast masks a message in pieces of this size.
    static constexpr std::size_t MASKED_AT_ONCE = 64 * 1024;

    struct State {
        State(std::shared_ptr<WebSocketConnection> c, std::chrono::seconds i)
            : connection(std::move(c)), interval(i), timer(connection->wire->executor()) {}
        std::shared_ptr<WebSocketConnection> connection;
        std::chrono::seconds interval;
        asio::steady_timer timer;
        Framer framer;
        std::optional<Error> over;  // why nothing more can be received
        websocket::close_code why = websocket::close_code::normal;
        bool closed = false;
        bool reading = false;
        bool heard = true;  // since the timer was set, or nobody listened
        int silent = 0;     // intervals on end

        const std::string& peer() const { return connection->peer; }
        Error lost(std::string_view how) const {
            return {errc::connection_lost, peer() + std::string(closed ? ": the connection was closed here" : how)};
        }
        Error cancelled() const { return {errc::cancelled, peer() + ": cancelled"}; }
        Error broken(websocket::close_code code, std::string_view how) {
            why = code;
            return Error(errc::protocol_violation, std::string(how)).about(peer());
        }
    };

    static awaitable<Result<void>> send_on(std::shared_ptr<State> state, Bytes messages);
    static awaitable<Result<Frame>> receive_on(std::shared_ptr<State> state);
    static Error ended(State& state, error_code failed);
    static void keep_alive(const std::shared_ptr<State>& state);
    static void finish(State& state);

    std::shared_ptr<State> state_;
};

u32 size_of(Bytes message) {
    return message[0] | message[1] << 8 | message[2] << 16 | static_cast<u32>(message[3]) << 24;
}

awaitable<Result<void>> WebSocketTransport::send_on(std::shared_ptr<State> state, Bytes messages) {
    if (state->closed) co_return state->lost("");
    if (state->over) co_return *state->over;
    WebSocketWire& wire = *state->connection->wire;
    wire.lend(messages);
    while (messages.size() >= HEADER_SIZE) {
        const std::size_t size = std::clamp<std::size_t>(size_of(messages), HEADER_SIZE, messages.size());
        error_code failed;
        state->connection->stream.write(asio::buffer(messages.data(), size), failed);
        if (failed) {
            wire.close();  // what was lent is let go
            co_return state->lost(" closed the connection");
        }
        messages = messages.subspan(size);
    }
    auto flushing = wire.flush();
    const error_code failed = co_await std::move(flushing);
    if (!failed) co_return boost::system::in_place_value;
    if (state->closed) co_return state->lost("");
    if (failed == asio::error::operation_aborted) co_return state->cancelled();
    if (!wire.trouble().empty()) co_return state->lost(": " + wire.trouble());
    if (failed == asio::error::broken_pipe) co_return state->lost(" closed the connection");
    co_return state->lost(": " + describe(failed));
}

awaitable<Result<Frame>> WebSocketTransport::receive_on(std::shared_ptr<State> state) {
    for (;;) {
        if (state->closed) co_return state->lost("");
        if (state->over) co_return *state->over;
        auto next = state->framer.next();
        if (!next) {
            state->over = state->broken(websocket::close_code::too_big, next.error().message());
            co_return *state->over;
        }
        if (*next) co_return std::move(**next);

        WebSocketStream& stream = state->connection->stream;
        const auto space = state->framer.space();
        state->reading = true;
        auto read = stream.async_read_some(asio::mutable_buffer(space[0].data(), space[0].size()),
                                           asio::as_tuple(asio::deferred));
        const auto [failed, count] = co_await std::move(read);
        state->reading = false;
        state->heard = true;
        if (failed) {
            if (!state->over) state->over = ended(*state, failed);
            co_return *state->over;
        }
        if (stream.got_text()) {
            state->over =
                state->broken(websocket::close_code::unknown_data, "sends text frames, but 9P goes in binary ones");
            co_return *state->over;
        }
        state->framer.advance(count);
    }
}

// Why the connection is over.
Error WebSocketTransport::ended(State& state, error_code failed) {
    if (state.closed) return state.lost("");
    if (failed == asio::error::operation_aborted) return state.cancelled();
    if (const auto& trouble = state.connection->wire->trouble(); !trouble.empty()) return state.lost(": " + trouble);
    const bool middle = state.framer.mid_message();
    const std::string hung_up = middle ? " closed the connection in the middle of a message" : " closed the connection";
    if (failed == websocket::error::closed) {
        const auto& reason = state.connection->stream.reason();
        std::string said;
        const bool usual = reason.code == websocket::close_code::normal || reason.code == websocket::close_code::none;
        if (!usual) said = std::to_string(reason.code);
        if (!reason.reason.empty())
            said += (usual ? "" : ": ") + escaped(std::string_view(reason.reason.data(), reason.reason.size()));
        return state.lost(said.empty() ? hung_up : hung_up + " (" + said + ")");
    }
    if (failed == asio::error::eof) return state.lost(hung_up);
    if (failed == asio::error::no_buffer_space) return state.lost(": it sends pings and reads no answers");
    if (failed == websocket::error::bad_frame_payload && state.connection->stream.got_text())
        return state.broken(websocket::close_code::bad_payload, "sends text frames, but 9P goes in binary ones");
    if (failed == websocket::condition::protocol_violation)
        return state.broken(websocket::close_code::protocol_error,
                            "breaks the WebSocket protocol: " + failed.message());
    return state.lost(": " + describe(failed));
}

// A peer that is silent is pinged. Only time in which somebody waited for a message counts: a server that does not
// read, because its client does not, hears no pongs either.
void WebSocketTransport::keep_alive(const std::shared_ptr<State>& state) {
    state->timer.expires_after(state->interval);
    state->timer.async_wait([weak = std::weak_ptr<State>(state)](error_code cancelled) {
        const auto self = weak.lock();
        if (cancelled || !self || self->closed || self->over) return;
        self->silent = self->heard || !self->reading ? 0 : self->silent + 1;
        if (self->silent >= SILENCE) {
            const auto seconds = std::to_string(self->silent * self->interval.count());
            self->over = self->lost(" answered no ping for " + seconds + " s");
            // The read under way ends, and finds the words above.
            return self->connection->wire->close();
        }
        const bool idle = !std::exchange(self->heard, false);
        if (idle) self->connection->stream.async_ping({}, [self](error_code) {});
        keep_alive(self);
    });
}

// Says goodbye without waiting for an answer.
void WebSocketTransport::finish(State& state) {
    if (std::exchange(state.closed, true)) return;
    state.timer.cancel();
    error_code ignored;
    WebSocketConnection& connection = *state.connection;
    if (connection.stream.is_open() && !connection.wire->closed())
        connection.stream.close(websocket::close_reason(state.why), ignored);
    connection.wire->close();
}

}  // namespace

std::unique_ptr<Transport> websocket_transport(std::shared_ptr<WebSocketConnection> connection,
                                               const DialOptions& options) {
    return std::make_unique<WebSocketTransport>(std::move(connection), options);
}

}  // namespace p9::transports
