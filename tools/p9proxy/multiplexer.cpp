// The way to the server. What the proxy can answer itself does not reach it.
#include "tools/p9proxy/multiplexer.hpp"

#include <algorithm>
#include <cerrno>

namespace p9::proxy {
namespace {

/// Tags that no client gets: for the flushes and clunks of those who left.
constexpr std::size_t RESERVED_TAGS = 1024;

Error violation(std::string words) { return {errc::protocol_violation, std::move(words)}; }

std::string name_of(Fid fid) { return fid == NOFID ? "NOFID" : "fid " + std::to_string(number(fid)); }

}  // namespace

Multiplexer::Multiplexer(Dialect dialect, u32 msize, MemberLimits limits, Sink to_server, Seen seen)
    : dialect_(dialect), msize_(msize), limits_(limits), to_server_(std::move(to_server)), seen_(std::move(seen)) {}

std::optional<Error> Multiplexer::request(Member& member, Frame frame) {
    const Bytes bytes = frame.bytes();
    const Header header = header_of(bytes);
    if (seen_) seen_(&member, Direction::sent, bytes);
    if (header.type == Tversion::type) return version(member, bytes);
    if (header.type % 2 != 0)
        return violation("a reply, " + message_name(header.type) + ", where requests are expected");
    if (member.requests.contains(header.tag))
        return violation(message_name(header.type) + " with tag " + std::to_string(number(header.tag)) +
                         ", which is in use");
    FidFields fields;
    if (auto refused = refusal(member, bytes, fields))
        refuse(member, header.tag, *refused);
    else if (header.type == Tflush::type)
        flush(member, std::move(frame));
    else
        pass(member, std::move(frame), fields);
    return std::nullopt;
}

// Why the server is not asked.
std::optional<Error> Multiplexer::refusal(Member& member, Bytes frame, FidFields& fields) const {
    const u8 type = header_of(frame).type;
    if (member.msize == 0) return Error::from_errno(EPROTO, "a conversation begins with Tversion");
    const Readable readable = find_fids(frame, dialect_, fields);
    if (readable == Readable::no_request)
        return Error::from_errno(EOPNOTSUPP,
                                 message_name(type) + " is not a request of " + std::string(version_string(dialect_)));
    if (readable == Readable::too_short) return Error::from_errno(EINVAL, "malformed " + message_name(type));
    if (member.requests.size() >= limits_.requests || tags_.taken() >= number(NOTAG) - RESERVED_TAGS)
        return Error::from_errno(EAGAIN, "too many requests are waiting for an answer");
    // A walk that moves its own fid makes none.
    if (type == Twalk::type && fields[0].fid == fields[1].fid) fields[1].made = false;
    for (const FidField& field : fields) {
        if (field.optional && field.fid == NOFID) continue;
        const bool known = member.fids.find(field.fid) != nullptr;
        if (!field.made && !known) return Error::from_errno(EBADF, "unknown " + name_of(field.fid));
        if (!field.made) continue;
        if (field.fid == NOFID) return Error::from_errno(EBADF, "NOFID cannot be made a fid");
        if (known) return Error::from_errno(EBADF, name_of(field.fid) + " is in use");
        if (member.fids.size() >= limits_.fids) return Error::from_errno(EMFILE, "too many fids");
    }
    return std::nullopt;
}

void Multiplexer::pass(Member& member, Frame frame, const FidFields& fields) {
    const Header header = header_of(frame.bytes());
    Request request;
    request.member = &member;
    request.tag = header.tag;
    request.type = header.type;
    FidFields mapped = fields;
    for (FidField& field : mapped) {
        if (field.optional && field.fid == NOFID) continue;
        if (field.made) {
            request.newfid = field.fid;
            request.made = fids_.take();
            field.fid = request.made;
        } else {
            field.fid = member.fids.find(field.fid)->upstream;
        }
    }
    if (header.type == Twalk::type) request.names = names_of_walk(frame.bytes());
    if (header.type == Tclunk::type || header.type == Tremove::type) {
        // Whatever the answer, this ends the fid. One that is still being made is seen to when that is answered.
        const Fid fid = fields[0].fid;
        if (!member.fids.find(fid)->pending) request.ended = mapped[0].fid;
        member.fids.erase(fid);
    }
    if (request.made != NOFID) member.fids.begin(request.newfid, request.made);
    // What is read has to fit into what this client accepts.
    constexpr u32 read_header = HEADER_SIZE + 4;
    const bool reads = header.type == Tread::type || header.type == Treaddir::type;
    send(request, std::move(frame), mapped, reads ? member.msize - read_header : 0);
}

// The caller knows that there is a tag.
void Multiplexer::send(const Request& request, Frame frame, const FidFields& fields, u32 most) {
    const Tag tag = *tags_.take(request);
    request.member->requests.emplace(request.tag, tag);
    const std::span<u8> bytes = to_server_(std::move(frame));
    put_tag(bytes, tag);
    for (const FidField& field : fields) put_fid(bytes, field.at, field.fid);
    if (most != 0) bound_count(bytes, most);
}

void Multiplexer::flush(Member& member, Frame frame) {
    const Tag tag = header_of(frame.bytes()).tag;
    const auto flush = decode<Tflush>(body_of(frame.bytes()), dialect_);
    if (!flush) return refuse(member, tag, Error::from_errno(EINVAL, "malformed Tflush"));
    const auto found = member.requests.find(flush->oldtag);
    if (found == member.requests.end()) {
        // Answered already, or never asked: there is nothing that the server could know of.
        ByteVector reply;
        if (encode(reply, tag, Rflush{}, dialect_)) answer(member, reply);
        return;
    }
    Request request;
    request.member = &member;
    request.tag = tag;
    request.type = Tflush::type;
    request.victim = found->second;
    const Tag upstream = *tags_.take(request);
    member.requests.emplace(tag, upstream);
    const std::span<u8> bytes = to_server_(std::move(frame));
    put_tag(bytes, upstream);
    boost::endian::store_little_u16(bytes.data() + HEADER_SIZE, number(request.victim));
}

std::optional<Error> Multiplexer::version(Member& member, Bytes frame) {
    const auto offer = decode<Tversion>(body_of(frame), Dialect::base);
    if (!offer) return violation("a malformed Tversion");
    leave(member);
    std::optional<Dialect> agreed = dialect_of(offer->version);
    // A client that speaks more than the server gets the base: "9P2000.x" before its dot (version(5)).
    if (dialect_ == Dialect::base && offer->version.starts_with("9P2000.")) agreed = Dialect::base;
    Rversion reply{std::min(offer->msize, msize_), "unknown"};
    member.msize = 0;
    member.dialect = Dialect::base;
    if (agreed == dialect_ && reply.msize >= MIN_MSIZE) {
        member.dialect = dialect_;
        member.msize = reply.msize;
        reply.version = version_string(dialect_);
    }
    ByteVector bytes;
    if (encode(bytes, header_of(frame).tag, reply, Dialect::base)) answer(member, bytes);
    return std::nullopt;
}

void Multiplexer::answer(Member& member, Bytes frame) {
    if (seen_) seen_(&member, Direction::received, frame);
    member.put(Frame(frame));
}

void Multiplexer::refuse(Member& member, Tag tag, const Error& error) {
    ByteVector bytes;
    const auto code = static_cast<u32>(error.to_errno());
    const bool encoded = member.dialect == Dialect::linux_
                             ? encode(bytes, tag, Rlerror{code}, member.dialect)
                             : encode(bytes, tag, Rerror{error.message(), code}, member.dialect);
    if (encoded) answer(member, bytes);
}

}  // namespace p9::proxy
