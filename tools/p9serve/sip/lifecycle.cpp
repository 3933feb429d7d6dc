#include "tools/p9serve/sip/lifecycle.hpp"

#include "tools/p9serve/sip/process.hpp"
#include "tools/p9serve/sip/words.hpp"
#include "tools/p9serve/sip/world.hpp"

#include <sys/socket.h>
#include <unistd.h>
#include <algorithm>
#include <array>
#include <cerrno>

namespace p9::serve::sip {
namespace {

// A process that neither ends nor attaches within this time counts as up: not every command speaks 9P.
constexpr std::chrono::milliseconds SETTLED{250};
constexpr std::string_view CONNECTION_BACK = "fd!3";

Error busy(const Server& server, std::string_view why) {
    return Error::from_errno(EBUSY, "server " + quoted(server.title()) + " " + std::string(why));
}

// This program's own environment, but for what it says about another 9P server or another SIP server.
std::vector<std::string> environment_for(const Server& server, bool connected) {
    constexpr std::array<std::string_view, 5> ours{
        "P9_ADDRESS=", "P9_ANAME=", "P9_UNAME=", "P9_SIP_NAME=", "P9_SIP_CAPABILITIES="};
    std::vector<std::string> variables;
    for (char** each = environ; *each != nullptr; ++each) {
        const std::string_view variable = *each;
        if (std::none_of(ours.begin(), ours.end(), [&](auto name) { return variable.starts_with(name); }))
            variables.emplace_back(variable);
    }
    variables.push_back("P9_SIP_NAME=" + server.title());
    variables.push_back("P9_SIP_CAPABILITIES=" + capability_words(server.capabilities));
    variables.push_back("P9_UNAME=" + server.title());
    if (connected) variables.push_back("P9_ADDRESS=" + std::string(CONNECTION_BACK));
    return variables;
}

}  // namespace

Result<void> Lifecycle::start(const ServerPtr& server) {
    if (closing_) return Error::from_errno(ESHUTDOWN, "the tree is shutting down: no server starts any more");
    if (server->stopping) return busy(*server, "is being stopped");
    if (server->active()) return busy(*server, "is running already");
    if (!server->type->simulated()) return start_process(server);
    server->state = Status::starting;
    server->started = Clock::now();
    become_healthy_after(server, world_.options.start_time);
    return boost::system::in_place_value;
}

void Lifecycle::become_healthy_after(const ServerPtr& server, std::chrono::milliseconds delay) {
    server->timer.expires_after(delay);
    server->timer.async_wait([weak = std::weak_ptr(server)](const boost::system::error_code& cancelled) {
        const auto same = weak.lock();
        if (!cancelled && same && same->state == Status::starting) same->state = Status::healthy;
    });
}

Result<void> Lifecycle::start_process(const ServerPtr& server) {
    const bool connected = static_cast<bool>(world_.options.serve);
    int pair[2] = {-1, -1};
    if (connected && socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
        return Error::from_errno(errno, "cannot connect a process: " + errno_message(errno));
    ProcessPlan plan;
    plan.command = server->type->command;
    plan.environment = environment_for(*server, connected);
    plan.connection = pair[1];
    const auto process = Process::start(executor_, plan);
    if (connected) ::close(pair[1]);
    if (!process) {
        if (connected) ::close(pair[0]);
        server->state = Status::failed;
        server->note(process.error().message());
        return process.error();
    }
    server->process = *process;
    server->state = Status::starting;
    server->started = Clock::now();
    become_healthy_after(server, SETTLED);
    spawn(executor_, watch(world_.weak_from_this(), server, *process));
    // By its number, which no other server ever gets: what a process leaves behind may hold the connection for longer
    // than the server has its name.
    if (connected) world_.options.serve(pair[0], std::to_string(server->number));
    return boost::system::in_place_value;
}

void Lifecycle::attached(Server& server) {
    if (server.process && server.state == Status::starting) server.state = Status::healthy;
}

awaitable<void> Lifecycle::watch(std::weak_ptr<World> world, ServerPtr server, std::shared_ptr<Process> process) {
    const Ending ending = co_await Process::end(process);
    server->process = nullptr;
    server->timer.cancel();
    if (server->stopping || ending.success()) {
        server->state = Status::stopped;
    } else {
        server->state = Status::failed;
        server->note(ending.words());
    }
    if (const auto alive = world.lock()) alive->lifecycle.after_end(server);
    server->ended.wake_all();
}

void Lifecycle::after_end(const ServerPtr& server) {
    if (!std::exchange(server->stopping, false)) return;
    switch (std::exchange(server->then, Then::stay)) {
        case Then::stay:
            break;
        case Then::start:
            (void)start(server);
            break;  // if it fails, the server's health says why
        case Then::remove:
            take_out(*server);
            break;
    }
}

awaitable<Result<void>> Lifecycle::end_process(ServerPtr server, Then then) {
    // The last word counts, but a removal.
    if (server->then != Then::remove) server->then = then;
    if (!std::exchange(server->stopping, true)) Process::stop(server->process, world_.options.grace);
    co_await boost::asio::this_coro::throw_if_cancelled(false);
    const bool woken = co_await server->ended.wait();
    if (!woken) co_return Error::from_errno(EINTR);
    co_return boost::system::in_place_value;
}

awaitable<Result<void>> Lifecycle::stop(ServerPtr server) {
    if (!server->active()) co_return Error::from_errno(ESRCH, "server " + quoted(server->title()) + " is not running");
    if (server->process) co_return co_await end_process(std::move(server), Then::stay);
    server->timer.cancel();
    server->state = Status::stopped;
    co_return boost::system::in_place_value;
}

awaitable<Result<void>> Lifecycle::restart(ServerPtr server) {
    if (server->process) {
        const auto ended = co_await end_process(server, Then::start);
        if (!ended) co_return ended.error();
        if (server->removed) co_return busy(*server, "was removed meanwhile");
        if (!server->process) co_return Error::from_errno(EIO, "server " + quoted(server->title()) + " did not start");
        co_return boost::system::in_place_value;
    }
    if (server->active()) {
        server->timer.cancel();
        server->state = Status::stopped;
    }
    co_return start(server);
}

awaitable<Result<void>> Lifecycle::remove(ServerPtr server) {
    if (server->process) co_return co_await end_process(std::move(server), Then::remove);
    take_out(*server);
    co_return boost::system::in_place_value;
}

void Lifecycle::take_out(Server& server) {
    if (server.removed) return;
    server.timer.cancel();
    server.state = Status::stopped;
    world_.interrupts.remove_server(server);
    world_.registry.erase(server);
}

awaitable<void> Lifecycle::stop_all() {
    closing_ = true;
    std::vector<ServerPtr> ending;
    for (ServerPtr server = world_.registry.from(0); server; server = world_.registry.from(server->number + 1)) {
        if (!server->process) continue;
        server->then = Then::stay;
        if (!std::exchange(server->stopping, true)) Process::stop(server->process, world_.options.grace);
        ending.push_back(server);
    }
    co_await boost::asio::this_coro::throw_if_cancelled(false);
    for (const ServerPtr& server : ending) {
        while (server->process) {
            const bool woken = co_await server->ended.wait();
            if (!woken) co_return;
        }
    }
}

void Lifecycle::kill_all() {
    closing_ = true;
    for (ServerPtr server = world_.registry.from(0); server; server = world_.registry.from(server->number + 1)) {
        if (server->process) server->process->kill_now();
    }
}

}  // namespace p9::serve::sip
