#include "session_core.hpp"

#include "dialect.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>

#include <algorithm>
#include <cerrno>

namespace p9 {
namespace asio = boost::asio;

SessionCore::SessionCore(std::unique_ptr<Transport> t, SessionOptions o)
    : transport(std::move(t)),
      options(std::move(o)),
      end_event(transport->executor(), asio::steady_timer::time_point::max()),
      quiet_event_(transport->executor(), asio::steady_timer::time_point::max()),
      flush_timer_(transport->executor()),
      probe_timer_(transport->executor()) {}

void SessionCore::start() {
    spawn(transport->executor(), read_loop());
    spawn(transport->executor(), write_loop());
    if (transport->leftovers()) spawn(transport->executor(), watch_conversation());
}

awaitable<void> SessionCore::read_loop() {
    const auto self = shared_from_this();
    while (!ended) {
        auto frame = co_await transport->receive();
        if (ended) break;
        if (!frame) {
            end(frame.error());
            break;
        }
        handling_ = true;
        handle(std::move(*frame));
        handling_ = false;
        // Replies that are staged already may bring more requests: send all of them in one piece.
        if (!ended && has_to_send() && !transport->ready()) wake_writer();
    }
}

void SessionCore::handle(Frame frame) {
    using Meaning = TagTable<PendingCall>::Meaning;
    const Header header = header_of(frame.bytes());
    if (options.tracer) options.tracer(Direction::received, frame.bytes(), dialect);
    ++messages_received_;
    const auto answer = tags.on_reply(header.tag, header.type);
    if (!given_up_.empty()) release_clunks();
    switch (answer.meaning) {
        case Meaning::unknown_tag:
            // The answer to a Tversion of an earlier try, which was lost only on its way back: on a port with leftovers
            // this conversation's own may have been taken for it.
            if (header.type == Rversion::type && header.tag == NOTAG && transport->leftovers()) return;
            return violation(message_name(header.type) + " has tag " + std::to_string(number(header.tag)) +
                             ", which no request has");
        case Meaning::repeated:
            return violation(message_name(header.type) + " answers tag " + std::to_string(number(header.tag)) +
                             " a second time");
        case Meaning::mismatched:
            return violation(message_name(header.type) + " came as the answer to " + message_name(answer.type));
        case Meaning::flushed:
        case Meaning::flush_refused:
            if (answer.owner != nullptr) {
                answer.owner->tag_ = NOTAG;
                answer.owner->fail(Error(errc::cancelled));
                answer.owner->complete();
            }
            break;
        case Meaning::reply:
            if (answer.owner == nullptr) {
                on_answer_without_owner(answer, header.type);
                break;
            }
            answer.owner->tag_ = NOTAG;
            if (TagTable<PendingCall>::is_error(header.type)) {
                auto error = decode_error(frame.bytes(), dialect);
                if (error) {
                    if (transport->leftovers() && (error->is_errno(EIO) || error->is_errno(EPROTO))) {
                        in_doubt_ = true;
                        probe_timer_.cancel();
                    }
                    answer.owner->fail(std::move(*error));
                } else {
                    Error bad = detail::malformed(message_name(header.type), header.size);
                    answer.owner->fail(bad);
                    end(std::move(bad));
                }
            } else if (auto bad = answer.owner->accept(std::move(frame), dialect)) {
                answer.owner->fail(*bad);
                end(std::move(*bad));
            }
            answer.owner->complete();
            break;
    }
    if (wants_quiet_) quiet_event_.cancel();
    while (!ended && !clunks_.empty() && tags.taken() < number(NOTAG)) {
        const Fid fid = clunks_.back();
        clunks_.pop_back();
        clunk(fid);
    }
}

void SessionCore::on_answer_without_owner(const TagTable<PendingCall>::Answer& answer, u8 type) {
    if (answer.type == Tflush::type) return on_probe_answer(TagTable<PendingCall>::is_error(type));
    if (answer.fid == NOFID) return;
    if (answer.type == Tclunk::type)
        fids.give_back(answer.fid);
    else if (!TagTable<PendingCall>::is_error(type))
        clunk(answer.fid);  // a request that was given up has made a fid all the same
}

void SessionCore::violation(std::string words) { end(Error(errc::protocol_violation, std::move(words))); }

void SessionCore::end(Error reason) {
    if (ended) return;
    ended = std::move(reason);
    transport->close();
    end_event.cancel();
    quiet_event_.cancel();
    flush_timer_.cancel();
    probe_timer_.cancel();
    outbox.clear();
    // The parked write loop refers to this core and would keep it alive: let it go.
    if (writer_ != nullptr)
        asio::post(transport->executor(), [handler = std::move(writer_)] { std::move (*handler)(); });
    for (PendingCall* call : tags.drain()) {
        call->tag_ = NOTAG;
        call->fail(*ended);
        call->complete_later();
    }
}

void SessionCore::gave_up(Tag tag, Fid fid) {
    if (!ended && fid != NOFID && !must_finish(tag)) given_up_.push_back({tag, fid});
}

bool SessionCore::is_at_work(Fid fid) const {
    return std::ranges::find(given_up_, fid, &GivenUp::fid) != given_up_.end();
}

void SessionCore::release_clunks() {
    const auto settled = [this](const GivenUp& each) { return !tags.outstanding(each.tag); };
    if (std::erase_if(given_up_, settled) == 0) return;
    for (const Fid fid : std::exchange(held_clunks_, {})) clunk(fid);
}

void SessionCore::clunk(Fid fid) {
    if (ended) return;
    if (!given_up_.empty() && is_at_work(fid)) {
        held_clunks_.push_back(fid);
        return;
    }
    const auto tag = tags.open(nullptr, Tclunk::type, fid);
    if (!tag) {
        clunks_.push_back(fid);
        return;
    }
    const Tclunk request{fid};
    const std::size_t before = outbox.size();
    if (encode(outbox, *tag, request, dialect)) outbox_grew(outbox.size() - before);
}

bool SessionCore::must_finish(Tag tag) const {
    const u8 type = tags.type_of(tag);
    return type == Tclunk::type || type == Tremove::type;
}

awaitable<void> SessionCore::wait_until_quiet() {
    const auto self = shared_from_this();
    wants_quiet_ = true;
    while (!ended && (has_to_send() || writer_ == nullptr || !clunks_.empty() || tags.unattended() != 0)) {
        boost::system::error_code ignored;
        co_await quiet_event_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
        const auto cancellation = co_await asio::this_coro::cancellation_state;
        if (cancellation.cancelled() != asio::cancellation_type::none) break;
    }
}

void SessionCore::flush(Tag tag) {
    if (ended || must_finish(tag)) return;
    const auto flusher = tags.flush(tag);
    if (!flusher) return;
    const Tflush request{tag};
    const std::size_t before = outbox.size();
    if (encode(outbox, *flusher, request, dialect)) outbox_grew(outbox.size() - before);
    flush_deadlines_.push_back({Clock::now() + options.flush_grace, *flusher, tag});
    if (!watching_flushes_) spawn(transport->executor(), watch_flushes());
}

awaitable<void> SessionCore::watch_flushes() {
    const auto self = shared_from_this();
    watching_flushes_ = true;
    while (!ended && !flush_deadlines_.empty()) {
        const FlushDeadline next = flush_deadlines_.front();
        if (tags.flushing(next.flusher, next.old)) {
            flush_timer_.expires_at(next.at);
            boost::system::error_code ignored;
            co_await flush_timer_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
            if (ended) break;
        }
        flush_deadlines_.pop_front();
        // A tag may have been settled and taken again by another flush meanwhile; `flushing` compares the pair.
        if (!tags.flushing(next.flusher, next.old)) continue;
        const auto silent = [&](const GivenUp& each) { return each.tag == next.old; };
        if (std::erase_if(given_up_, silent) != 0)
            for (const Fid fid : std::exchange(held_clunks_, {})) clunk(fid);
        if (PendingCall* owner = tags.give_up_flush(next.flusher)) {
            owner->tag_ = NOTAG;
            owner->fail(Error(errc::cancelled, "the server answered neither the request nor its Tflush"));
            owner->complete();
        }
    }
    watching_flushes_ = false;
}

std::optional<Error> decode_error(Bytes frame, Dialect dialect) {
    if (header_of(frame).type == Rlerror::type) {
        const auto refusal = decode<Rlerror>(body_of(frame), dialect);
        if (!refusal) return std::nullopt;
        // Linux keeps errno below 4096; anything else, 0 included, says only that it failed.
        return Error::from_errno(refusal->ecode > 0 && refusal->ecode < 4096 ? static_cast<int>(refusal->ecode) : EIO);
    }
    // Some servers send plain Rerror in 9P2000.u, and either form in 9P2000.L.
    for (const Dialect form : {Dialect::unix_, Dialect::base}) {
        if (form == Dialect::unix_ && dialect == Dialect::base) continue;
        auto refusal = decode<Rerror>(body_of(frame), form);
        if (!refusal) continue;
        const bool numbered = form == Dialect::unix_ && refusal->ecode > 0 && refusal->ecode < 4096;
        const int code = numbered ? static_cast<int>(refusal->ecode) : errno_of_text(refusal->ename);
        return Error::from_errno(code, std::move(refusal->ename));
    }
    return std::nullopt;
}

}  // namespace p9
