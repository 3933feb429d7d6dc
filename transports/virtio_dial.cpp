// Dialling a virtio-serial port: as what it is found to be.
#include "transports/socket.hpp"
#include "transports/unix.hpp"
#include "transports/virtio.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>

#include <sys/socket.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include <vector>

namespace p9::transports {
namespace {

namespace asio = boost::asio;
using DialledPort = Result<std::unique_ptr<Transport>>;

// A socket behind which there is a port.
class PortSocket final : public Transport {
public:
    explicit PortSocket(std::unique_ptr<Transport> socket) : socket_(std::move(socket)) {}

    asio::any_io_executor executor() override { return socket_->executor(); }
    awaitable<Result<void>> send(Bytes messages) override { return socket_->send(messages); }
    awaitable<Result<Frame>> receive() override { return socket_->receive(); }
    bool ready() const override { return socket_->ready(); }
    void max_message(u32 bytes) override { socket_->max_message(bytes); }
    bool leftovers() const override { return true; }
    void close() override { socket_->close(); }
    std::string peer() const override { return socket_->peer(); }

private:
    std::unique_ptr<Transport> socket_;
};

awaitable<DialledPort> dial_chardev(std::string path, std::string name) {
    auto dialling = dial_unix(UnixAddress{std::move(path)}, name);
    auto socket = co_await std::move(dialling);
    if (!socket) {
        Error failed = socket.error();
        if (failed.text == name + ": " + errno_message(ECONNREFUSED))
            failed.text += ": no QEMU listens at this socket any more";
        co_return failed;
    }
    co_return std::make_unique<PortSocket>(*std::move(socket));
}

bool is_file(const std::string& path, const struct stat& made) {
    struct stat now{};
    return ::lstat(path.c_str(), &now) == 0 && now.st_dev == made.st_dev && now.st_ino == made.st_ino;
}

// Waits at a path of its own making for a QEMU that connects. A null transport: something else stands there by now, a
// QEMU that listens perhaps.
awaitable<DialledPort> await_chardev(std::string path, std::string name) {
    const auto executor = co_await asio::this_coro::executor;
    auto listening = listen_on_unix(UnixAddress{path}, VirtioAddress{path});
    if (!listening) {
        const std::string& why = listening.error().text;
        co_return Error(errc::connection_failed,
                        name + ": there is no such socket, and none can be made there for a QEMU that connects (" +
                            why.substr(why.rfind(": ") + 2) + ")");
    }
    struct End {
        ListeningSocket& socket;
        ~End() {
            if (socket.cleanup) socket.cleanup();
            ::close(socket.descriptor);
        }
    } end{*listening};
    struct stat made{};
    ::lstat(path.c_str(), &made);
    asio::steady_timer timer(executor);
    for (;;) {
        const int accepted = ::accept4(listening->descriptor, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (accepted >= 0) {
            Socket socket(executor);
            if (adopt_socket(socket, AF_UNIX, accepted)) continue;
            co_return std::make_unique<PortSocket>(socket_transport(std::move(socket), name));
        }
        if (!is_file(path, made)) co_return DialledPort(std::unique_ptr<Transport>());
        // QEMU comes once a second at best; and no event tells that the file was replaced.
        timer.expires_after(std::chrono::milliseconds(50));
        auto waiting = timer.async_wait(asio::as_tuple(asio::deferred));
        const auto [cancelled] = co_await std::move(waiting);
        if (cancelled) co_return Error(errc::cancelled, name + ": cancelled");
    }
}

// Replies that an earlier program of this guest left unread, megabytes perhaps, are still in the host's socket. They
// come as soon as the port is open, a hundred kilobytes at a time, and closing loses no more than that of them. Nobody
// speaks before Tversion: what comes now is nobody's. A short look is enough where nothing comes.
awaitable<Result<void>> throw_leftovers_away(PortDescriptor& port, std::string name) {
    using std::chrono::milliseconds;
    using Clock = std::chrono::steady_clock;
    const auto executor = co_await asio::this_coro::executor;
    asio::steady_timer timer(executor);
    const auto end = Clock::now() + std::chrono::seconds(3);
    auto last = Clock::now();
    auto silence = milliseconds(20);
    std::vector<u8> bytes(65536);
    while (Clock::now() < end && Clock::now() - last < silence) {
        if (::read(port.native_handle(), bytes.data(), bytes.size()) > 0) {
            last = Clock::now();
            silence = milliseconds(200);
            continue;
        }
        timer.expires_after(milliseconds(5));
        auto waiting = timer.async_wait(asio::as_tuple(asio::deferred));
        const auto [cancelled] = co_await std::move(waiting);
        if (cancelled) co_return Error(errc::cancelled, name + ": cancelled");
    }
    co_return Result<void>{};
}

awaitable<DialledPort> dial_open_port(FoundPort found, std::string name) {
    const auto executor = co_await asio::this_coro::executor;
    auto port = open_port(executor, found, name);
    if (!port) co_return port.error();
    if (found.kind == FoundPort::Kind::terminal) {
        ::tcflush(port->descriptor.native_handle(), TCIFLUSH);
    } else {
        PortDescriptor watch(executor);
        auto waiting = wait_for_host(port->descriptor, watch, name);
        auto there = co_await std::move(waiting);
        if (!there) co_return there.error();
        auto throwing = throw_leftovers_away(port->descriptor, name);
        auto thrown = co_await std::move(throwing);
        if (!thrown) co_return thrown.error();
    }
    co_return port_transport(*std::move(port), std::move(name));
}

}  // namespace

awaitable<DialledPort> dial_virtio(VirtioAddress address) {
    const std::string name = to_string(Address(address));
    for (;;) {
        auto found = find_port(address);
        if (!found) co_return found.error();
        if (found->kind == FoundPort::Kind::socket) {
            auto dialling = dial_chardev(std::move(found->path), name);
            co_return co_await std::move(dialling);
        }
        if (found->kind != FoundPort::Kind::nothing) {
            auto opening = dial_open_port(*std::move(found), name);
            co_return co_await std::move(opening);
        }
        auto awaiting = await_chardev(std::move(found->path), name);
        auto arrived = co_await std::move(awaiting);
        if (!arrived || *arrived != nullptr) co_return arrived;
    }
}

}  // namespace p9::transports
