#include "p9/session.hpp"

#include "dialect.hpp"
#include "session_core.hpp"

#include "p9/file.hpp"

#include <boost/asio/redirect_error.hpp>

#include <algorithm>
#include <array>
#include <cerrno>

namespace p9 {
namespace asio = boost::asio;

Session::Session(std::shared_ptr<SessionCore> core) : core_(std::move(core)) {}

Session::~Session() { core_->end(Error(errc::connection_lost, "the session was closed")); }

Dialect Session::dialect() const { return core_->dialect; }
u32 Session::msize() const { return core_->msize; }
Duration Session::round_trip_time() const { return core_->round_trip; }
void Session::send_now() { core_->send_now(); }
std::string Session::peer() const { return core_->transport->peer(); }
asio::any_io_executor Session::executor() const { return core_->transport->executor(); }
const std::optional<Error>& Session::ended() const { return core_->ended; }
DialectOperations& Session::operations() { return *core_->operations; }
Duration Session::fallback_timeout() const { return core_->options.fallback_timeout; }
std::size_t Session::fids_in_use() const { return core_->fids.in_use(); }
std::size_t Session::requests_in_flight() const { return core_->tags.taken(); }

Fid Session::take_fid() { return core_->fids.take(); }
void Session::return_fid(Fid fid) { core_->fids.give_back(fid); }
void Session::return_fid_after(Fid fid, const Error& why) {
    if (why.is_errc())
        core_->fids.retire();
    else
        core_->fids.give_back(fid);
}
void Session::return_unmade_fid(Fid fid, const Error& why) {
    // In numbers of p9serve and diod, of QEMU, and of what "fid in use", "fid already exists" and "duplicate fid"
    // become (errno_of_text). The pool hands out the last number that it got, so that each walk would get this one.
    constexpr std::array taken{EBADF, EINVAL, EBUSY, EEXIST, EIO};
    if (std::ranges::any_of(taken, [&](int number) { return why.is_errno(number); }))
        core_->fids.retire();
    else
        return_fid_after(fid, why);
}
void Session::clunk_later(Fid fid) { core_->clunk(fid); }

void Session::abort(Error reason) { core_->end(std::move(reason)); }

namespace {

awaitable<Result<void>> wait_for_answers(std::shared_ptr<SessionCore> core) {
    auto waiting = core->wait_until_quiet();
    co_await std::move(waiting);
    co_return boost::system::in_place_value;
}

}  // namespace

awaitable<void> Session::close() {
    // Some servers (diod 1.0.24) die of SIGPIPE if they answer a clunk on a closed connection, and some transports lose
    // what is in flight. A server that does not answer must not keep us here.
    auto waiting = wait_for_answers(core_);
    (void)co_await within(std::chrono::seconds(1), std::move(waiting), "the last answers did not come");
    core_->end(Error(errc::connection_lost, "the session was closed"));
}

awaitable<Error> Session::wait_until_ended() {
    const auto core = core_;
    while (!core->ended) {
        boost::system::error_code ignored;
        co_await core->end_event.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
        const auto cancellation = co_await asio::this_coro::cancellation_state;
        if (cancellation.cancelled() != asio::cancellation_type::none && !core->ended) co_return Error(errc::cancelled);
    }
    co_return *core->ended;
}

namespace {

/// The numbers that an attach takes, given back unless they became fids.
awaitable<Result<Fid>> authenticate(Session& session, const AttachOptions& options) {
    const Fid afid = session.take_fid();
    auto began = co_await session.rpc<Tauth>(afid, options.uname, options.aname, options.n_uname);
    if (!began) {
        session.return_unmade_fid(afid, began.error());
        if (began.error().is_errc()) co_return began.error();
        co_return NOFID;  // attach(5): an error means that no authentication is wanted
    }
    AuthChannel channel(session, afid);
    auto conversation = options.auth(channel);
    auto done = co_await std::move(conversation);
    if (!done) {
        session.clunk_later(afid);
        co_return Error(errc::handshake_failed, "authentication failed: " + done.error().message());
    }
    co_return afid;
}

}  // namespace

awaitable<Result<Node>> Session::attach(AttachOptions options) {
    Fid afid = NOFID;
    if (options.auth) {
        auto authenticated = co_await authenticate(*this, options);
        if (!authenticated) co_return authenticated.error();
        afid = *authenticated;
    }
    const Fid fid = take_fid();
    auto reply = co_await rpc<Tattach>(fid, afid, options.uname, options.aname, options.n_uname);
    if (afid != NOFID) clunk_later(afid);
    if (!reply) {
        return_unmade_fid(fid, reply.error());
        co_return reply.error();
    }
    Node root(shared_from_this(), fid, reply->qid);
    root.label_ = options.label;
    co_return root;
}

awaitable<Result<Payload>> AuthChannel::read(u32 count) {
    const u32 most = session_.msize() - IOHDRSZ;
    auto reply = co_await session_.rpc<Tread>(afid_, read_offset_, std::min(count, most));
    if (!reply) co_return reply.error();
    read_offset_ += reply->data.bytes.size();
    co_return std::move(reply->data);
}

awaitable<Result<void>> AuthChannel::write(Bytes data) {
    const u32 most = session_.msize() - IOHDRSZ;
    while (!data.empty()) {
        const Bytes piece = data.first(std::min<std::size_t>(data.size(), most));
        auto reply = co_await session_.rpc<Twrite>(afid_, write_offset_, Payload(piece));
        if (!reply) co_return reply.error();
        if (reply->count == 0) co_return Error(errc::handshake_failed, "the server takes no authentication data");
        write_offset_ += reply->count;
        data = data.subspan(reply->count);
    }
    co_return boost::system::in_place_value;
}

}  // namespace p9
