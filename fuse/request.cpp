#include "fuse/request.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cerrno>

namespace p9::fuse {

namespace asio = boost::asio;

// Short for whoever presses Ctrl-C, long for a server that is at work.
constexpr std::chrono::milliseconds MOMENT{1000};

int to_errno(const Error& error) {
    if (error.code == make_error_code(errc::connection_lost)) return ENOTCONN;
    if (error.code == make_error_code(errc::cancelled)) return EINTR;
    const int number = error.to_errno();
    // To the kernel ENOSYS means that the whole mount never serves this kind of request, and of some kinds that it
    // need not ask: a server must not be able to say that.
    if (number == ENOSYS) return EOPNOTSUPP;
    // The kernel refuses answers with a number from 512 on, which are its own, and the request would hang.
    return number > 0 && number <= EHWPOISON ? number : EIO;
}

Request::Request(FileSystem& filesystem, fuse_req_t req, Interruptible interruptible)
    : filesystem_(&filesystem), interruptible_(interruptible), req_(req) {
    ++filesystem_->requests_under_way;
    filesystem_->released.let_go();
    filesystem_->privilege_question = {};
}

Request::~Request() {
    --filesystem_->requests_under_way;
    if (changes_) ++filesystem_->changes;
}

void Request::answer_before_server() {
    if (answered()) return;
    behind_->told();
    answer(Result<Written>(Written{behind_->size()}));
}

Error Request::fate_unknown(const std::string& what) const {
    filesystem_->log().note(what + ": the connection ended before the answer, so it may have been done or not; the " +
                            "caller was told \"" + errno_message(EIO) + '"');
    return Error::from_errno(EIO);
}

void Request::watch_interrupts() {
    if (req_ != nullptr) fuse_req_interrupt_func(req_, &Request::on_interrupt, this);
}

void Request::on_interrupt(fuse_req_t, void* self) {
    // The request's lock is held here, and answering takes it: so only post. libfuse calls this before the answer only,
    // while the coroutine keeps the Request alive.
    auto request = static_cast<Request*>(self)->shared_from_this();
    auto begin = [request] {
        if (request->answered()) return;
        if (request->interruptible_ == Interruptible::at_once)
            request->cancel();
        else
            spawn(request->filesystem_->executor(), cancel_later(request));
    };
    asio::post(request->filesystem_->executor(), std::move(begin));
}

awaitable<void> Request::cancel_later(std::shared_ptr<Request> request) {
    asio::steady_timer timer(request->filesystem_->executor(), MOMENT);
    boost::system::error_code ignored;
    co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    if (!request->answered()) request->cancel();
}

void start(std::shared_ptr<Request> request, awaitable<void> running) {
    const auto executor = asio::any_io_executor(request->filesystem().executor());
    auto ended = [request](const std::exception_ptr& failure) {
        if (failure) std::rethrow_exception(failure);  // a bug: let it end the program
    };
    asio::co_spawn(executor, std::move(running), asio::bind_cancellation_slot(request->slot(), std::move(ended)));
    request->watch_interrupts();
}

}  // namespace p9::fuse
