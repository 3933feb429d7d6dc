#include "tools/connection.hpp"

#include "tools/capture.hpp"
#include "tools/tls_options.hpp"
#include "tools/trace_output.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>

namespace p9::tools {
namespace {

/// An attach that was refused, in words that help.
Error attach_refused(const Error& error, const CommonOptions& options) {
    if (ends_everything(error)) return error;
    Error explained = error;
    explained.text = display_name(options.address) + ": attach " +
                     (options.aname.empty() ? std::string("without a tree's name") : escaped(options.aname)) + " as " +
                     escaped(options.uname) + ": " + error.message();
    if (options.aname.empty()) explained.text += " (some servers, diod among them, want the exported path: -A PATH)";
    return explained;
}

/// A port is tried again until shortly before time is up, so that the last failure's own words are printed.
Duration port_timeout(Duration connect_timeout) {
    if (connect_timeout == Duration::zero()) return std::chrono::hours(24);
    return connect_timeout - std::min<Duration>(connect_timeout / 10, std::chrono::milliseconds(500));
}

awaitable<Result<Client>> open_and_attach(const CommonOptions& options, std::shared_ptr<bool> reached) {
    const auto started = Clock::now();
    SessionOptions session_options;
    session_options.dialects = options.dialects;
    session_options.msize = options.msize;
    session_options.port_timeout = port_timeout(options.connect_timeout);
    session_options.tracer = options.tracer;
    if (options.trace) {
        auto tracer = open_trace(*options.trace);
        if (!tracer) co_return tracer.error().about("--trace");
        session_options.tracer = std::move(*tracer);
    }
    DialOptions dial_options;
    dial_options.tls = options.tls;
    Dialler dialling = noting_dialler(options.address, std::move(dial_options), std::move(reached));
    if (options.capture) dialling = options.capture->watch(std::move(dialling));
    auto opening = Session::open(std::move(dialling), std::move(session_options));
    auto session = co_await std::move(opening);
    if (!session) co_return session.error();
    // When time is up while a server does not answer the attach, it need not answer its Tflush either.
    boost::asio::steady_timer limit(co_await boost::asio::this_coro::executor);
    if (options.connect_timeout != Duration::zero()) {
        limit.expires_at(started + options.connect_timeout);
        limit.async_wait([session = *session](const boost::system::error_code& cancelled) {
            if (!cancelled) session->abort(Error(errc::timed_out, "no answer to Tattach"));
        });
    }

    AttachOptions attach_options;
    attach_options.uname = options.uname;
    attach_options.aname = options.aname;
    attach_options.n_uname = options.n_uname;
    auto attaching = Client::attach(std::move(*session), std::move(attach_options));
    auto client = co_await std::move(attaching);
    if (!client) co_return attach_refused(client.error(), options);
    co_return std::move(*client);
}

/// What a virtio-serial port that is silent may lack, by what it is.
std::string silent_port(const VirtioAddress& port) {
    struct stat file{};
    const bool found = ::stat(port.name_or_path.c_str(), &file) == 0;
    if (found && S_ISSOCK(file.st_mode))
        return ": port busy? QEMU's chardev talks to one client at a time (p9proxy --share serves several); or does "
               "the guest's server not run?";
    if (found && S_ISCHR(file.st_mode) && ::access("/sys/class/virtio-ports", F_OK) != 0)
        return ": port busy? or does the guest's server not run?";  // a chardev's pseudo-terminal
    if (!found && port.name_or_path.find('/') != std::string::npos)
        return ": there is no such socket, and no QEMU came to it (chardev with reconnect=)";
    return ": has the host opened the port, and does a server run there?";
}

/// What keeps silent behind a WebSocket's address, by how far we came.
std::string silent_socket(const WebSocketAddress& socket, bool reached) {
    if (reached) return "; the WebSocket works, but nobody answers 9P on it (some servers ignore binary frames)";
    return std::string("; the WebSocket handshake got no answer: is it a WebSocket server") +
           (socket.tls ? "?" : ", and not one that wants wss://?");
}

awaitable<Result<std::unique_ptr<Transport>>> dial_noting(Dialler inner, std::shared_ptr<bool> reached) {
    auto dialling = inner();
    auto transport = co_await std::move(dialling);
    if (transport) *reached = true;
    co_return transport;
}

std::string agreed_line(const Session& session) {
    char numbers[80];
    const double milliseconds = std::chrono::duration<double, std::milli>(session.round_trip_time()).count();
    std::snprintf(numbers, sizeof numbers, ", msize %u, round trip %.3f ms", session.msize(), milliseconds);
    return escaped(session.peer()) + ": " + std::string(version_string(session.dialect())) + numbers;
}

std::string seconds_text(Duration duration) {
    char text[40];
    std::snprintf(text, sizeof text, "%g s", std::chrono::duration<double>(duration).count());
    return text;
}

}  // namespace

Dialler noting_dialler(Address address, DialOptions options, std::shared_ptr<bool> reached) {
    return [inner = dialler(std::move(address), std::move(options)), reached = std::move(reached)] {
        return dial_noting(inner, reached);
    };
}

Error no_connection(const Error& error, const Address& address, bool reached) {
    if (!ends_everything(error) || error.code == make_error_code(errc::cancelled)) return error;
    const std::string name = display_name(address);
    Error explained = error.message().starts_with(name) ? error : error.about(name);
    const auto* tcp = std::get_if<TcpAddress>(&address);
    if (error.code == make_error_code(errc::protocol_violation)) {
        explained.text += "; is it a 9P server?";
    } else if (const auto* port = std::get_if<VirtioAddress>(&address);
               port != nullptr && error.code == make_error_code(errc::timed_out)) {
        explained.text += silent_port(*port);
    } else if (const auto* socket = std::get_if<WebSocketAddress>(&address);
               socket != nullptr && error.code == make_error_code(errc::timed_out)) {
        explained.text += silent_socket(*socket, reached);
    } else if (tcp != nullptr && ::access(tcp->host.c_str(), F_OK) == 0) {
        explained.text += "; for the socket in this folder say ./" + tcp->host;
    }
    return explained;
}

awaitable<Result<Client>> connect(const CommonOptions& options, const Messages& messages) {
    co_await boost::asio::this_coro::throw_if_cancelled(false);
    if (const auto warning = tls_warning(options.address, options.tls)) messages.note(*warning);
    auto reached = std::make_shared<bool>(false);
    auto work = open_and_attach(options, reached);
    auto client = co_await within(options.connect_timeout, std::move(work),
                                  display_name(options.address) + ": no connection, or no answer, within " +
                                      seconds_text(options.connect_timeout) + " (--connect-timeout)");
    if (!client) co_return no_connection(client.error(), options.address, *reached);
    if (options.verbose) messages.note(agreed_line(client->session()));
    co_return client;
}

}  // namespace p9::tools
