// The SIP tree: servers that are driven through control files, and the devices that they use, simulated.
//
//   /dev/sip/clone  types  servers/NAME/{ctl,status,health,irq,mount,devices/}
//   /dev/mem  /dev/io  /dev/dma/alloc  /dev/irq/{ctl,N}
//
// Servers of the types example-driver and example-fileserver are simulated; those of a command type are real processes
// with a 9P connection back to this tree. Everything runs on one io_context and one thread. A Sip must outlive the
// engine that serves it. `stop` ends the processes with patience, the destructor at once; and should the program be
// killed, the kernel ends them.
#pragma once

#include "tools/p9serve/filesystem.hpp"
#include "tools/p9serve/sip/capabilities.hpp"

#include <chrono>
#include <functional>
#include <vector>

namespace p9::serve::sip {

/// A type of servers that are processes.
struct CommandType {
    std::string name;
    std::string command;  ///< for /bin/sh -c
};

/// `NAME=COMMAND` as a command line has it; EINVAL says what is wrong with it.
Result<CommandType> parse_command_type(std::string_view text);

/// What the tree is made of.
struct SipOptions {
    /// Beside the two simulated types, whose names they cannot take. A name that is given twice counts with its last
    /// command.
    std::vector<CommandType> types;
    /// What of the devices those may use who are no server of the tree.
    Capabilities operator_capabilities = CAP_ALL;
    /// How long a process has after SIGTERM before it is killed.
    std::chrono::milliseconds grace{2000};
    /// How long a simulated server takes to start.
    std::chrono::milliseconds start_time{20};
    /// Serves the tree on `fd`, a connected stream socket that it takes over. Every attach there is as `only_user`, the
    /// server's number, whatever the client says. If left out, processes have no connection back.
    std::function<void(int fd, std::string only_user)> serve;
};

class World;

class Sip final : public Filesystem {
public:
    Sip(const boost::asio::any_io_executor& executor, SipOptions options);
    ~Sip() override;
    Sip(const Sip&) = delete;
    Sip& operator=(const Sip&) = delete;

    awaitable<Result<FilePtr>> attach(const User& user, std::string aname) override;

    /// Ends all processes: SIGTERM, then SIGKILL after the grace time. No server starts any more from here on.
    awaitable<void> stop();

private:
    std::shared_ptr<World> world_;
};

}  // namespace p9::serve::sip
