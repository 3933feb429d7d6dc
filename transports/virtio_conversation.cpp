// A conversation on a line, as a Transport.
#include "transports/stream.hpp"
#include "transports/virtio_line.hpp"

#include "p9/messages.hpp"
#include "p9/task.hpp"

#include <algorithm>

namespace p9::transports {
namespace {

namespace asio = boost::asio;

class Conversation final : public Transport {
public:
    explicit Conversation(std::shared_ptr<Line> line) : state_(std::make_shared<State>(std::move(line))) {}
    ~Conversation() override { Conversation::close(); }

    asio::any_io_executor executor() override { return state_->line->in.descriptor.get_executor(); }
    awaitable<Result<void>> send(Bytes messages) override { return send_on(state_, messages); }
    awaitable<Result<Frame>> receive() override { return receive_on(state_); }
    bool ready() const override { return state_->framer.ready(); }
    void max_message(u32 bytes) override { state_->framer.max_message(bytes); }
    std::string peer() const override { return state_->line->name; }

    void close() override {
        if (std::exchange(state_->closed, true)) return;
        // The descriptors stay open: only what waits for them here ends.
        boost::system::error_code ignored;
        if (state_->receiving) state_->line->in.descriptor.cancel(ignored);
        if (state_->sending) state_->line->writer().cancel(ignored);
        state_->free();
    }

private:
    struct State {
        explicit State(std::shared_ptr<Line> l) : line(std::move(l)) { line->taken = true; }
        const std::shared_ptr<Line> line;
        Framer framer;
        bool begun = false;  // the first Tversion was handed out
        bool over = false;   // nothing more comes
        bool gone = false;   // and nobody is there to send to
        bool closed = false;
        bool receiving = false;
        bool sending = false;

        // Gives the line back when nothing here uses it any more.
        void free() {
            if (!closed || receiving || sending) return;
            line->taken = false;
            line->freed.cancel();
        }
        Error lost(const std::string& how) const {
            return {errc::connection_lost, line->name + (closed ? ": the connection was closed here" : how)};
        }
        // What belongs to the next conversation.
        Error next_begins(ByteVector carry, bool interrupted) {
            line->carry = std::move(carry);
            over = true;
            gone = interrupted;
            return lost(interrupted ? ": a new client came in the middle of a message" : ": a new client came");
        }
        Error hung_up() {
            over = gone = true;
            line->forget();
            return lost(framer.mid_message() ? " closed the connection in the middle of a message"
                                             : " closed the connection");
        }
        std::optional<Error> take(const Framer::Space& space, std::size_t count);
        bool interrupted_by_version() const;
    };

    // Whoever uses the line: it is given back after.
    struct Use {
        State& state;
        bool& flag;
        Use(State& s, bool& f) : state(s), flag(f) { flag = true; }
        Use(const Use&) = delete;
        ~Use() {
            flag = false;
            state.free();
        }
    };

    static awaitable<Result<Frame>> receive_on(std::shared_ptr<State> state);
    static awaitable<Result<void>> send_on(std::shared_ptr<State> state, Bytes messages);

