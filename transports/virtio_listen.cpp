// Listening on a virtio-serial port: one client after another on a line that stays, or that comes back.
#include "transports/acceptor.hpp"
#include "transports/unix.hpp"
#include "transports/virtio_line.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/this_coro.hpp>

#include <unistd.h>

namespace p9::transports {
namespace {

namespace asio = boost::asio;
using AcceptedClient = Result<std::unique_ptr<Transport>>;
using LinePtr = std::shared_ptr<Line>;

class LineListener final : public Listener {
public:
    /// A line that is there, or a socket to which QEMU comes and comes again.
    LineListener(Address address, LinePtr line, std::unique_ptr<SocketListener> socket)
        : state_(std::make_shared<State>(std::move(address), std::move(line), std::move(socket))) {}
    ~LineListener() override { LineListener::close(); }

    awaitable<AcceptedClient> accept() override { return accept_on(state_); }
    Address address() const override { return state_->address; }

    void close() override {
        if (std::exchange(state_->closed, true)) return;
        if (state_->socket) state_->socket->close();
        const LinePtr line = std::exchange(state_->line, nullptr);
        if (!line) return;
        line->freed.cancel();
        // A conversation under way stays, and the line with it.
        if (line->taken) return;
        boost::system::error_code ignored;
        if (line->watch.is_open()) line->watch.cancel(ignored);
        line->in.descriptor.cancel(ignored);
    }

private:
    struct State {
        State(Address a, LinePtr l, std::unique_ptr<SocketListener> s)
            : address(std::move(a)), line(std::move(l)), socket(std::move(s)) {}
        const Address address;
        LinePtr line;
        const std::unique_ptr<SocketListener> socket;
        bool closed = false;
    };

    static awaitable<AcceptedClient> accept_on(std::shared_ptr<State> state);
    std::shared_ptr<State> state_;
};

// A socket as a line that ends when QEMU does.
LinePtr line_of(Socket socket, std::string name) {
    const asio::any_io_executor executor = socket.get_executor();
    boost::system::error_code failed;
    const int fd = socket.release(failed);
    OpenPort port{PortDescriptor(executor), std::nullopt};
    if (!failed) port.descriptor.assign(fd, failed);
    return failed ? nullptr : std::make_shared<Line>(std::move(port), std::nullopt, false, std::move(name));
}

awaitable<AcceptedClient> LineListener::accept_on(std::shared_ptr<State> state) {
    const std::string name = to_string(state->address);
    while (!state->closed) {
        if (!state->line) {
            if (!state->socket)
                co_return Error(errc::connection_failed, name + ": the other end is gone for good: QEMU has ended");
            auto accepting = state->socket->accept_socket();
            auto accepted = co_await std::move(accepting);
            if (!accepted) co_return accepted.error();
            state->line = line_of(std::move(accepted->socket), name);
            continue;
        }
        const LinePtr line = state->line;
        if (line->taken) {
            auto waiting = line->freed.async_wait(asio::as_tuple(asio::deferred));
            (void)co_await std::move(waiting);
            const auto cancellation = co_await asio::this_coro::cancellation_state;
            if (cancellation.cancelled() != asio::cancellation_type::none) break;
            continue;
        }
        auto waiting = await_version(line);
        auto begins = co_await std::move(waiting);
        if (state->closed) break;
        if (!begins) {
            const bool broken = begins.error().code == make_error_code(errc::connection_lost);
            co_return broken ? Error(errc::connection_failed, begins.error().text) : begins.error();
        }
        if (*begins) co_return conversation_on(line);
        state->line.reset();
    }
    co_return Error(errc::connection_lost, name + ": no longer listening");
}

// The socket of a QEMU that listens. Nothing, and errno, if nobody does.
awaitable<Result<LinePtr>> line_to_chardev(std::string path, std::string name) {
    const auto executor = co_await asio::this_coro::executor;
    const auto kernel = kernel_name(UnixAddress{path});
    Socket socket(executor);
    if (!kernel) co_return Error(errc::connection_failed, name + ": " + errno_message(ENAMETOOLONG));
    if (open_socket(socket, AF_UNIX)) co_return Error(errc::connection_failed, name + ": " + errno_message(errno));
    if (::connect(socket.native_handle(), reinterpret_cast<const sockaddr*>(&kernel->address), kernel->size) == 0)
        co_return line_of(std::move(socket), std::move(name));
    if (errno == ECONNREFUSED) co_return LinePtr();
    const std::string why = errno == EAGAIN ? "port busy: another client is connected to it" : errno_message(errno);
    co_return Error(errc::connection_failed, name + ": " + why);
}

}  // namespace

std::unique_ptr<Listener> listener_on(Address address, std::shared_ptr<Line> line) {
    return std::make_unique<LineListener>(std::move(address), std::move(line), nullptr);
}

awaitable<Result<std::unique_ptr<Listener>>> listen_virtio(VirtioAddress address) {
    const auto executor = co_await asio::this_coro::executor;
    const std::string name = to_string(Address(address));
    auto found = find_port(address);
    if (!found) co_return found.error();
    using Kind = FoundPort::Kind;
    if (found->kind == Kind::socket) {
        auto connecting = line_to_chardev(found->path, name);
        auto line = co_await std::move(connecting);
        if (!line) co_return line.error();
        if (*line) co_return listener_on(std::move(address), *std::move(line));
    }
    if (found->kind == Kind::socket || found->kind == Kind::nothing) {
        auto listening = listen_on_unix(UnixAddress{found->path}, Address(address));
        if (!listening) co_return listening.error();
        auto socket = std::make_unique<SocketListener>(executor, listening->descriptor, Address(address), DialOptions{},
                                                       std::move(listening->cleanup));
        co_return std::make_unique<LineListener>(Address(std::move(address)), nullptr, std::move(socket));
    }
    auto port = open_port(executor, *found, name);
    if (!port) co_return port.error();
    auto line = std::make_shared<Line>(*std::move(port), std::nullopt, found->kind == Kind::device, name);
    co_return listener_on(std::move(address), std::move(line));
}

}  // namespace p9::transports
