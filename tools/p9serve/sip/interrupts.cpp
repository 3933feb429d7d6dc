#include "tools/p9serve/sip/interrupts.hpp"

#include "tools/p9serve/sip/words.hpp"

#include <cerrno>

namespace p9::serve::sip {
namespace {

std::string line_title(u32 number) { return "irq " + std::to_string(number); }

Error not_registered(u32 number) {
    return Error::from_errno(ENOENT, line_title(number) + " is not registered: register it for a server first");
}

Error gone(u32 number) { return Error::from_errno(ENODEV, line_title(number) + " is not registered any more"); }

void deliver(InterruptLine& line, ReadReply& reply) {
    ++line.delivered;
    reply.put(line_title(line.number) + "\n");
}

}  // namespace

Result<u32> Interrupts::parse_number(std::string_view word) {
    const auto number = number_of_word(word);
    if (number && *number <= MAX_NUMBER) return static_cast<u32>(*number);
    return Error::from_errno(
        number ? ERANGE : EINVAL,
        "bad interrupt " + quoted(word) + ": expected a number from 0 to " + std::to_string(MAX_NUMBER));
}

LinePtr Interrupts::find(u32 number) const {
    const auto found = lines_.find(number);
    return found == lines_.end() ? nullptr : found->second;
}

Result<LinePtr> Interrupts::get(u32 number) const {
    auto line = find(number);
    if (!line) return not_registered(number);
    return line;
}

LinePtr Interrupts::from(u32 number) const {
    const auto found = lines_.lower_bound(number);
    return found == lines_.end() ? nullptr : found->second;
}

Result<void> Interrupts::add(u32 number, const ServerPtr& server) {
    if (const LinePtr line = find(number)) {
        return Error::from_errno(EBUSY, line_title(number) + " is registered for " + quoted(line->server->title()) +
                                            ": unregister it first");
    }
    lines_.emplace(number, std::make_shared<InterruptLine>(executor_, number, server));
    return boost::system::in_place_value;
}

Result<void> Interrupts::remove(u32 number) {
    const auto line = get(number);
    if (!line) return line.error();
    close_line(*line);
    return boost::system::in_place_value;
}

void Interrupts::close_line(const LinePtr& line) {
    if (line->overrun) --line->server->overruns;
    line->overrun = false;
    line->pending.clear();
    line->server = nullptr;
    lines_.erase(line->number);
    line->readers.wake_all();
}

void Interrupts::remove_server(Server& server) {
    for (auto each = lines_.begin(); each != lines_.end();) {
        const LinePtr line = (each++)->second;
        if (line->server.get() == &server) close_line(line);
    }
    server.interrupted.wake_all();
}

bool Interrupts::hand_over(InterruptLine& line) {
    if (line.readers.wake_one()) {
        ++line.handed;
        return true;
    }
    if (!line.server->interrupted.wake_one()) return false;
    line.server->handed.push_back(line.number);
    return true;
}

Result<void> Interrupts::trigger(u32 number) {
    const auto found = get(number);
    if (!found) return found.error();
    InterruptLine& line = **found;
    if (hand_over(line)) return boost::system::in_place_value;
    if (line.pending.size() < MAX_PENDING) {
        line.pending.push_back(next_serial_++);
        return boost::system::in_place_value;
    }
    ++line.dropped;
    line.server->note(line_title(number) + " dropped: " + std::to_string(MAX_PENDING) + " are pending");
    if (!line.overrun) ++line.server->overruns;
    line.overrun = true;
    return boost::system::in_place_value;
}

void Interrupts::take_pending(InterruptLine& line) {
    line.pending.pop_front();
    if (!line.pending.empty() || !line.overrun) return;
    line.overrun = false;
    --line.server->overruns;
}

void Interrupts::give_back(InterruptLine& line) {
    if (!line.server || hand_over(line)) return;
    // It was the oldest when it was handed out; what came since has newer numbers. 0 keeps it first.
    line.pending.push_front(0);
}

awaitable<Result<void>> Interrupts::take(LinePtr line, ReadReply* reply) {
    if (!line->server) co_return gone(line->number);
    if (!line->pending.empty()) {
        take_pending(*line);
        deliver(*line, *reply);
        co_return boost::system::in_place_value;
    }
    co_await boost::asio::this_coro::throw_if_cancelled(false);
    const bool woken = co_await line->readers.wait();
    if (!woken) co_return Error::from_errno(EINTR);
    if (line->handed == 0) co_return gone(line->number);
    --line->handed;
    const auto cancellation = co_await boost::asio::this_coro::cancellation_state;
    if (cancellation.cancelled() != boost::asio::cancellation_type::none) {
        give_back(*line);
        co_return Error::from_errno(EINTR);
    }
    deliver(*line, *reply);
    co_return boost::system::in_place_value;
}

LinePtr Interrupts::oldest_of(const Server& server) const {
    LinePtr oldest;
    for (const auto& [number, line] : lines_) {
        if (line->server.get() != &server || line->pending.empty()) continue;
        if (!oldest || line->pending.front() < oldest->pending.front()) oldest = line;
    }
    return oldest;
}

awaitable<Result<void>> Interrupts::take_any(ServerPtr server, ReadReply* reply) {
    const auto removed = [&] {
        return Error::from_errno(ENODEV, "server " + quoted(server->title()) + " was removed");
    };
    if (server->removed) co_return removed();
    if (const LinePtr line = oldest_of(*server)) {
        take_pending(*line);
        deliver(*line, *reply);
        co_return boost::system::in_place_value;
    }
    co_await boost::asio::this_coro::throw_if_cancelled(false);
    const bool woken = co_await server->interrupted.wait();
    if (!woken) co_return Error::from_errno(EINTR);
    if (server->handed.empty()) co_return removed();
    const u32 number = server->handed.front();
    server->handed.pop_front();
    LinePtr line = find(number);
    if (line && line->server != server) line = nullptr;  // another's by now
    const auto cancellation = co_await boost::asio::this_coro::cancellation_state;
    if (cancellation.cancelled() != boost::asio::cancellation_type::none) {
        if (line) give_back(*line);
        co_return Error::from_errno(EINTR);
    }
    if (!line) {
        // Unregistered meanwhile, but it happened before.
        reply->put(line_title(number) + "\n");
        co_return boost::system::in_place_value;
    }
    deliver(*line, *reply);
    co_return boost::system::in_place_value;
}

std::string Interrupts::text() const {
    std::string text;
    for (const auto& [number, line] : lines_) {
        text += line_title(number) + ": " + line->server->title() + " pending=" + std::to_string(line->pending.size()) +
                " delivered=" + std::to_string(line->delivered) + " dropped=" + std::to_string(line->dropped) + "\n";
    }
    return text;
}

}  // namespace p9::serve::sip
