// The outbox of a session and the loop that writes it.
#include "session_core.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <cerrno>
#include <new>

namespace p9 {
namespace asio = boost::asio;

awaitable<void> SessionCore::write_loop() {
    const auto self = shared_from_this();
    while (!ended) {
        if (!has_to_send()) {
            if (wants_quiet_) quiet_event_.cancel();
            const auto park = [this](auto handler) { writer_ = std::make_unique<Handler>(std::move(handler)); };
            co_await asio::async_initiate<const asio::deferred_t, void()>(park, asio::deferred);
            continue;
        }
        if (sending_.empty()) std::swap(outbox, sending_);
        auto sent = co_await transport->send(sending_);
        const std::size_t used = sending_.size();
        sending_.clear();
        // A burst of large writes must not pin its memory; but while it lasts, growing anew each
        // time costs more. The last of it goes with the next small message.
        if (sending_.capacity() > std::size_t{2} * msize && used < sending_.capacity() / 4) sending_.shrink_to_fit();
        if (!sent && !ended) end(sent.error());
    }
}

void SessionCore::wake_writer() {
    if (writer_ == nullptr) return;
    Handler handler = std::move(*writer_);
    writer_.reset();
    std::move(handler)();
}

void SessionCore::outbox_grew(std::size_t size) {
    if (options.tracer) options.tracer(Direction::sent, Bytes(outbox).last(size), dialect);
    wake_writer_soon();
}

// Not at once: requests that are made in the same turn go out in one write.
void SessionCore::wake_writer_soon() {
    if (handling_ || wake_posted_ || writer_ == nullptr) return;
    wake_posted_ = true;
    const auto wake = [self = shared_from_this()] {
        self->wake_posted_ = false;
        if (!self->ended && self->has_to_send()) self->wake_writer();
    };
    asio::post(transport->executor(), wake);
}

void SessionCore::send_at_once(ByteVector head, Bytes data, bool lent) {
    const std::size_t taken = transport->offer(head, data, lent);
    if (taken == head.size() + data.size()) return;
    // Of what has left in part the rest must follow next, and cannot be recalled any more.
    ByteVector& rest = taken == 0 ? outbox : sending_;
    const std::size_t head_taken = std::min(taken, head.size());
    const Bytes head_rest = Bytes(head).subspan(head_taken);
    const Bytes data_rest = data.subspan(taken - head_taken);
    try {
        rest.reserve(head_rest.size() + data_rest.size());
    } catch (const std::bad_alloc&) {
        // Where a part has left the server would take whatever comes next for the rest of it.
        return end(Error::from_errno(ENOMEM, "no memory for a message that the connection has no room for"));
    }
    rest.insert(rest.end(), head_rest.begin(), head_rest.end());
    rest.insert(rest.end(), data_rest.begin(), data_rest.end());
    wake_writer_soon();
}

bool SessionCore::recall(Tag tag) {
    for (std::size_t at = 0; at < outbox.size();) {
        const Header header = header_of(Bytes(outbox).subspan(at));
        if (header.tag == tag) {
            const auto begin = outbox.begin() + static_cast<std::ptrdiff_t>(at);
            outbox.erase(begin, begin + header.size);
            tags.forget(tag);
            return true;
        }
        at += header.size;
    }
    return false;
}

}  // namespace p9
