#include "tools/p9proxy/share.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/redirect_error.hpp>

namespace p9::proxy {

namespace asio = boost::asio;

Share::Share(asio::any_io_executor executor, Context& context)
    : executor_(std::move(executor)), context_(context), event_(executor_, asio::steady_timer::time_point::max()) {}

awaitable<Result<std::shared_ptr<SharedLink>>> Share::link() {
    if (link_ && !link_->ended()) co_return link_;
    if (closed_) co_return Error(errc::cancelled);
    if (!connecting_) {
        connecting_ = true;
        failed_.reset();
        const auto done = [](const std::exception_ptr& thrown) {
            if (thrown) std::rethrow_exception(thrown);
        };
        asio::co_spawn(executor_, without_throwing(connect()), asio::bind_cancellation_slot(cancel_.slot(), done));
    }
    while (connecting_) {
        boost::system::error_code ignored;
        co_await event_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    }
    if (failed_) co_return *failed_;
    co_return link_;
}

awaitable<void> Share::connect() {
    co_await asio::this_coro::throw_if_cancelled(false);
    const ProxyOptions& options = context_.options;
    SessionOptions session;
    session.dialects = options.dialects;
    session.msize = options.msize.value_or(session.msize);
    if (options.connect_timeout != Duration::zero()) session.port_timeout = options.connect_timeout * 9 / 10;
    auto agreeing = agree(options.dialler, session);
    auto agreement = co_await within(options.connect_timeout, std::move(agreeing),
                                     "no connection, or no answer, within the connect timeout (--connect-timeout)");
    connecting_ = false;
    event_.cancel();
    if (agreement && !closed_) {
        link_ = std::make_shared<SharedLink>(*std::move(agreement), context_);
        link_->start();
        context_.options.tracing.event({0, "p9proxy"}, "connected to " + link_->description());
        co_return;
    }
    failed_ = agreement ? Error(errc::cancelled) : agreement.error();
    const std::string words = failed_->message();
    if (!words.starts_with(options.server)) *failed_ = failed_->about(options.server);
}

void Share::close() {
    closed_ = true;
    cancel_.emit(asio::cancellation_type::terminal);
    if (link_) link_->end(Error(errc::cancelled, "the proxy ends"));
}

}  // namespace p9::proxy
