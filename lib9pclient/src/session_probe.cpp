// Asking whether the other end still knows this conversation, on transports with leftovers.
//
// The other end of a port may begin anew unseen: a guest that is reset. What was in flight is never answered then, and
// what comes later is refused. A Tflush of no request costs a server nothing and is answered at once; a server that
// refuses it, and did not at the beginning, knows nothing of this conversation.
#include "session_core.hpp"

#include <boost/asio/redirect_error.hpp>

namespace p9 {
namespace {

namespace asio = boost::asio;

// How long such a port may be silent before it is asked, at first and at most.
constexpr Duration FIRST_PROBE = std::chrono::seconds(2), LAST_PROBE = std::chrono::seconds(16);

}  // namespace

awaitable<void> SessionCore::watch_conversation() {
    const auto self = shared_from_this();
    probe();
    Duration pause = FIRST_PROBE;
    while (!ended) {
        const u64 before = messages_received_;
        probe_timer_.expires_after(pause);
        boost::system::error_code ignored;
        co_await probe_timer_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
        if (ended) break;
        const bool silent = messages_received_ == before && tags.taken() > probes_open_;
        if (probes_work_ && (silent || in_doubt_)) probe();
        // Probes of a guest that is still booting are lost.
        pause = silent ? std::min(pause * 2, LAST_PROBE) : FIRST_PROBE;
        in_doubt_ = false;
    }
}

void SessionCore::probe() {
    const auto tag = tags.open(nullptr, Tflush::type);
    if (!tag) return;
    ++probes_open_;
    const Tflush request{NOTAG};
    const std::size_t before = outbox.size();
    if (encode(outbox, *tag, request, dialect)) outbox_grew(outbox.size() - before);
}

void SessionCore::on_probe_answer(bool refused) {
    --probes_open_;
    if (!refused)
        probes_work_ = true;
    else if (probes_work_)
        end(Error(errc::connection_lost,
                  transport->peer() + ": the server has begun anew and knows nothing of this connection"));
}

}  // namespace p9
