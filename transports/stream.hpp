// Messages over any byte stream: the Transport of tcp, unix, exec, fd, and whatever else is a stream.
//
// The work is shared with a coroutine under way by a shared state, so that a transport may be closed, and even
// destroyed, while a send or a receive waits: they then complete with errc::connection_lost.
//
// `Wire` is the pair of descriptors beneath:
//   std::string peer() const                              canonical address
//   ssize_t write_now(Bytes)                              one non-blocking write; errno on -1
//   ssize_t write_now(Bytes, Bytes, bool lent)            the same of two pieces, as offer; may be left out
//   auto async_write(Bytes, token)                        waits, then writes some
//   ssize_t read_now(Framer::Space)                       one non-blocking read; errno on -1; may be left out
//   auto async_read(buffers, token)                       reads some; error::eof at the end
//   awaitable<std::string> end_words(bool anything_came)  why the other end is gone, or nothing special (empty)
//   bool in_vain(bool unread) const                       after end_words: no other try would do better, and the
//                                                         error is errc::connection_failed; may be left out
//   void close()                                          idempotent
//   any_io_executor executor()
//   bool leftovers() const                                as Transport's; may be left out
//   int descriptor(bool), auto async_wait(bool, token)    as ByteStream's; may be left out; -1 if splice(2) takes none
#pragma once

#include "transports/framer.hpp"

#include "p9/transport.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/error.hpp>

#include <array>
#include <cerrno>
#include <tuple>

namespace p9::transports {

/// The words for a system error in the sentence "PEER: ...".
std::string describe(const boost::system::error_code& code);

template <class Wire>
class StreamTransport final : public Transport, private ByteStream {
public:
    explicit StreamTransport(Wire wire) : state_(std::make_shared<State>(std::move(wire))) {}
    ~StreamTransport() override { close(); }

    boost::asio::any_io_executor executor() override { return state_->wire.executor(); }
    awaitable<Result<void>> send(Bytes messages) override { return send_on(state_, messages); }
    std::size_t offer(Bytes head, Bytes data, bool lent) override {
        ssize_t taken = -1;
        if constexpr (requires { state_->wire.write_now(head, data, lent); })
            if (!state_->closed) taken = state_->wire.write_now(head, data, lent);
        return taken < 0 ? 0 : static_cast<std::size_t>(taken);
    }
    awaitable<Result<Frame>> receive() override { return receive_on(state_); }
    bool ready() const override { return state_->framer.ready(); }
    void max_message(u32 bytes) override { state_->framer.max_message(bytes); }
    std::string peer() const override { return state_->wire.peer(); }
    bool leftovers() const override {
        if constexpr (requires { state_->wire.leftovers(); }) return state_->wire.leftovers();
        return false;
    }

    ByteStream* stream() override { return descriptor(true) >= 0 && descriptor(false) >= 0 ? this : nullptr; }

    void close() override {
        state_->closed = true;
        state_->wire.close();
    }

private:
    struct State {
        explicit State(Wire w) : wire(std::move(w)) {}
        Wire wire;
        Framer framer;
        bool closed = false;
        bool anything_came = false;

        Error lost(std::string_view how) const {
            return {errc::connection_lost,
                    closed ? wire.peer() + ": the connection was closed here" : wire.peer() + std::string(how)};
        }
        Error lost(const boost::system::error_code& code) const { return lost(": " + describe(code)); }
    };

    int descriptor(bool readable) override {
        if constexpr (requires { state_->wire.descriptor(readable); })
            if (!state_->closed) return state_->wire.descriptor(readable);
        return -1;
    }
    awaitable<boost::system::error_code> wait(bool readable) override { return wait_on(state_, readable); }
    void begin_only(std::size_t above) override { state_->framer.begin_only(above); }
    std::size_t rest() const override { return state_->framer.rest(); }
    void took(std::size_t bytes) override { state_->framer.took(bytes); }

    static awaitable<boost::system::error_code> wait_on(std::shared_ptr<State> state, bool readable) {
        if constexpr (requires { state->wire.async_wait(readable, boost::asio::deferred); }) {
            auto wait = state->wire.async_wait(readable, boost::asio::as_tuple(boost::asio::deferred));
            const auto [failed] = co_await std::move(wait);
            co_return failed;
        }
        co_return make_error_code(boost::system::errc::not_supported);
    }

