// The way back from the server, and what is cleaned up after those who left.
#include "tools/p9proxy/multiplexer.hpp"

#include <cerrno>

namespace p9::proxy {
namespace {

/// So many of the proxy's own requests are in flight at a time: the clients' come first.
constexpr std::size_t OWN_AT_ONCE = 256;

bool is_error(u8 type) { return type == Rerror::type || type == Rlerror::type; }

/// Requests that are not flushed: they end a fid, and it has to end.
bool must_finish(u8 type) { return type == Tclunk::type || type == Tremove::type || type == Tflush::type; }

}  // namespace

std::optional<Error> Multiplexer::reply(Frame frame) {
    const Header header = header_of(frame.bytes());
    const Request* const found = tags_.find(header.tag);
    if (auto broken = check(found, header)) return broken;
    const Request request = *found;
    const bool error = is_error(header.type);
    if (request.own) {
        --own_;
        if (seen_) seen_(nullptr, Direction::received, frame.bytes());
    }
    if (request.type == Tflush::type) {
        on_flush_answer(request, error);
        if (request.own && request.victim == NOTAG) {
            probing_ = false;
            if (error)
                return Error(errc::connection_lost,
                             "the server has forgotten the conversation: " + describe(frame.bytes(), dialect_));
        }
    } else {
        on_answer(request, frame.bytes(), error);
    }
    tags_.settle(header.tag);
    if (request.member != nullptr) {
        request.member->requests.erase(request.tag);
        deliver(*request.member, request.tag, std::move(frame));
    }
    clean_up();
    return std::nullopt;
}

std::optional<Error> Multiplexer::check(const Request* request, const Header& header) const {
    const auto violation = [](std::string words) { return Error(errc::protocol_violation, std::move(words)); };
    if (request == nullptr)
        return violation(message_name(header.type) + " has tag " + std::to_string(number(header.tag)) +
                         ", which no request has");
    if (!is_error(header.type) && header.type != request->type + 1)
        return violation(message_name(header.type) + " came as the answer to " + message_name(request->type));
    return std::nullopt;
}

// Fids that the request made or ended.
void Multiplexer::on_answer(const Request& request, Bytes frame, bool error) {
    if (request.ended != NOFID) request.reusable ? fids_.give_back(request.ended) : fids_.retire();
    if (request.made == NOFID) return;
    // A walk that stops halfway makes no fid (walk(5)).
    const bool made = !error && (request.type != Twalk::type || qids_of_walk(frame) == request.names);
    if (request.member != nullptr && request.member->fids.finish(request.newfid, request.made, made)) {
        if (!made) fids_.give_back(request.made);
        return;
    }
    // Nobody knows it any more. A clunk of the client's may be under way, and fail, since it came too early.
    if (made)
        leftover_.push_back({request.made, false});
    else
        fids_.retire();
}

void Multiplexer::on_flush_answer(const Request& flush, bool error) {
    if (flush.victim == NOTAG) return;
    if (const Request* const found = error ? nullptr : tags_.find(flush.victim)) {
        // It was not carried out, says flush(5). Should the server have made or kept a fid all the same, its number is
        // not used again.
        const Request victim = *found;
        if (victim.own) --own_;
        if (victim.ended != NOFID) fids_.retire();
        if (victim.made != NOFID) fids_.retire();
        if (victim.member != nullptr) {
            victim.member->requests.erase(victim.tag);
            if (victim.made != NOFID) victim.member->fids.finish(victim.newfid, victim.made, false);
        }
        if (victim.victim != NOTAG) tags_.flush_answered(victim.victim);
        tags_.settle(flush.victim);
    }
    tags_.flush_answered(flush.victim);
}

void Multiplexer::deliver(Member& member, Tag tag, Frame frame) {
    if (frame.bytes().size() > member.msize)
        return refuse(member, tag, Error::from_errno(EMSGSIZE, "the answer is larger than a message may be"));
    const std::span<u8> bytes = member.put(std::move(frame));
    put_tag(bytes, tag);
    if (seen_) seen_(&member, Direction::received, bytes);
}

void Multiplexer::leave(Member& member) {
    for (const auto& [tag, upstream] : member.requests) {
        Request* const request = tags_.find(upstream);
        if (request == nullptr) continue;
        request->member = nullptr;
        if (must_finish(request->type)) continue;
        request->unwanted = true;
        unwanted_.push_back(upstream);
    }
    member.requests.clear();
    for (const Fid fid : member.fids.drain()) leftover_.push_back({fid, true});
    clean_up();
}

void Multiplexer::clean_up() {
    while (own_ < OWN_AT_ONCE && (!unwanted_.empty() || !leftover_.empty())) {
        if (unwanted_.empty()) {
            Request clunk;
            clunk.type = Tclunk::type;
            clunk.ended = leftover_.front().fid;
            clunk.reusable = leftover_.front().reusable;
            if (!send_own(clunk, Tclunk{clunk.ended})) return;
            leftover_.pop_front();
            continue;
        }
        const Tag tag = unwanted_.front();
        Request* const request = tags_.find(tag);
        // It may have been answered meanwhile, and its tag be another's.
        if (request != nullptr && request->unwanted) {
            request->unwanted = false;
            Request flush;
            flush.type = Tflush::type;
            flush.victim = tag;
            if (!send_own(flush, Tflush{tag})) {
                tags_.find(tag)->unwanted = true;
                return;
            }
        }
        unwanted_.pop_front();
    }
}

void Multiplexer::probe() {
    if (probing_) return;
    Request request;
    request.type = Tflush::type;
    probing_ = send_own(request, Tflush{NOTAG});
}

template <class T>
bool Multiplexer::send_own(Request request, const T& message) {
    request.own = true;
    const auto tag = tags_.take(request);
    if (!tag) return false;
    ++own_;
    ByteVector bytes;
    (void)encode(bytes, *tag, message, dialect_);
    if (seen_) seen_(nullptr, Direction::sent, bytes);
    to_server_(Frame(Bytes(bytes)));
    return true;
}

}  // namespace p9::proxy
