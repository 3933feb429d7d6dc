// Interrupts: who is told of which, what waits to be taken, and who waits for it.
//
// A line is one interrupt number, registered for a server. An interrupt goes to one reader: of the line, if one waits
// there, else of the server's own file; else it stays pending. A reader that is gone when its turn comes passes the
// interrupt on, so none is lost with a flushed read. One thread.
#pragma once

#include "tools/p9serve/filesystem.hpp"
#include "tools/p9serve/sip/server.hpp"

#include <map>

namespace p9::serve::sip {

/// One interrupt number while it is registered. Readers share it, so it may outlive that: see `server`.
struct InterruptLine {
    InterruptLine(const boost::asio::any_io_executor& executor, u32 irq, ServerPtr owner)
        : number(irq), server(std::move(owner)), readers(executor) {}

    const u32 number;
    ServerPtr server;         ///< null when it is registered no more
    std::deque<u64> pending;  ///< the serial numbers of interrupts that nobody has taken
    u64 delivered = 0;
    u64 dropped = 0;
    u32 handed = 0;        ///< for readers that were woken and have not run yet
    bool overrun = false;  ///< interrupts were dropped, and `pending` has not been empty since
    Waiters readers;
};

using LinePtr = std::shared_ptr<InterruptLine>;

class Interrupts {
public:
    static constexpr std::size_t MAX_PENDING = 64;  ///< of a line; what comes beyond is dropped
    static constexpr u32 MAX_NUMBER = 1023;

    explicit Interrupts(boost::asio::any_io_executor executor) : executor_(std::move(executor)) {}

    /// The number that `word` spells; ERANGE or EINVAL with the numbers that there may be.
    static Result<u32> parse_number(std::string_view word);

    /// Registers `number` for `server`; EBUSY if it is registered.
    Result<void> add(u32 number, const ServerPtr& server);
    /// Ends a registration. Who waits for it gets an error. ENOENT if there is none.
    Result<void> remove(u32 number);
    /// The end of a server: its registrations end, and whoever reads its interrupts gets an error.
    void remove_server(Server& server);
    /// The interrupt happens; ENOENT if it is registered for nobody.
    Result<void> trigger(u32 number);

    /// The line, null if it is not registered.
    LinePtr find(u32 number) const;
    /// The line with the smallest number from `number` on. For listings.
    LinePtr from(u32 number) const;
    /// "irq 11: ahci-driver pending=0 delivered=2 dropped=0", a line each.
    std::string text() const;

    /// Waits for an interrupt of the line and puts "irq N\n". ENODEV when it is registered no more.
    awaitable<Result<void>> take(LinePtr line, ReadReply* reply);
    /// The same for any interrupt of the server, the oldest first.
    awaitable<Result<void>> take_any(ServerPtr server, ReadReply* reply);

private:
    Result<LinePtr> get(u32 number) const;
    LinePtr oldest_of(const Server& server) const;
    /// Takes from the front of `pending`.
    void take_pending(InterruptLine& line);
    /// Gives an interrupt to a reader that waits; false if none does.
    static bool hand_over(InterruptLine& line);
    /// An interrupt whose reader went away.
    void give_back(InterruptLine& line);
    void close_line(const LinePtr& line);

    boost::asio::any_io_executor executor_;
    std::map<u32, LinePtr> lines_;
    u64 next_serial_ = 1;
};

}  // namespace p9::serve::sip
