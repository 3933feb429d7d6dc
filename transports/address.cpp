#include "p9/transports/address.hpp"

#include <arpa/inet.h>
#include <sys/un.h>

#include <algorithm>
#include <charconv>
#include <climits>
#include <optional>

namespace p9 {
namespace {

// sun_path holds a path and its NUL, or a NUL and an abstract name.
constexpr std::size_t LONGEST_PATH = sizeof(sockaddr_un::sun_path) - 1;
constexpr std::size_t LONGEST_HOST = 255;
constexpr std::string_view PORT_RANGE = "port must be 1 to 65535";

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

// The input as an error repeats it: one line, of bounded length, and without the query of a URL, which may be a ticket.
std::string quoted(std::string_view text) {
    constexpr std::size_t most = 200;
    constexpr std::string_view hex = "0123456789abcdef";
    bool cut = text.size() > most;
    if (text.starts_with("ws://") || text.starts_with("wss://")) {
        const auto query = text.find('?');
        cut = cut || query != text.npos;
        text = text.substr(0, query);
    }
    std::string out;
    for (const char c : text.substr(0, most)) {
        if (is_control(c)) {
            const auto byte = static_cast<unsigned char>(c);
            out += {'\\', 'x', hex[byte >> 4], hex[byte & 15]};
        } else {
            out += c;
        }
    }
    return cut ? out + "..." : out;
}

template <class T>
std::optional<T> number_of(std::string_view digits) {
    T value{};
    const auto [end, failed] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    // from_chars takes a minus sign for signed types; no number of this grammar has one.
    if (failed != std::errc{} || end != digits.data() + digits.size() || digits.front() == '-') return std::nullopt;
    return value;
}

// An IPv6 address in its shortest form, an optional zone (fe80::1%eth0) kept as it is.
std::optional<std::string> ipv6(std::string_view text) {
    const auto percent = text.find('%');
    const std::string digits(text.substr(0, percent));
    in6_addr address{};
    if (inet_pton(AF_INET6, digits.c_str(), &address) != 1) return std::nullopt;
    char shortest[INET6_ADDRSTRLEN];
    std::string out = inet_ntop(AF_INET6, &address, shortest, sizeof shortest);
    if (percent == text.npos) return out;
    const std::string_view zone = text.substr(percent + 1);
    const auto odd = [](char c) {
        return !std::isalnum(static_cast<unsigned char>(c)) && c != '.' && c != '-' && c != '_';
    };
    if (zone.empty() || std::any_of(zone.begin(), zone.end(), odd)) return std::nullopt;
    return out.append(text.substr(percent));
}

class Parser {
public:
    Parser(std::string_view text, bool to_listen) : text_(text), to_listen_(to_listen) {}

    Result<Address> address() const;

private:
    Error fail(std::string_view what) const { return {errc::bad_address, quoted(text_).append(": ").append(what)}; }

    Result<Address> dial_string(std::string_view scheme, std::string_view rest) const;
    Result<Address> url(std::string_view scheme, std::string_view rest) const;
    Result<Address> tcp(std::string_view rest) const;
    Result<Address> unix_socket(std::string_view path) const;
    Result<Address> exec(std::string_view command) const;
    Result<Address> fd(std::string_view rest) const;
    Result<Address> web_socket(bool tls, std::string_view rest) const;
    Result<Address> virtio(std::string_view name) const;
    Result<Address> vsock(std::string_view cid, std::string_view digits) const;

    Result<TcpAddress> host_and_port(std::string_view text, u16 default_port) const;
    Result<std::string> host(std::string_view name) const;
    Result<u16> port(std::string_view digits) const;

