// AF_VSOCK stream sockets: between a host and its virtual machines (vsock(7)).
#pragma once

#include "p9/transports/dial.hpp"

namespace p9::transports {

awaitable<Result<std::unique_ptr<Transport>>> dial_vsock(VsockAddress address);

/// A socket that listens at `address`, whose port becomes the one that the kernel chose if it was 0xffffffff
/// (VMADDR_PORT_ANY). The caller owns the descriptor.
Result<int> listen_on_vsock(VsockAddress& address);

/// The address of the other end of a socket of this family.
std::string vsock_peer(int socket, const std::string& otherwise);

}  // namespace p9::transports
