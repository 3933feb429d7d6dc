#include "p9/transports/address.hpp"

#include <algorithm>

namespace p9 {
namespace {

std::string host_of(const std::string& host) { return host.find(':') == host.npos ? host : "[" + host + "]"; }

struct AddressPrinter {
    std::string operator()(const TcpAddress& a) const {
        return "tcp!" + host_of(a.host) + "!" + std::to_string(a.port);
    }

    std::string operator()(const UnixAddress& a) const {
        // After `unix!` a second ! would end the path, and after `unix:` two slashes would begin a URL.
        const bool plain = a.path.find('!') == a.path.npos;
        const std::string scheme = plain ? "unix!" : a.path.starts_with("//") ? "unix://" : "unix:";
        if (a.abstract) return (plain ? "unix!@" : "unix:@") + a.path;
        // A file whose name begins with @ is not an abstract name.
        return a.path.starts_with('@') ? scheme + "./" + a.path : scheme + a.path;
    }

    std::string operator()(const ExecAddress& a) const { return "exec!" + a.command; }

    std::string operator()(const FdAddress& a) const {
        const std::string read = "fd!" + std::to_string(a.read);
        return a.read == a.write ? read : read + "!" + std::to_string(a.write);
    }

    std::string operator()(const WebSocketAddress& a) const {
        const bool usual = a.port == (a.tls ? 443 : 80);
        return (a.tls ? "wss://" : "ws://") + host_of(a.host) + (usual ? "" : ":" + std::to_string(a.port)) + a.path;
    }

    std::string operator()(const VirtioAddress& a) const { return "virtio!" + a.name_or_path; }

    std::string operator()(const VsockAddress& a) const {
        const std::string cid = a.cid == ANY_CID ? "*" : std::to_string(a.cid);
        return "vsock!" + cid + "!" + std::to_string(a.port);
    }
};

}  // namespace

std::string to_string(const Address& address) { return std::visit(AddressPrinter{}, address); }

std::string display_name(const Address& address) {
    std::string name = to_string(address);
    if (std::holds_alternative<WebSocketAddress>(address)) name.resize(std::min(name.size(), name.find('?')));
    return name;
}

}  // namespace p9
