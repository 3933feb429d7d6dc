// A session is one conversation with one server: the agreed dialect and msize, tags, fids and flushes.
//
// A Session is held by shared_ptr; nodes and files that were made over it keep it alive. It belongs to
// one io_context and is used from that context's one thread. Requests may be started at any time and in any number;
// a reply resumes the coroutine that waits for it. When the connection ends, everything that waits fails
// with errc::connection_lost and so does every later request: a session is never revived.
//
// Cancellation (asio's terminal kind) of a waiting coroutine follows flush(5): Tflush is sent, and the wait ends with
// whichever comes first, the real reply (which counts) or Rflush (errc::cancelled). Coroutines that use a session
// want `co_await asio::this_coro::throw_if_cancelled(false)` at their start, so that errors stay values; the helpers in
// task.hpp do that.
#pragma once

#include "p9/call.hpp"
#include "p9/task.hpp"
#include "p9/trace.hpp"
#include "p9/transport.hpp"

#include <chrono>
#include <vector>

namespace p9 {

class DialectOperations;
struct SessionCore;
class Node;
class AuthChannel;

/// Converses over an afid until the server is satisfied (attach(5)); an error ends the attach.
using AuthHook = std::function<awaitable<Result<void>>(AuthChannel& channel)>;

/// How a session begins.
struct SessionOptions {
    /// What to offer, in this order.
    std::vector<Dialect> dialects{Dialect::linux_, Dialect::unix_, Dialect::base};
    /// The msize to ask for, in bytes; the server may grant less.
    u32 msize = DEFAULT_MSIZE;
    /// How long the server may take for each offer of a version. Zero: for ever.
    Duration version_timeout = std::chrono::seconds(4);
    /// How long a transport with leftovers (transport.hpp) is dialled and asked anew, from the beginning.
    Duration port_timeout = std::chrono::milliseconds(9500);
    /// How long a Tflush may stay unanswered before the caller is let go; the tag stays reserved.
    Duration flush_grace = std::chrono::seconds(2);
    /// How long a request that has a fallback (Trenameat, Tunlinkat) may stay unanswered before the fallback is
    /// tried: some servers never answer what they do not know.
    Duration fallback_timeout = std::chrono::seconds(10);
    /// Sees every message.
    Tracer tracer;
};

/// Whom to attach as, and to which tree.
struct AttachOptions {
    std::string uname;
    std::string aname;
    u32 n_uname = NONUNAME;
    /// A number for the program's own use, which every node of the tree has too (Node::label).
    u32 label = 0;
    /// Without a hook no authentication is tried (afid is NOFID).
    AuthHook auth;
};

/// One connection.
class Session : public std::enable_shared_from_this<Session> {
public:
    /// Dials and agrees on a dialect: offers each of `options.dialects` until the server takes one, on a new
    /// connection where the server ended the old one, and takes what the server answers (version(5)). Fails with
    /// what the dialler said, errc::handshake_failed, or errc::protocol_violation.
    static awaitable<Result<std::shared_ptr<Session>>> open(Dialler dialler, SessionOptions options);

    ~Session();
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    Dialect dialect() const;
    /// The agreed msize in bytes.
    u32 msize() const;
    /// The time that the version exchange took.
    Duration round_trip_time() const;
    /// The server's address in canonical form.
    std::string peer() const;
    boost::asio::any_io_executor executor() const;
    /// Why the session ended; nothing while it lives.
    const std::optional<Error>& ended() const;

    /// Makes the root of a tree (attach(5)); with `options.auth` after an authentication, unless the server
    /// answers Tauth with an error, which means that it wants none. May be called for several trees.
    awaitable<Result<Node>> attach(AttachOptions options);

    /// Sends T{args...} and waits for its reply. A refusal is an error with the server's words; a request
    /// that the dialect does not have fails with EOPNOTSUPP without being sent.
    template <class T, class... Args>
    awaitable<Result<typename T::Reply>> rpc(Args... args) {
        const T request{std::move(args)...};
        Call<T> call(*this, request);
        co_return co_await call.reply();
    }

    /// Sends the requests that wait to be sent, which else go out together at the end of this turn of the io_context.
    /// For who knows that he has no more of them.
    void send_now();

    /// Ends the session in order: sends what waits in the outbox and waits, for a second at most, until everything is
    /// answered that nobody waits for (clunks, flushes). Requests that somebody does wait for fail.
    awaitable<void> close();
    /// Ends the session at once, with this reason for whoever waits.
    void abort(Error reason);
    /// Completes when the session has ended, with the reason.
    awaitable<Error> wait_until_ended();

    /// A fid that is in use nowhere; NOFID if all are taken.
    Fid take_fid();
    /// Gives back a fid that the server does not know (any more).
    void return_fid(Fid fid);
    /// The same after a request that should have ended the fid failed with `why`. If that is no answer of the
    /// server's, nobody can tell whether it knows the fid, and the number is not used again.
    void return_fid_after(Fid fid, const Error& why);
    /// The same after a request that should have made the fid. An error that may mean that the server has the fid
    /// already ends the number's use too: it once said that it had not made it, and was wrong.
    void return_unmade_fid(Fid fid, const Error& why);
    /// Sends Tclunk without waiting; the number is free again when the answer comes.
    void clunk_later(Fid fid);

    /// SessionOptions::fallback_timeout.
    Duration fallback_timeout() const;
    /// The operations of the agreed dialect. Internal to the library.
    DialectOperations& operations();
    /// Fids that are in use, those being clunked included; for status displays and tests.
    std::size_t fids_in_use() const;
    /// Requests without an answer so far.
    std::size_t requests_in_flight() const;

private:
    friend class PendingCall;
    explicit Session(std::shared_ptr<SessionCore> core);
    std::shared_ptr<SessionCore> core_;
};

/// The afid of an authentication in progress; valid during the hook only.
class AuthChannel {
public:
    AuthChannel(Session& session, Fid afid) : session_(session), afid_(afid) {}
    /// Up to `count` bytes from the server.
    awaitable<Result<Payload>> read(u32 count);
    /// Sends all of `data`.
    awaitable<Result<void>> write(Bytes data);

private:
    Session& session_;
    Fid afid_;
    u64 read_offset_ = 0;
    u64 write_offset_ = 0;
};

}  // namespace p9
