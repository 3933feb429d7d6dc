// virtio-serial ports, from both sides: on the host the chardev's Unix socket or PTY, in a guest the port's device.
//
// What a port is decides how it is spoken to; the address does not say. All of it belongs to the thread of the executor
// it was made with.
#pragma once

#include "p9/transports/dial.hpp"
#include "p9/transports/listen.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>

#include <termios.h>

#include <optional>

namespace p9::transports {

/// Where ports are looked for; tests have folders of their own.
struct PortPlaces {
    std::string dev = "/dev";
    std::string sys = "/sys";
};

/// What stands at an address.
struct FoundPort {
    enum class Kind : u8 {
        socket,    ///< a Unix socket: QEMU's chardev
        terminal,  ///< a PTY: QEMU's chardev too, or any other terminal
        device,    ///< a port of this guest
        nothing,   ///< a path where there is no file yet: a QEMU that connects (reconnect=) may come to it
    };
    Kind kind = Kind::nothing;
    std::string path;
};

/// What `address` means on this system, symbolic links followed. Fails with errc::connection_failed, and with the names
/// of the ports that there are.
Result<FoundPort> find_port(const VirtioAddress& address, const PortPlaces& places = {});

using PortDescriptor = boost::asio::posix::stream_descriptor;

/// An open terminal or device, non-blocking. A terminal is in raw mode, and gets its modes back by `restore`.
struct OpenPort {
    PortDescriptor descriptor;
    std::optional<termios> modes;

    /// To be called before the descriptor is closed; may be called twice.
    void restore();
};

/// Opens what was found, which is a terminal or a device. Fails with errc::connection_failed: the port is busy, say.
Result<OpenPort> open_port(const boost::asio::any_io_executor& executor, const FoundPort& found,
                           const std::string& name);

/// Completes when the other end of a guest's port is open; at once for what is no such port. Uses no processor time
/// while it waits. `watch` is a descriptor without a file, which is cancelled to end the wait. Fails with
/// errc::connection_lost if the port was unplugged, and with errc::cancelled.
awaitable<Result<void>> wait_for_host(PortDescriptor& port, PortDescriptor& watch, std::string name);

/// A connection over an open port.
std::unique_ptr<Transport> port_transport(OpenPort port, std::string name);

awaitable<Result<std::unique_ptr<Transport>>> dial_virtio(VirtioAddress address);
awaitable<Result<std::unique_ptr<Listener>>> listen_virtio(VirtioAddress address);

}  // namespace p9::transports
