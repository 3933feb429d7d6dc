#include "p9/transports/dial.hpp"

#include "transports/exec.hpp"
#include "transports/fd.hpp"
#include "transports/tcp.hpp"
#include "transports/unix.hpp"
#include "transports/virtio.hpp"
#include "transports/vsock.hpp"
#include "transports/websocket.hpp"

namespace p9 {
namespace {

using Dialled = awaitable<Result<std::unique_ptr<Transport>>>;

struct ByKind {
    DialOptions options;

    Dialled operator()(TcpAddress a) const { return transports::dial_tcp(std::move(a), options); }
    Dialled operator()(UnixAddress a) const { return transports::dial_unix(std::move(a)); }
    Dialled operator()(ExecAddress a) const { return transports::dial_exec(std::move(a)); }
    Dialled operator()(FdAddress a) const { return transports::dial_fd(a); }
    Dialled operator()(WebSocketAddress a) const { return transports::dial_websocket(std::move(a), options); }
    Dialled operator()(VirtioAddress a) const { return transports::dial_virtio(std::move(a)); }
    Dialled operator()(VsockAddress a) const { return transports::dial_vsock(a); }
};

// Numbers of descriptors are reused: what stands at fd!3 after the first connection closed it is somebody else's.
Dialled dial_once(std::shared_ptr<bool> used, Address address, DialOptions options) {
    if (*used)
        co_return Error(errc::connection_failed,
                        to_string(address) + ": an inherited descriptor cannot be dialled again");
    auto dialling = dial(std::move(address), std::move(options));
    auto transport = co_await std::move(dialling);
    *used = transport.has_value();
    co_return transport;
}

}  // namespace

Dialled dial(Address address, DialOptions options) {
    return std::visit(ByKind{std::move(options)}, std::move(address));
}

Dialler dialler(Address address, DialOptions options) {
    if (!std::holds_alternative<FdAddress>(address)) {
        return [address = std::move(address), options = std::move(options)] { return dial(address, options); };
    }
    return [used = std::make_shared<bool>(false), address = std::move(address), options = std::move(options)] {
        return dial_once(used, address, options);
    };
}

}  // namespace p9
