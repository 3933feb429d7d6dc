// Starting and stopping servers, simulated ones and processes.
//
// Part of the World, which outlives it. What ends a process goes on when the request that asked for it is flushed:
// nobody can take back a signal. One thread.
#pragma once

#include "tools/p9serve/sip/server.hpp"

namespace p9::serve::sip {

class World;

class Lifecycle {
public:
    Lifecycle(boost::asio::any_io_executor executor, World& world) : executor_(std::move(executor)), world_(world) {}

    /// Starts a server that is not running. Returns at once: it is `starting` then.
    Result<void> start(const ServerPtr& server);
    /// Stops a running server (ESRCH for others) and waits for its end.
    awaitable<Result<void>> stop(ServerPtr server);
    /// Stops it if it is running, and starts it.
    awaitable<Result<void>> restart(ServerPtr server);
    /// Stops it if it is running, and takes it out of the tree.
    awaitable<Result<void>> remove(ServerPtr server);
    /// Its process attached to the tree: it is up.
    static void attached(Server& server);

    /// Stops all processes and waits for them. Nothing starts after that.
    awaitable<void> stop_all();
    /// The same without patience.
    void kill_all();

private:
    Result<void> start_process(const ServerPtr& server);
    static awaitable<void> watch(std::weak_ptr<World> world, ServerPtr server, std::shared_ptr<Process> process);
    /// What follows the end of a process.
    void after_end(const ServerPtr& server);
    awaitable<Result<void>> end_process(ServerPtr server, Then then);
    void take_out(Server& server);
    void become_healthy_after(const ServerPtr& server, std::chrono::milliseconds delay);

    boost::asio::any_io_executor executor_;
    World& world_;
    bool closing_ = false;
};

}  // namespace p9::serve::sip