    std::shared_ptr<State> state_;
};

ByteVector joined(Bytes first, Bytes second) {
    ByteVector bytes(first.size() + second.size());
    std::ranges::copy(first, bytes.begin());
    std::ranges::copy(second, bytes.begin() + static_cast<std::ptrdiff_t>(first.size()));
    return bytes;
}

// `count` bytes were read. QEMU hands on what a client wrote in pieces of its own, so that a new client's Tversion
// comes alone. If such a piece goes beyond the end of the message under way, or cuts its header, it is not part of it.
std::optional<Error> Conversation::State::take(const Framer::Space& space, std::size_t count) {
    const Bytes before = framer.unfinished();
    if (count <= MOST_VERSION && !before.empty()) {
        const std::size_t first = std::min(count, space[0].size());
        ByteVector piece = joined(space[0].first(first), space[1].first(count - first));
        const bool whole = beginning_of(piece) == Beginning::version && piece[0] == piece.size();
        const std::size_t missing = before.size() < HEADER_SIZE ? 0 : header_of(before).size - before.size();
        if (whole && missing < count) return next_begins(std::move(piece), true);
    }
    framer.advance(count);
    return std::nullopt;
}

// True if the bytes of the message under way end with a Tversion that is not their beginning.
bool Conversation::State::interrupted_by_version() const {
    const Bytes bytes = framer.unfinished();
    const Bytes last = bytes.last(std::min(bytes.size(), MOST_VERSION));
    for (std::size_t at = bytes.size() == last.size() ? 1 : 0; at < last.size(); ++at)
        if (beginning_of(last.subspan(at)) == Beginning::version && last[at] == last.size() - at) return true;
    return false;
}

awaitable<Result<Frame>> Conversation::receive_on(std::shared_ptr<State> state) {
    Line& line = *state->line;
    if (state->closed || state->over) co_return state->lost(": the client is gone");
    const Use use(*state, state->receiving);
    for (;;) {
        if (state->closed) co_return state->lost("");
        auto next = state->framer.next();
        if (!next) {
            // Perhaps a Tversion is among it.
            line.carry = joined(state->framer.unfinished(), {});
            state->over = true;
            co_return next.error().about(line.name);
        }
        if (*next) {
            Frame& frame = **next;
            const bool version = header_of(frame.bytes()).type == Tversion::type;
            if (version && state->begun)
                co_return state->next_begins(joined(frame.bytes(), state->framer.unfinished()), false);
            state->begun = true;
            co_return std::move(frame);
        }
        const auto space = state->framer.space();
        if (!line.carry.empty()) {
            const std::size_t count = std::min(space[0].size(), line.carry.size());
            std::copy_n(line.carry.begin(), count, space[0].begin());
            line.carry.erase(line.carry.begin(), line.carry.begin() + static_cast<std::ptrdiff_t>(count));
            state->framer.advance(count);
            continue;
        }
        ssize_t n = line.read_now(space);
        int failed = errno;
        if (n < 0 && (failed == EAGAIN || failed == EWOULDBLOCK)) {
            if (state->interrupted_by_version()) {
                // A message that stands still, and ends with a Tversion, was interrupted by a client who waits.
                auto waiting = readable(state->line);
                const auto more = co_await within(STALLED, std::move(waiting), "");
                if (more) continue;
                if (state->closed || more.error().code != make_error_code(errc::timed_out))
                    co_return state->closed ? state->lost("") : more.error().about(line.name);
                const Bytes bytes = state->framer.unfinished();
                co_return state->next_begins(joined(bytes.last(std::min(bytes.size(), MOST_VERSION)), {}), true);
            }
            // As for any stream: Asio waits for an event, not for a state that may stay.
            const std::array into{asio::mutable_buffer(space[0].data(), space[0].size()),
                                  asio::mutable_buffer(space[1].data(), space[1].size())};
            auto reading = line.in.descriptor.async_read_some(into, asio::as_tuple(asio::deferred));
            const auto [broken, count] = co_await std::move(reading);
            if (state->closed) co_return state->lost("");
            if (broken == asio::error::operation_aborted) co_return Error(errc::cancelled, line.name + ": cancelled");
            n = broken == asio::error::eof ? 0 : (broken ? -1 : static_cast<ssize_t>(count));
            failed = broken.value();
        }
        if (n < 0 && failed == EIO && line.in.modes) n = 0;  // the other end of a pseudo-terminal was closed
        if (n == 0) co_return state->hung_up();
        if (n < 0) {
            state->over = state->gone = true;
            co_return state->lost(": " + (failed == ENODEV ? "the port was unplugged" : errno_message(failed)));
        }
        if (auto ended = state->take(space, static_cast<std::size_t>(n))) co_return *std::move(ended);
    }
}

awaitable<Result<void>> Conversation::send_on(std::shared_ptr<State> state, Bytes messages) {
    Line& line = *state->line;
    if (state->closed || state->over) co_return state->lost(": the client is gone");
    const Use use(*state, state->sending);
    std::size_t sent = 0;
    boost::system::error_code failed;
    for (;;) {
        // The rest of an earlier conversation's message first, if the client that came is still the same.
        const bool rest = !line.tail.empty();
        const Bytes bytes = rest ? Bytes(line.tail) : messages.subspan(sent);
        if (bytes.empty()) co_return boost::system::in_place_value;
        ssize_t n = line.write_now(bytes);
        if (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK) failed.assign(errno, boost::system::system_category());
        if (n <= 0 && !failed) {
            auto writing = line.writer().async_write_some(asio::const_buffer(bytes.data(), bytes.size()),
                                                          asio::as_tuple(asio::deferred));
            auto [broken, count] = co_await std::move(writing);
            failed = broken;
            n = static_cast<ssize_t>(count);
        }
        if (n > 0 && rest)
            line.tail.erase(line.tail.begin(), line.tail.begin() + n);
        else if (n > 0)
            sent += static_cast<std::size_t>(n);
        if (!failed && !state->closed && !state->gone) continue;

        if (state->gone) {
            line.tail.clear();
        } else if (line.tail.empty()) {
            // A message that is out in part is finished by whoever comes next: who reads on the other side counts
            // bytes.
            std::size_t end = 0;
            while (end < sent) end += header_of(messages.subspan(end)).size;
            line.tail = joined(messages.subspan(sent, end - sent), {});
        }
        if (state->closed || state->gone) co_return state->lost(": the client is gone");
        if (failed == asio::error::operation_aborted) co_return Error(errc::cancelled, line.name + ": cancelled");
        co_return state->lost(": " + describe(failed));
    }
}

}  // namespace

std::unique_ptr<Transport> conversation_on(std::shared_ptr<Line> line) {
    return std::make_unique<Conversation>(std::move(line));
}

}  // namespace p9::transports