    static awaitable<Result<void>> send_on(std::shared_ptr<State> state, Bytes messages) {
        if (state->closed) co_return state->lost("");
        // Nearly always there is room: one call, and the reactor is not asked. What is left after a part was taken
        // would not fit a moment later either.
        ssize_t now = 0;
        do now = state->wire.write_now(messages);
        while (now < 0 && errno == EINTR);
        if (now < 0 && errno != EAGAIN && errno != EWOULDBLOCK) {
            const boost::system::error_code broken(errno, boost::system::system_category());
            co_return co_await ended(std::move(state), broken);
        }
        messages = messages.subspan(now < 0 ? 0 : static_cast<std::size_t>(now));
        while (!messages.empty()) {
            auto wait = state->wire.async_write(messages, boost::asio::as_tuple(boost::asio::deferred));
            const auto [failed, count] = co_await std::move(wait);
            if (failed) co_return co_await ended(std::move(state), failed);
            messages = messages.subspan(count);
        }
        co_return Result<void>{};
    }

    static awaitable<Result<Frame>> receive_on(std::shared_ptr<State> state) {
        for (bool waited = false;; waited = true) {
            if (state->closed) co_return state->lost("");
            auto next = state->framer.next();
            if (!next) co_return next.error().about(state->wire.peer());
            if (*next) co_return std::move(**next);

            std::size_t count = 0;
            boost::system::error_code failed;
            const auto space = state->framer.space();
            if constexpr (requires { state->wire.read_now(space); }) {
                // The rest of a large message is mostly there: the reactor would be asked between any two pieces. But
                // once in each message it has its turn, or a server that is fast enough would have this thread to
                // itself. What is no byte, the end included, comes again from the call that waits.
                const ssize_t now = waited && state->framer.mid_message() ? state->wire.read_now(space) : -1;
                if (now > 0) {
                    state->framer.advance(static_cast<std::size_t>(now));
                    continue;
                }
            }
            const boost::asio::mutable_buffer first(space[0].data(), space[0].size());
            if (space[1].empty()) {
                // One piece goes by recv or read, which cost the kernel less than their vector forms.
                auto read = state->wire.async_read(first, boost::asio::as_tuple(boost::asio::deferred));
                std::tie(failed, count) = co_await std::move(read);
            } else {
                const std::array into{first, boost::asio::mutable_buffer(space[1].data(), space[1].size())};
                auto read = state->wire.async_read(into, boost::asio::as_tuple(boost::asio::deferred));
                std::tie(failed, count) = co_await std::move(read);
            }
            if (failed) co_return co_await ended(std::move(state), failed);
            state->anything_came = true;
            state->framer.advance(count);
        }
    }

    // Why the connection is over.
    static awaitable<Error> ended(std::shared_ptr<State> state, boost::system::error_code failed) {
        if (state->closed) co_return state->lost("");
        if (failed == boost::asio::error::operation_aborted)
            co_return Error(errc::cancelled, state->wire.peer() + ": cancelled");
        const std::string words = co_await state->wire.end_words(state->anything_came);
        if constexpr (requires { state->wire.in_vain(true); }) {
            // A Unix socket that is closed with unread bytes in it resets the connection (unix(7)).
            const bool unread = !state->anything_came && (failed == boost::asio::error::connection_reset ||
                                                          failed == boost::asio::error::broken_pipe);
            if (!words.empty() && !state->anything_came && state->wire.in_vain(unread))
                co_return Error(errc::connection_failed, state->wire.peer() + ": " + words);
        }
        if (!words.empty()) co_return state->lost(": " + words);
        if (failed != boost::asio::error::eof && failed != boost::asio::error::broken_pipe)
            co_return state->lost(failed);
        co_return state->lost(state->framer.mid_message() ? " closed the connection in the middle of a message"
                                                          : " closed the connection");
    }

    std::shared_ptr<State> state_;
};

}  // namespace p9::transports
