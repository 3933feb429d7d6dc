#include "transports/vsock.hpp"

#include "transports/socket.hpp"
#include "transports/stream.hpp"

#include <boost/asio/this_coro.hpp>

#include <sys/socket.h>

#include <linux/vm_sockets.h>
#include <unistd.h>

#include <cstring>

namespace p9::transports {
namespace {

namespace asio = boost::asio;

sockaddr_vm kernel_address(const VsockAddress& address) {
    sockaddr_vm name{};
    name.svm_family = AF_VSOCK;
    name.svm_cid = address.cid;
    name.svm_port = address.port;
    return name;
}

std::string why_no_vsock(int failed) {
    switch (failed) {
        case EAFNOSUPPORT:
            return "this kernel has no vsock (modprobe vsock, and in a guest vmw_vsock_virtio_transport)";
        case ENODEV:
        case EHOSTUNREACH:
        case ENETUNREACH:
            return "no such CID here: 2 is the host, 1 this machine if vsock_loopback is loaded, and others want "
                   "vhost_vsock and a guest with that CID";
        case ETIMEDOUT:
            return errno_message(failed) + ": no machine with that CID answers";
        case ECONNRESET:
        case ECONNREFUSED:
            return "connection refused: nobody listens on that port";
        default:
            return errno_message(failed);
    }
}

}  // namespace

awaitable<Result<std::unique_ptr<Transport>>> dial_vsock(VsockAddress address) {
    const auto executor = co_await asio::this_coro::executor;
    const std::string name = to_string(Address(address));
    if (address.cid == ANY_CID)
        co_return Error(errc::bad_address, name + ": * is for listening; to dial say which CID (2 is the host)");
    Socket socket(executor);
    const sockaddr_vm kernel = kernel_address(address);
    boost::system::error_code failed = open_socket(socket, AF_VSOCK);
    if (!failed) {
        const asio::generic::stream_protocol::endpoint endpoint(&kernel, sizeof kernel);
        auto connecting = socket.async_connect(endpoint, asio::as_tuple(asio::deferred));
        const auto [refused] = co_await std::move(connecting);
        failed = refused;
    }
    if (failed == asio::error::operation_aborted) co_return Error(errc::cancelled, name + ": cancelled");
    if (failed) co_return Error(errc::connection_failed, name + ": " + why_no_vsock(failed.value()));
    co_return socket_transport(std::move(socket), name);
}

Result<int> listen_on_vsock(VsockAddress& address) {
    const int descriptor = ::socket(AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    sockaddr_vm kernel = kernel_address(address);
    socklen_t size = sizeof kernel;
    if (descriptor >= 0 && ::bind(descriptor, reinterpret_cast<const sockaddr*>(&kernel), size) == 0 &&
        ::listen(descriptor, SOMAXCONN) == 0 &&
        ::getsockname(descriptor, reinterpret_cast<sockaddr*>(&kernel), &size) == 0) {
        address.port = kernel.svm_port;
        return descriptor;
    }
    const int failed = errno;
    if (descriptor >= 0) ::close(descriptor);
    const std::string why = failed == EADDRNOTAVAIL
                                ? "this machine does not have that CID; vsock!*!" + std::to_string(address.port) +
                                      " listens on all that it has"
                                : (failed == EAFNOSUPPORT ? why_no_vsock(failed) : errno_message(failed));
    return Error(errc::connection_failed, to_string(Address(address)) + ": cannot listen: " + why);
}

std::string vsock_peer(int socket, const std::string& otherwise) {
    sockaddr_vm peer{};
    socklen_t size = sizeof peer;
    if (::getpeername(socket, reinterpret_cast<sockaddr*>(&peer), &size) != 0 || peer.svm_family != AF_VSOCK)
        return otherwise;
    return to_string(Address(VsockAddress{peer.svm_cid, peer.svm_port}));
}

}  // namespace p9::transports
