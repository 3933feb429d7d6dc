// What an address says, before anything is dialled.
#include "tools/p9doctor/steps.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#ifndef P9_STATIC
#include <netdb.h>

#include <memory>
#endif

namespace p9::doctor {
namespace {

/// What a host's name stands for. getaddrinfo blocks: the system's own limits end it, and Ctrl-C twice.
Found look_at_host(const std::string& name, const std::string& host, u16 port) {
    Found found{Finding::ok, name, "", 0};
#ifdef P9_STATIC
    (void)host, (void)port;
#else
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* list = nullptr;
    if (const int failed = ::getaddrinfo(host.c_str(), nullptr, &hints, &list); failed != 0)
        return {Finding::fail, name + ": the host " + host + " is not known: " + ::gai_strerror(failed),
                "check the spelling, and what getent hosts " + host + " says", tools::EXIT_NO_CONNECTION};
    const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner(list, ::freeaddrinfo);
    std::string numbers;
    for (const addrinfo* each = list; each != nullptr; each = each->ai_next) {
        char number[NI_MAXHOST];
        if (::getnameinfo(each->ai_addr, each->ai_addrlen, number, sizeof number, nullptr, 0, NI_NUMERICHOST) != 0)
            continue;
        numbers.append(numbers.empty() ? "" : ", ").append(number);
    }
    found.text += ": " + numbers + ", port " + std::to_string(port);
#endif
    return found;
}

Found look_at_socket(const std::string& name, const std::string& path) {
    struct stat file{};
    if (::stat(path.c_str(), &file) != 0) {
        const int why = errno;
        return {Finding::fail, name + ": " + errno_message(why),
                why == ENOENT ? "start the server; it makes this socket. Is the path right?"
                              : "let this user reach the socket's folder",
                tools::EXIT_NO_CONNECTION};
    }
    if (!S_ISSOCK(file.st_mode))
        return {Finding::fail, name + ": this is no socket", "give the path of the server's socket",
                tools::EXIT_NO_CONNECTION};
    if (::access(path.c_str(), W_OK) != 0)
        return {Finding::fail, name + ": " + errno_message(errno),
                "connecting needs the right to write: chmod or chown the socket, or be in its group",
                tools::EXIT_NO_CONNECTION};
    return {Finding::ok, name + ": the socket is there", "", 0};
}

Found look_at_port(const std::string& name, const std::string& port) {
    struct stat file{};
    if (port.find('/') == port.npos) return {Finding::ok, name + ": a port of this guest's, by name", "", 0};
    if (::stat(port.c_str(), &file) != 0)
        return {Finding::fail, name + ": " + errno_message(errno),
                "start the virtual machine, with a chardev whose path= is this", tools::EXIT_NO_CONNECTION};
    const char* kind = S_ISSOCK(file.st_mode)  ? "the socket of a chardev"
                       : S_ISCHR(file.st_mode) ? "a device, or the pseudo-terminal of a chardev"
                                               : "neither a socket nor a device";
    return {Finding::ok, name + ": " + kind, "", 0};
}

}  // namespace

Found look_at_address(const Address& address) {
    const std::string name = display_name(address);
    if (const auto* tcp = std::get_if<TcpAddress>(&address)) return look_at_host(name, tcp->host, tcp->port);
    if (const auto* web = std::get_if<WebSocketAddress>(&address)) return look_at_host(name, web->host, web->port);
    if (const auto* unix = std::get_if<UnixAddress>(&address); unix != nullptr && !unix->abstract)
        return look_at_socket(name, unix->path);
    if (const auto* port = std::get_if<VirtioAddress>(&address)) return look_at_port(name, port->name_or_path);
    return {Finding::ok, name, "", 0};
}

}  // namespace p9::doctor
