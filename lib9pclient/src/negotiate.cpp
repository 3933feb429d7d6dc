// The version exchange: from a dialler to a session that both ends agree on.
#include "dialect.hpp"
#include "session_core.hpp"

namespace p9 {
namespace {

/// The largest answer to Tversion that is read: an Rerror in words.
constexpr u32 MAX_VERSION_REPLY = 8192;

/// How a server took one offer.
struct Outcome {
    enum { agreed, declined, lost } what;
    u32 msize = 0;
    Dialect dialect = Dialect::base;
    Error error;  // why not
};

std::string offer_name(Dialect dialect) { return "Tversion " + std::string(version_string(dialect)); }

Outcome read_answer(Bytes frame, Dialect offered, const SessionOptions& options) {
    const Header header = header_of(frame);
    if (header.type == Rerror::type || header.type == Rlerror::type) {
        // The form of an Rerror depends on the dialect, and there is none yet.
        const auto refusal = decode_error(frame, Dialect::unix_);
        return {Outcome::declined,
                0,
                offered,
                {errc::handshake_failed, "the server answered " + offer_name(offered) +
                                             " with an error: " + (refusal ? refusal->message() : "unreadable")}};
    }
    const auto violation = [](std::string words) {
        return Outcome{Outcome::lost, 0, Dialect::base, {errc::protocol_violation, std::move(words)}};
    };
    if (header.type != Rversion::type) return violation(message_name(header.type) + " came as the answer to Tversion");
    if (header.tag != NOTAG) return violation("Rversion has tag " + std::to_string(number(header.tag)) + ", not NOTAG");
    const auto reply = decode<Rversion>(body_of(frame), Dialect::base);
    if (!reply) return violation(detail::malformed(Rversion::message, frame.size()).text);
    if (reply->version == "unknown")
        return {Outcome::declined,
                0,
                offered,
                {errc::handshake_failed, "the server does not speak " + std::string(version_string(offered))}};
    const auto dialect = dialect_of(reply->version);
    if (!dialect)
        return violation("Rversion names a version that nothing is known of: \"" + escaped(reply->version) + '"');
    if (reply->msize > options.msize)
        return violation("Rversion raises msize from " + std::to_string(options.msize) + " to " +
                         std::to_string(reply->msize));
    if (reply->msize < MIN_MSIZE)
        return violation("Rversion grants an msize of " + std::to_string(reply->msize) +
                         "; nothing fits into less than " + std::to_string(MIN_MSIZE));
    if (std::ranges::find(options.dialects, *dialect) == options.dialects.end())
        return {Outcome::declined,
                0,
                offered,
                {errc::handshake_failed, "the server speaks " + reply->version + ", which was not asked for"}};
    return {Outcome::agreed, reply->msize, *dialect, {}};
}

awaitable<Result<Outcome>> exchange(Transport& transport, Dialect offered, const SessionOptions& options) {
    const Tversion offer{options.msize, std::string(version_string(offered))};
    ByteVector bytes;
    (void)encode(bytes, NOTAG, offer, Dialect::base);
    if (options.tracer) options.tracer(Direction::sent, bytes, offered);
    auto sent = co_await transport.send(bytes);
    if (!sent) co_return sent.error();
    auto frame = co_await transport.receive();
    if (!frame) co_return frame.error();
    if (options.tracer) options.tracer(Direction::received, frame->bytes(), offered);
    co_return read_answer(frame->bytes(), offered, options);
}

awaitable<Outcome> offer(Transport& transport, Dialect offered, const SessionOptions& options) {
    auto work = exchange(transport, offered, options);
    auto result = co_await within(options.version_timeout, std::move(work), "no answer to " + offer_name(offered));
    if (result) co_return std::move(*result);
    const Error& error = result.error();
    const bool fatal =
        error.code == make_error_code(errc::protocol_violation) || error.code == make_error_code(errc::cancelled);
    Outcome outcome{Outcome::lost, 0, offered, error};
    if (!fatal)
        outcome.error =
            Error(errc::handshake_failed, error.message() + " (offered " + std::string(version_string(offered)) + ")");
    co_return outcome;
}

}  // namespace

awaitable<Result<std::shared_ptr<Session>>> Session::open(Dialler dialler, SessionOptions options) {
    std::unique_ptr<Transport> transport;
    Error last(errc::handshake_failed, "no dialect to offer");
    for (const Dialect offered : options.dialects) {
        if (transport == nullptr) {
            auto dialling = dialler();
            auto dialled = co_await std::move(dialling);
            if (!dialled) {
                // After a first offer, how that one went says more: a descriptor, for one, cannot be dialled again.
                const bool cancelled = dialled.error().code == make_error_code(errc::cancelled);
                if (offered == options.dialects.front() || cancelled) co_return dialled.error();
                co_return last;
            }
            transport = std::move(*dialled);
            transport->max_message(MAX_VERSION_REPLY);
        }
        const auto begin = Clock::now();
        Outcome outcome = co_await offer(*transport, offered, options);
        const auto end = Clock::now();
        if (outcome.what == Outcome::agreed) {
            transport->max_message(outcome.msize);
            auto core = std::make_shared<SessionCore>(std::move(transport), std::move(options));
            core->dialect = outcome.dialect;
            core->msize = outcome.msize;
            core->round_trip = end - begin;
            auto session = std::shared_ptr<Session>(new Session(core));
            core->operations = make_operations(*session);
            core->start();
            co_return session;
        }
        // A server that speaks a word of its own, or was interrupted, is not asked again in another dialect.
        last = std::move(outcome.error);
        if (last.code != make_error_code(errc::handshake_failed)) break;
        if (outcome.what == Outcome::lost) {
            transport->close();
            transport.reset();
        }
    }
    co_return last;
}

}  // namespace p9
