#include "tests/support/script.hpp"

#include <boost/asio/redirect_error.hpp>

namespace p9::test {
namespace asio = boost::asio;

namespace {

/// Waits for the next wake-up; false if the waiting coroutine was cancelled.
awaitable<bool> woken(asio::steady_timer& timer) {
    co_await asio::this_coro::throw_if_cancelled(false);
    timer.expires_at(asio::steady_timer::time_point::max());
    boost::system::error_code ignored;
    co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    const auto state = co_await asio::this_coro::cancellation_state;
    co_return state.cancelled() == asio::cancellation_type::none;
}

Error lost() { return Error(errc::connection_lost, "script: connection closed"); }

}  // namespace

Link::Link(asio::any_io_executor executor) : receive_wake(executor), send_wake(executor) {}

void Link::wake() {
    receive_wake.cancel();
    send_wake.cancel();
}

void Link::close_from_server() {
    closed_by_server = true;
    wake();
}

void Link::deliver(Bytes messages) {
    while (!messages.empty()) {
        if (messages.size() < HEADER_SIZE) throw std::logic_error("sent a piece of a message");
        const std::size_t size = header_of(messages).size;
        if (size < HEADER_SIZE || size > messages.size()) throw std::logic_error("sent a message with a wrong size");
        const Bytes message = messages.first(size);
        if (on_message)
            on_message(message);
        else
            to_server.emplace_back(message.begin(), message.end());
        messages = messages.subspan(size);
    }
}

std::size_t ScriptedTransport::offer(Bytes head, Bytes data, bool lent) {
    link_->lent.push_back(lent);
    if (sending_ || !link_->begun.empty()) throw std::logic_error("an offer before the last message was sent");
    if (!link_->room || link_->closed_by_client || link_->closed_by_server) return 0;
    std::vector<u8> message(head.begin(), head.end());
    message.insert(message.end(), data.begin(), data.end());
    const std::size_t taken = std::min(*link_->room, message.size());
    if (taken == message.size()) {
        link_->deliver(message);
    } else {
        message.resize(taken);
        link_->begun = std::move(message);
    }
    return taken;
}

awaitable<Result<void>> ScriptedTransport::send(Bytes messages) {
    if (std::exchange(sending_, true)) throw std::logic_error("two sends at a time");
    const auto link = link_;
    const auto executor = executor_;
    // As a socket does: never complete inside the call.
    co_await asio::post(executor, asio::use_awaitable);
    while (link->sends_held && !link->closed_by_client && !link->closed_by_server)
        if (!co_await woken(link->send_wake)) co_return Error(errc::cancelled, "script: cancelled");
    if (link->fail_next_send) link->close_from_server();
    if (link->closed_by_client || link->closed_by_server) {
        if (!link->closed_by_client) sending_ = false;
        co_return lost();
    }
    sending_ = false;
    std::vector<u8> whole = std::exchange(link->begun, {});
    whole.insert(whole.end(), messages.begin(), messages.end());
    link->deliver(whole);
    co_return Result<void>();
}

awaitable<Result<Frame>> ScriptedTransport::receive() {
    if (std::exchange(receiving_, true)) throw std::logic_error("two receives at a time");
    received_.reset();
    const auto link = link_;
    const auto executor = executor_;
    co_await asio::post(executor, asio::use_awaitable);
    while (link->to_client.empty() && !link->closed_by_client && !link->closed_by_server)
        if (!co_await woken(link->receive_wake)) co_return Error(errc::cancelled, "script: cancelled");
    if (link->closed_by_client) co_return lost();
    receiving_ = false;
    if (link->to_client.empty()) co_return lost();
    const auto bytes = std::move(link->to_client.front());
    link->to_client.pop_front();
    const u32 size = bytes.size() < HEADER_SIZE ? 0 : header_of(bytes).size;
    if (size != bytes.size() || size > link->max_message)
        co_return Error(errc::protocol_violation, "a message of " + std::to_string(bytes.size()) + " bytes; at most " +
                                                      std::to_string(link->max_message) + " are allowed");
    received_ = std::make_unique<Buffer>(Buffer::copy_of(bytes));
    co_return Frame(Bytes(*received_));
}

void ScriptedTransport::close() {
    link_->closed_by_client = true;
    link_->wake();
}

void ServerEnd::expect_nothing() {
    loop_->settle();
    if (!link_->to_server.empty()) fail("nothing", link_->to_server.front());
}

void ServerEnd::expect_closed() {
    if (!loop_->run_until([this] { return link_->closed_by_client; }))
        throw ScriptFailure("expected the client to close the connection, and it did not");
}

void ServerEnd::reply_bytes(std::vector<u8> bytes) {
    link_->to_client.push_back(std::move(bytes));
    link_->receive_wake.cancel();
}

void ServerEnd::refuse(Tag tag, u32 number, std::string words) {
    if (dialect == Dialect::linux_)
        reply(tag, Rlerror{number});
    else
        reply(tag, Rerror{std::move(words), number});
}

void ServerEnd::release_sends() {
    link_->sends_held = false;
    link_->send_wake.cancel();
}

std::vector<u8> ServerEnd::next(const std::string& wanted) {
    const auto arrived = [this] { return !link_->to_server.empty() || link_->closed_by_client; };
    if (!loop_->run_until(arrived) || link_->to_server.empty())
        throw ScriptFailure(
            "expected " + wanted +
            (link_->closed_by_client ? ", and the client closed the connection" : ", and nothing came"));
    auto frame = std::move(link_->to_server.front());
    link_->to_server.pop_front();
    return frame;
}

void ServerEnd::fail(const std::string& wanted, Bytes got) const {
    throw ScriptFailure("expected " + wanted + ", got " + describe(got, dialect));
}

Dialler ScriptedServer::dialler() {
    return [links = links_, executor = loop_.executor(), refusing = &refusing_,
            leftovers = &leftovers_]() -> awaitable<Result<std::unique_ptr<Transport>>> {
        if (*refusing) co_return Error(errc::connection_failed, "script: connection refused");
        auto link = std::make_shared<Link>(executor);
        link->leftovers = *leftovers;
        links->push_back(link);
        std::unique_ptr<Transport> transport = std::make_unique<ScriptedTransport>(link, executor);
        co_return std::move(transport);
    };
}

ServerEnd ScriptedServer::accept() {
    if (!loop_.run_until([this] { return links_->size() > accepted_; }))
        throw ScriptFailure("the client does not dial");
    return ServerEnd(loop_, links_->at(accepted_++));
}

}  // namespace p9::test
