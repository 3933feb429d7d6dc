// The version exchange: from a dialler to a session that both ends agree on.
#include "p9/negotiate.hpp"

#include "dialect.hpp"
#include "session_core.hpp"

#include <boost/asio/redirect_error.hpp>

namespace p9 {
namespace {

/// The largest answer to Tversion that is read: an Rerror in words.
constexpr u32 MAX_VERSION_REPLY = 8192;

/// A port with leftovers is tried again after this pause, which grows by half of it each time up to twice of it: so
/// long it takes both ends to notice that this one was closed.
constexpr Duration SHORTEST_PAUSE = std::chrono::milliseconds(500);
/// How long such a port may be silent at first; a second more each time, for guests that are slow.
constexpr Duration PORT_PATIENCE = std::chrono::seconds(2);
/// How often such a port may say what is no 9P. Each time some leftovers are gone.
constexpr int MOST_GARBAGE = 5;

/// How a server took one offer.
struct Outcome {
    enum { agreed, declined, lost } what;
    u32 msize = 0;
    Dialect dialect = Dialect::base;
    Error error;          // why not
    bool silent = false;  // lost because no answer came in time
    Duration round_trip{};
};

bool has_code(const Error& error, errc code) { return error.code == make_error_code(code); }

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

/// What belongs to an earlier conversation has a tag of its own, and no Rversion has.
bool is_stale(Bytes frame) {
    const Header header = header_of(frame);
    return header.type != Rversion::type && header.tag != NOTAG;
}

awaitable<Result<Outcome>> exchange(Transport& transport, Dialect offered, const SessionOptions& options) {
    const Tversion offer{options.msize, std::string(version_string(offered))};
    ByteVector bytes;
    (void)encode(bytes, NOTAG, offer, Dialect::base);
    if (options.tracer) options.tracer(Direction::sent, bytes, offered);
    auto sent = co_await transport.send(bytes);
    if (!sent) co_return sent.error();
    const bool skips = transport.leftovers();
    for (;;) {
        auto frame = co_await transport.receive();
        if (!frame) co_return frame.error();
        if (options.tracer) options.tracer(Direction::received, frame->bytes(), offered);
        if (skips && is_stale(frame->bytes())) continue;
        co_return read_answer(frame->bytes(), offered, options);
    }
}

awaitable<Outcome> offer(Transport& transport, Dialect offered, Duration patience, const SessionOptions& options) {
    // Leftovers that are whole messages are skipped, whatever their size.
    transport.max_message(transport.leftovers() ? std::max(MAX_VERSION_REPLY, options.msize) : MAX_VERSION_REPLY);
    const auto begin = Clock::now();
    auto work = exchange(transport, offered, options);
    auto result = co_await within(patience, std::move(work), "no answer to " + offer_name(offered));
    if (result) {
        result->round_trip = Clock::now() - begin;
        co_return std::move(*result);
    }
    const Error& error = result.error();
    // connection_failed: the transport found out that this is nothing to talk to.
    const bool fatal = has_code(error, errc::protocol_violation) || has_code(error, errc::cancelled) ||
                       has_code(error, errc::connection_failed);
    Outcome outcome{Outcome::lost, 0, offered, error, has_code(error, errc::timed_out)};
    if (!fatal)
        outcome.error =
            Error(errc::handshake_failed, error.message() + " (offered " + std::string(version_string(offered)) + ")");
    co_return outcome;
}

/// The version exchange on a port with leftovers, `outcome` being what came of it so far. What always worked on such
/// ports: to close, to wait, and to begin again, until an answer comes or time is up.
awaitable<Outcome> offer_again(std::unique_ptr<Transport>& transport, Outcome outcome, const Dialler& dialler,
                               Dialect offered, Clock::time_point deadline, const SessionOptions& options) {
    boost::asio::steady_timer timer(transport->executor());
    Duration pause = SHORTEST_PAUSE;
    Duration patience = PORT_PATIENCE;
    int garbage = 0;
    const auto hopeless = [&] {
        if (has_code(outcome.error, errc::protocol_violation)) ++garbage;
        return outcome.what != Outcome::lost || has_code(outcome.error, errc::cancelled) ||
               has_code(outcome.error, errc::connection_failed) || garbage == MOST_GARBAGE;
    };
    while (!hopeless() && Clock::now() + pause < deadline) {
        transport->close();
        timer.expires_after(pause);
        boost::system::error_code cancelled;
        co_await timer.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, cancelled));
        if (cancelled) {
            outcome.error = Error(errc::cancelled);
            co_return outcome;
        }
        pause = std::min(pause + SHORTEST_PAUSE / 2, 2 * SHORTEST_PAUSE);
        patience += std::chrono::seconds(1);

        constexpr Duration least = std::chrono::milliseconds(1);  // zero is no limit
        auto dialling = dialler();
        auto dialled = co_await within(std::max<Duration>(deadline - Clock::now(), least), std::move(dialling), "");
        if (!dialled && has_code(dialled.error(), errc::timed_out)) break;
        if (!dialled) {
            outcome.error = dialled.error();
            co_return outcome;
        }
        transport = std::move(*dialled);
        const Duration left = std::max<Duration>(deadline - Clock::now(), least);
        auto offering = offer(*transport, offered, std::min(patience, left), options);
        outcome = co_await std::move(offering);
    }
    if (outcome.silent) outcome.error = Error(errc::timed_out, "no answer to " + offer_name(offered));
    co_return outcome;
}

}  // namespace

awaitable<Result<Agreement>> agree(Dialler dialler, const SessionOptions& options) {
    const auto started = Clock::now();
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
        }
        const bool port = transport->leftovers();
        auto patience = options.version_timeout;
        const auto deadline = started + options.port_timeout;
        if (port) {
            const auto most =
                std::clamp<Duration>(deadline - Clock::now(), std::chrono::milliseconds(1), PORT_PATIENCE);
            patience = patience == Duration::zero() ? most : std::min(patience, most);
        }
        Outcome outcome = co_await offer(*transport, offered, patience, options);
        if (port && outcome.what == Outcome::lost) {
            outcome = co_await offer_again(transport, std::move(outcome), dialler, offered, deadline, options);
        }
        if (outcome.what == Outcome::agreed) {
            transport->max_message(outcome.msize);
            co_return Agreement{std::move(transport), outcome.dialect, outcome.msize, outcome.round_trip};
        }
        // A server that speaks a word of its own, or was interrupted, is not asked again in another dialect.
        last = std::move(outcome.error);
        if (last.code != make_error_code(errc::handshake_failed) || (port && outcome.what == Outcome::lost)) break;
        if (outcome.what == Outcome::lost) {
            transport->close();
            transport.reset();
        }
    }
    co_return last;
}

awaitable<Result<std::shared_ptr<Session>>> Session::open(Dialler dialler, SessionOptions options) {
    auto agreeing = agree(std::move(dialler), options);
    auto agreement = co_await std::move(agreeing);
    if (!agreement) co_return agreement.error();
    auto core = std::make_shared<SessionCore>(std::move(agreement->transport), std::move(options));
    core->dialect = agreement->dialect;
    core->msize = agreement->msize;
    core->round_trip = agreement->round_trip;
    auto session = std::shared_ptr<Session>(new Session(core));
    core->operations = make_operations(*session);
    core->start();
    co_return session;
}

}  // namespace p9
