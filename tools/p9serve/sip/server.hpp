// A server of the simulation: what was configured, what it is doing, and what is told about it.
//
// Shared by the registry and by everything that is open on it; so it may outlive its removal, which `removed` tells.
// Who changes it: commands (commands.hpp) what was configured, the lifecycle (lifecycle.hpp) the rest.
#pragma once

#include "tools/p9serve/sip/capabilities.hpp"
#include "tools/p9serve/waiters.hpp"

#include <chrono>
#include <deque>
#include <memory>
#include <string>
#include <vector>

namespace p9::serve::sip {

class Process;

enum class Status : u8 { configuring, starting, healthy, degraded, stopped, failed };

/// "configuring", "starting", ...
std::string_view status_word(Status status);

/// A kind of servers.
struct ServerType {
    std::string name;
    std::string command;               ///< empty for a simulated type
    std::vector<std::string> devices;  ///< the disks that a simulated driver finds
    bool simulated() const { return command.empty(); }
};

/// What becomes of a server when its process has ended as it was told to.
enum class Then : u8 { stay, start, remove };

class Server {
public:
    Server(const boost::asio::any_io_executor& executor, u64 slot)
        : number(slot), ended(executor), interrupted(executor), timer(executor) {}

    const u64 number;
    std::string name;                        ///< empty until it is named
    std::shared_ptr<const ServerType> type;  ///< null until the slot was given a type
    Capabilities capabilities = CAP_NONE;
    std::string mount;
    bool removed = false;

    // What it is doing.
    Status state = Status::configuring;  ///< never `degraded`: see status()
    Clock::time_point started;
    std::shared_ptr<Process> process;  ///< while it has one
    bool stopping = false;             ///< its process was told to end
    Then then = Then::stay;            ///< and what comes after that
    Waiters ended;                     ///< those who wait for the end of the process

    // Its interrupts (interrupts.hpp).
    std::deque<u32> handed;  ///< for those woken in `interrupted` that have not run yet
    Waiters interrupted;     ///< readers of its file `irq`
    u32 overruns = 0;        ///< lines of its that lost interrupts and are not empty yet

    boost::asio::steady_timer timer;  ///< the end of `starting`

    /// Its name, or its number.
    std::string title() const { return name.empty() ? std::to_string(number) : name; }
    /// Up, or on the way there.
    bool active() const { return state == Status::starting || state == Status::healthy; }
    /// Interrupts that got lost make a healthy server a degraded one.
    Status status() const { return state == Status::healthy && overruns != 0 ? Status::degraded : state; }

    void count_request() { ++requests_; }
    /// Counts an error and remembers it as the last one.
    void count_error(const std::string& words) {
        ++errors_;
        note(words);
    }
    /// Remembers `words`, and when that was, as the last error.
    void note(std::string words);

    /// The contents of the files.
    std::string status_text() const;
    std::string health_text() const;

private:
    u64 requests_ = 0;
    u64 errors_ = 0;
    std::string last_error_;
};

using ServerPtr = std::shared_ptr<Server>;

}  // namespace p9::serve::sip
