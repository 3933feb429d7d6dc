// Addresses of 9P servers: one grammar for every tool, for the mount and for programs.
//
// An Address is a plain value and may move between threads. Parsing looks at the text only: it opens
// nothing, resolves nothing, and needs no network. The grammar follows the dial strings of Plan 9 (dial(2)),
// with URLs and bare paths accepted beside them.
#pragma once

#include "p9/error.hpp"
#include "p9/types.hpp"

#include <string>
#include <string_view>
#include <variant>

namespace p9 {

/// The port of 9P where an address names none (the registered service "9pfs").
inline constexpr u16 DEFAULT_PORT = 564;

/// `tcp!HOST!PORT`: a name or a numeric address; IPv6 without its brackets.
struct TcpAddress {
    std::string host;
    u16 port = DEFAULT_PORT;
    bool operator==(const TcpAddress&) const = default;
};

/// `unix!PATH`, or `unix!@NAME` in Linux's abstract namespace (unix(7)); the name is without the `@`.
struct UnixAddress {
    std::string path;
    bool abstract = false;
    bool operator==(const UnixAddress&) const = default;
};

/// `exec!COMMAND`: a command line for /bin/sh that speaks 9P on its standard input and output.
struct ExecAddress {
    std::string command;
    bool operator==(const ExecAddress&) const = default;
};

/// `fd!R!W`: inherited descriptors, the same number twice for a socket.
struct FdAddress {
    int read = -1;
    int write = -1;
    bool operator==(const FdAddress&) const = default;
};

/// `ws://HOST:PORT/PATH`, or `wss://` with TLS; the path holds the query too.
struct WebSocketAddress {
    bool tls = false;
    std::string host;
    u16 port = 80;
    std::string path = "/";
    bool operator==(const WebSocketAddress&) const = default;
};

/// `virtio!NAME-OR-PATH`: a virtio-serial port.
struct VirtioAddress {
    std::string name_or_path;
    bool operator==(const VirtioAddress&) const = default;
};

/// The CID that listens on every CID of this machine (VMADDR_CID_ANY); it is written `*`.
inline constexpr u32 ANY_CID = 0xffffffff;

/// `vsock!CID!PORT` (vsock(7)).
struct VsockAddress {
    u32 cid = 0;
    u32 port = 0;
    bool operator==(const VsockAddress&) const = default;
};

/// Where a server is and how to get there.
using Address =
    std::variant<TcpAddress, UnixAddress, ExecAddress, FdAddress, WebSocketAddress, VirtioAddress, VsockAddress>;

/// The address that `text` spells. Fails with errc::bad_address; the error quotes the text and says what was expected.
Result<Address> parse_address(std::string_view text);

/// The same for an address to listen on, where TCP also has port 0 (any free one) and the host `*` (every interface),
/// and where vsock's CID `*` means something.
/// A WebSocket address without a host (ws://:8080/) is on the loopback interface.
Result<Address> parse_listen_address(std::string_view text);

/// The canonical spelling: parsing it gives an equal address.
std::string to_string(const Address& address);

/// The spelling for messages and logs: canonical, but without the query of a URL, which may be a ticket.
std::string display_name(const Address& address);

}  // namespace p9