    std::string_view text_;
    bool to_listen_;
};

Result<Address> Parser::address() const {
    if (text_.empty())
        return Error(errc::bad_address, "empty address: expected one such as tcp!HOST!PORT or unix!PATH");
    if (text_.find('\0') != text_.npos) return fail("an address cannot hold a NUL byte");
    if (text_.starts_with('/') || text_.starts_with("./") || text_.starts_with("../")) return unix_socket(text_);

    const auto mark = text_.find_first_of("!:/[");
    const std::string_view scheme = text_.substr(0, mark);
    const std::string_view rest = mark == text_.npos ? std::string_view{} : text_.substr(mark + 1);
    if (mark != text_.npos && text_[mark] == '!') return dial_string(scheme, rest);
    if (mark != text_.npos && text_[mark] == '/') {
        if (rest.find_first_of("!:") != rest.npos) return fail("a path that holds ! or : is written unix:PATH");
        return unix_socket(text_);
    }
    if (mark != text_.npos && text_[mark] == ':') {
        if (rest.starts_with("//")) return url(scheme, rest.substr(2));
        if (scheme == "unix") return unix_socket(rest);
        if (scheme == "exec") return exec(rest);
        if (scheme == "virtio") return virtio(rest);
    }
    auto host = host_and_port(text_, DEFAULT_PORT);
    if (!host) return host.error();
    return Address(*std::move(host));
}

Result<Address> Parser::dial_string(std::string_view scheme, std::string_view rest) const {
    if (scheme == "tcp") return tcp(rest);
    if (scheme == "exec") return exec(rest);
    if (scheme == "fd") return fd(rest);
    if (scheme == "virtio") return virtio(rest);
    if (scheme == "unix") {
        // plan9port's programs append a service to the path of every socket (unix!/tmp/ns/srv!9p).
        const auto service = rest.find('!');
        if (service != rest.npos && rest.find('!', service + 1) != rest.npos)
            return fail("a path that holds ! is written unix:PATH");
        return unix_socket(rest.substr(0, service));
    }
    if (scheme == "vsock") {
        const auto bang = rest.find('!');
        if (bang == rest.npos) return fail("expected vsock!CID!PORT");
        return vsock(rest.substr(0, bang), rest.substr(bang + 1));
    }
    if (scheme == "ws" || scheme == "wss")
        return fail("a WebSocket address is written ws://HOST:PORT/PATH or wss://...");
    return fail("unknown transport; expected tcp!, unix!, exec!, fd!, virtio!, vsock!, ws:// or wss://");
}

Result<Address> Parser::url(std::string_view scheme, std::string_view rest) const {
    if (scheme == "ws" || scheme == "wss") return web_socket(scheme == "wss", rest);
    if (scheme == "unix") {
        if (!rest.starts_with('/')) return fail("expected unix:///PATH");
        return unix_socket(rest);
    }
    if (scheme == "vsock") {
        const auto colon = rest.find(':');
        if (colon == rest.npos) return fail("expected vsock://CID:PORT");
        return vsock(rest.substr(0, colon), rest.substr(colon + 1));
    }
    if (scheme == "tcp") {
        auto host = host_and_port(rest, DEFAULT_PORT);
        if (!host) return host.error();
        return Address(*std::move(host));
    }
    return fail("unknown transport; expected tcp://, unix://, vsock://, ws:// or wss://");
}

Result<Address> Parser::tcp(std::string_view rest) const {
    const auto bang = rest.find('!');
    auto name = host(rest.substr(0, bang));
    if (!name) return name.error();
    TcpAddress tcp{*std::move(name), DEFAULT_PORT};
    if (bang != rest.npos) {
        const auto number = port(rest.substr(bang + 1));
        if (!number) return number.error();
        tcp.port = *number;
    }
    return Address(std::move(tcp));
}

Result<Address> Parser::unix_socket(std::string_view path) const {
    const bool abstract = path.starts_with('@');
    if (abstract) path.remove_prefix(1);
    if (path.empty()) return fail(abstract ? "a name must follow the @" : "expected the path of a Unix socket");
    if (path.size() > LONGEST_PATH) {
        return fail("a Unix socket's " + std::string(abstract ? "name" : "path") + " has at most " +
                    std::to_string(LONGEST_PATH) + " bytes, this one has " + std::to_string(path.size()));
    }
    return Address(UnixAddress{std::string(path), abstract});
}

Result<Address> Parser::exec(std::string_view command) const {
    if (command.find_first_not_of(" \t\n") == command.npos) return fail("expected a command to run");
    return Address(ExecAddress{std::string(command)});
}

Result<Address> Parser::fd(std::string_view rest) const {
    const auto bang = rest.find('!');
    const auto read = number_of<int>(rest.substr(0, bang));
    const auto write = bang == rest.npos ? read : number_of<int>(rest.substr(bang + 1));
    if (!read || !write) return fail("expected fd!R or fd!R!W, each the number of an open descriptor");
    return Address(FdAddress{*read, *write});
}

Result<Address> Parser::web_socket(bool tls, std::string_view rest) const {
    const auto end = rest.find_first_of("/?#");
    const std::string_view authority = rest.substr(0, end);
    // Who names no address to listen on wants nobody from elsewhere: browsers of this machine, say.
    const bool nowhere = to_listen_ && (authority.empty() || authority.starts_with(':'));
    auto server =
        host_and_port(nowhere ? "127.0.0.1" + std::string(authority) : std::string(authority), tls ? 443 : 80);
    if (!server) return server.error();
    WebSocketAddress socket{tls, std::move(server->host), server->port, "/"};
    if (end != rest.npos)
        socket.path = rest[end] == '/' ? std::string(rest.substr(end)) : "/" + std::string(rest.substr(end));
    if (socket.path.find('#') != socket.path.npos) return fail("a WebSocket address has no fragment: remove the #");
    if (std::any_of(socket.path.begin(), socket.path.end(), [](char c) { return is_control(c) || c == ' '; }))
        return fail("spaces and control characters in a URL are written as %XX");
    return Address(std::move(socket));
}

Result<Address> Parser::virtio(std::string_view name) const {
    if (name.empty()) return fail("expected the name or the path of a virtio-serial port");
    return Address(VirtioAddress{std::string(name)});
}

Result<Address> Parser::vsock(std::string_view cid, std::string_view digits) const {
    const auto context = cid == "*" ? std::optional(ANY_CID) : number_of<u32>(cid);
    if (!context) return fail("CID must be a number from 0 to 4294967295");
    const auto number = number_of<u32>(digits);
    if (!number) return fail("port must be a number from 0 to 4294967295");
    return Address(VsockAddress{*context, *number});
}

Result<TcpAddress> Parser::host_and_port(std::string_view text, u16 default_port) const {
    std::string_view name = text, digits;
    bool has_port = false;
    if (text.starts_with('[')) {
        const auto close = text.find(']');
        if (close == text.npos) return fail("expected ] after the IPv6 address");
        name = text.substr(0, close + 1);
        const std::string_view rest = text.substr(close + 1);
        has_port = rest.starts_with(':');
        if (!rest.empty() && !has_port) return fail("expected :PORT after the ]");
        digits = has_port ? rest.substr(1) : rest;
    } else if (const auto colon = text.find(':'); colon != text.npos) {
        if (text.find(':', colon + 1) != text.npos) {
            if (text.starts_with("tcp:")) return fail("a TCP address is written tcp://HOST:PORT or HOST:PORT");
            if (text.starts_with("vsock:")) return fail("a vsock address is written vsock://CID:PORT");
            return fail("too many colons; an IPv6 address is written in brackets, as in [::1]:564");
        }
        name = text.substr(0, colon);
        digits = text.substr(colon + 1);
        has_port = true;
    }
    auto checked = host(name);
    if (!checked) return checked.error();
    TcpAddress address{*std::move(checked), default_port};
    if (has_port) {
        const auto number = port(digits);
        if (!number) return number.error();
        address.port = *number;
    }
    return address;
}

Result<std::string> Parser::host(std::string_view name) const {
    if (name.empty()) return fail("expected a host");
    if (to_listen_ && name == "*") return std::string(name);
    const bool brackets = name.size() > 2 && name.front() == '[' && name.back() == ']';
    if (brackets || name.find(':') != name.npos) {
        auto address = ipv6(brackets ? name.substr(1, name.size() - 2) : name);
        if (!address) return fail("not an IPv6 address");
        return *std::move(address);
    }
    if (name.size() > LONGEST_HOST) return fail("a host name has at most 255 bytes");
    if (std::any_of(name.begin(), name.end(), is_control) || name.find_first_of(" /@[]!%?#\\\"'*") != name.npos)
        return fail("not a host name");
    return std::string(name);
}

Result<u16> Parser::port(std::string_view digits) const {
    const auto number = digits.empty() ? std::nullopt : number_of<u16>(digits);
    if (!number || (*number == 0 && !to_listen_)) return fail(to_listen_ ? "port must be 0 to 65535" : PORT_RANGE);
    return *number;
}

}  // namespace

Result<Address> parse_address(std::string_view text) { return Parser(text, false).address(); }

Result<Address> parse_listen_address(std::string_view text) { return Parser(text, true).address(); }

}  // namespace p9
