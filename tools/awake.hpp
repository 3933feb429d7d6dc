// Runs an io_context and stays awake for a moment where answers come quickly.
//
// An idle core takes longer to wake up than a small request takes to be answered. Who sends one request after the other
// over a local connection, or answers them, therefore looks again for a while before it sleeps. How long follows the
// waits that it has seen, as KVM's halt polling does: short ones are worth it, and after a long one the next begins
// with sleep. A single processor is left to whoever answers. One thread, the io_context's.
#pragma once

#include <boost/asio/io_context.hpp>

#include <sched.h>

#include <algorithm>
#include <chrono>
#include <thread>

namespace p9::tools {

/// The longest wait that it stays awake for, and what it begins with.
inline constexpr std::chrono::microseconds LONGEST_AWAKE{100}, FIRST_AWAKE{10};

/// Runs `io` until it has stopped or has nothing left to do, like io_context::run.
inline void run_awake(boost::asio::io_context& io) {
    using Clock = std::chrono::steady_clock;
    if (std::thread::hardware_concurrency() < 2) {
        io.run();
        return;
    }
    Clock::duration budget{};
    while (!io.stopped()) {
        while (io.poll() > 0) {
        }
        const auto begin = Clock::now();
        bool came = false;
        while (!came && !io.stopped() && Clock::now() - begin < budget) {
            sched_yield();  // the peer may need this core
            came = io.poll() > 0;
        }
        if (!came && !io.stopped()) io.run_one();
        const auto waited = Clock::now() - begin;
        budget = waited > LONGEST_AWAKE ? Clock::duration{}
                                        : std::clamp<Clock::duration>(budget * 2, FIRST_AWAKE, LONGEST_AWAKE);
    }
}

}  // namespace p9::tools
