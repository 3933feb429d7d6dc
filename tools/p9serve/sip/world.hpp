// All the state of the simulation, and who looks at it.
//
// A Sip owns its World; files and visitors share it, so that what a client has open stays valid. One thread.
#pragma once

#include "tools/p9serve/sip/dma.hpp"
#include "tools/p9serve/sip/interrupts.hpp"
#include "tools/p9serve/sip/lifecycle.hpp"
#include "tools/p9serve/sip/memory_window.hpp"
#include "tools/p9serve/sip/ports.hpp"
#include "tools/p9serve/sip/registry.hpp"
#include "tools/p9serve/sip/sip.hpp"

namespace p9::serve::sip {

class World : public std::enable_shared_from_this<World> {
public:
    World(const boost::asio::any_io_executor& executor, SipOptions from);

    const SipOptions options;
    const Time born;  ///< the time of all files
    Registry registry;
    Interrupts interrupts;
    MemoryWindow memory;
    Ports ports;
    DmaBuffers dma;
    Lifecycle lifecycle;
};

/// Who attached. He is a server of the tree if he goes by the name or the number of one, else the operator; and one who
/// was a server stays without rights when that is removed. Asked anew for each operation. Shared by the files of one
/// attach.
class Visitor {
public:
    Visitor(std::shared_ptr<World> world, std::string uname) : world_(std::move(world)), uname_(std::move(uname)) {}

    World& world() const { return *world_; }
    /// May he use devices that need this? Else "permission denied: CapDMA required", EACCES, which a server's errors
    /// count.
    Result<void> may_use(Capabilities capability);
    /// The same for a read or a write, which a server's requests count.
    Result<void> use(Capabilities capability);
    /// For what only the operator may do: EACCES with `what` in its words.
    Result<void> require_operator(std::string_view what);
    /// The ctl of a server is the operator's and its own.
    Result<void> control(const Server& server);
    /// A server's `irq` is the operator's, and its own with CapInterrupt.
    Result<void> take_interrupts(const Server& server);
    /// Whether he is the operator.
    bool is_operator();

private:
    struct Standing {
        ServerPtr server;     ///< null for the operator and for nobody
        bool nobody = false;  ///< a server that was removed
    };
    Standing standing();
    Error nobody() const;

    std::shared_ptr<World> world_;
    std::string uname_;
    bool was_server_ = false;
};

using VisitorPtr = std::shared_ptr<Visitor>;

}  // namespace p9::serve::sip
