// One request of the kernel's, from its arrival to its answer: the only place where errors become errno numbers and
// interrupts become cancellations.
//
// `serve` runs an operation as a coroutine and answers with what it returns. A Request is shared by that coroutine
// and by interrupts on their way; the fuse_req_t in it is valid until the answer and never touched after. One thread.
#pragma once

#include "fuse/replies.hpp"

#include <boost/asio/cancellation_signal.hpp>

#include <cerrno>
#include <new>
#include <type_traits>

namespace p9::fuse {

/// The errno that the kernel, and so the caller, is told. The end of the connection is ENOTCONN, which people know
/// from FUSE mounts whose server is gone, whatever the library's own translation.
int to_errno(const Error& error);

/// How soon an interrupt ends a request. The kernel interrupts for any signal, one that is handled and forgotten
/// included, and then hands EINTR to programs that do not expect it of a file: so what usually ends soon may end.
enum class Interruptible : u8 { after_a_moment, at_once };

class Request : public std::enable_shared_from_this<Request> {
public:
    Request(FileSystem& filesystem, fuse_req_t req, Interruptible interruptible);
    ~Request();
    Request(const Request&) = delete;
    Request& operator=(const Request&) = delete;

    /// Begins to turn FUSE_INTERRUPT into a terminal cancellation on `slot`, at once or after a moment; nothing if it
    /// has its answer already.
    void watch_interrupts();
    /// The request changes something: what was read before it ends may be old afterwards.
    void is_a_change() {
        changes_ = true;
        ++filesystem_->changes;
    }
    boost::asio::cancellation_slot slot() { return signal_.slot(); }
    FileSystem& filesystem() const { return *filesystem_; }
    /// The error for a change that may or may not have been made, after a line in the log.
    Error fate_unknown(const std::string& what) const;

    /// True once there is an answer.
    bool answered() const { return req_ == nullptr; }
    /// The request is a write whose caller need not wait for the server.
    void behind(std::unique_ptr<WriteBehind::Pending> write) { behind_ = std::move(write); }
    bool is_behind() const { return behind_ != nullptr; }
    /// Answers such a write, if nobody has yet.
    void answer_before_server();
    /// Counts an outcome that is about to be the answer. One that comes too late says at least that the server is
    /// there.
    void answered_by_server(bool succeeded) {
        if (succeeded || !answered()) ++filesystem_->requests_answered;
    }
    /// Gives up what the request waits for.
    void cancel() { signal_.emit(boost::asio::cancellation_type::terminal); }
    /// Answers, if nobody has yet.
    template <class T>
    void answer(Result<T>&& outcome) {
        Result<T> result = std::move(outcome);
        fuse_req_t req = std::exchange(req_, nullptr);
        if (req == nullptr) {
            if (behind_ && !result) behind_->failed(*filesystem_, result.error());
        } else if (!result) {
            fuse_reply_err(req, to_errno(result.error()));
        } else if constexpr (std::is_void_v<T>) {
            fuse_reply_err(req, 0);
        } else {
            reply(req, *filesystem_, std::move(*result));
        }
    }

private:
    static void on_interrupt(fuse_req_t req, void* self);
    static awaitable<void> cancel_later(std::shared_ptr<Request> request);

    FileSystem* filesystem_;
    Interruptible interruptible_;
    fuse_req_t req_;  // null once answered
    bool changes_ = false;
    std::unique_ptr<WriteBehind::Pending> behind_;  // null but for a write
    boost::asio::cancellation_signal signal_;
};

/// What ends the connection within this time after it was asked may well be the reason.
inline constexpr std::chrono::seconds SOON{1};

/// Runs what `operation` starts to its end and answers the request with its result. Where the connection ends
/// meanwhile, and comes back in time, it is started again; unless `once` names it, because then nobody knows whether it
/// was done, or unless the connection has ended of it again and again for as long as the reconnect timeout.
template <class Operation>
awaitable<void> run(std::shared_ptr<Request> request, std::string once, Operation operation) {
    // Cancelled requests end with a value, and this coroutine has to go on to answer.
    co_await boost::asio::this_coro::throw_if_cancelled(false);
    using Answer = typename std::invoke_result_t<Operation&>::value_type;
    Connection& connection = request->filesystem().connection();
    Answer result = Error::from_errno(EIO);
    std::optional<Clock::time_point> hung_up_since;
    try {
        for (;;) {
            if (!connection.alive()) {
                auto waiting = connection.come_back();
                auto back = co_await std::move(waiting);
                if (!back) {
                    result = back.error();
                    break;
                }
            }
            const auto began = Clock::now();
            auto working = operation();
            result = co_await std::move(working);
            if (result || result.error().code != make_error_code(errc::connection_lost)) break;
            if (!once.empty()) {
                result = request->fate_unknown(once);
                break;
            }
            // A server may end the connection whenever it gets just this request.
            if (Clock::now() - began > SOON) hung_up_since.reset();
            if (!hung_up_since) hung_up_since = began;
            if (Clock::now() - *hung_up_since > connection.options().reconnect_timeout) break;
        }
    } catch (const std::bad_alloc&) {
        result = Error::from_errno(ENOMEM);
    }
    request->answered_by_server(result.has_value());
    request->answer(std::move(result));
}

/// Starts `run`, so that interrupts reach it.
void start(std::shared_ptr<Request> request, awaitable<void> running);

// The kernel's memory is gone when an operation begins for the second time.
inline std::string kept(const char* text) { return text; }
template <class T>
T kept(T value) {
    return value;
}

/// `operation` with the arguments that follow, to be begun as often as need be.
template <class F, class... Args>
auto calling(F operation, Args... args) {
    return [operation, ... mine = kept(std::move(args))] { return operation(mine...); };
}

/// For what may be done twice. `operation` is called, perhaps again, to begin: no coroutine itself, but what returns
/// one.
template <class Operation>
void serve(FileSystem& filesystem, fuse_req_t req, Operation operation,
           Interruptible interruptible = Interruptible::after_a_moment) {
    auto request = std::make_shared<Request>(filesystem, req, interruptible);
    start(request, run(request, std::string(), std::move(operation)));
}

/// The same for what changes something.
template <class Operation>
std::shared_ptr<Request> serve_change(FileSystem& filesystem, fuse_req_t req, Operation operation) {
    auto request = std::make_shared<Request>(filesystem, req, Interruptible::after_a_moment);
    request->is_a_change();
    start(request, run(request, std::string(), std::move(operation)));
    return request;
}

/// GETATTR and STATFS of the root: after a second without an answer, and at once without a connection, with what the
/// server told last.
void serve_root_attributes(FileSystem& filesystem, fuse_req_t req);
void serve_root_figures(FileSystem& filesystem, fuse_req_t req);
/// OPENDIR of the root in the same way: what is open then waits for the server when it is read.
void serve_root_opening(FileSystem& filesystem, fuse_req_t req);

/// For changes that must not be made twice; `what` names it for the log.
template <class Operation>
std::shared_ptr<Request> serve_once(FileSystem& filesystem, fuse_req_t req, std::string what, Operation operation) {
    auto request = std::make_shared<Request>(filesystem, req, Interruptible::after_a_moment);
    request->is_a_change();
    start(request, run(request, std::move(what), std::move(operation)));
    return request;
}

}  // namespace p9::fuse
