// An open port: a guest's device, or the host's PTY. See drivers/char/virtio_console.c.
#include "transports/stream.hpp"
#include "transports/virtio.hpp"

#include <boost/asio/this_coro.hpp>

#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <unistd.h>

namespace p9::transports {
namespace {

namespace asio = boost::asio;

std::string why_not_open(const FoundPort& found, int failed) {
    switch (failed) {
        case EBUSY:
            return "port busy: another program has " + found.path + " open";
        case ENXIO:
            return found.path + " is a console, which loses data: give the guest a virtserialport";
        default:
            return found.path + ": " + errno_message(failed);
    }
}

using Moved = std::tuple<boost::system::error_code, std::size_t>;

class PortWire {
public:
    PortWire(OpenPort port, std::string peer) : port_(std::move(port)), peer_(std::move(peer)) {}

    asio::any_io_executor executor() { return port_.descriptor.get_executor(); }
    std::string peer() const { return peer_; }
    bool leftovers() const { return true; }

    // The kernel takes 32 KiB at a time: without going through the reactor for each.
    ssize_t write_now(Bytes bytes) {
        std::size_t done = 0;
        while (done < bytes.size()) {
            const ssize_t n = ::write(port_.descriptor.native_handle(), bytes.data() + done, bytes.size() - done);
            if (n < 0 && errno == EINTR) continue;
            if (n < 0 && done == 0) {
                unplugged_ = unplugged_ || errno == ENODEV;
                return n;
            }
            if (n <= 0) break;
            done += static_cast<std::size_t>(n);
        }
        return static_cast<ssize_t>(done);
    }
    awaitable<Moved> async_write(Bytes bytes, auto) {
        auto writing = port_.descriptor.async_write_some(asio::const_buffer(bytes.data(), bytes.size()),
                                                         asio::as_tuple(asio::deferred));
        auto [failed, count] = co_await std::move(writing);
        if (failed || !port_.descriptor.is_open()) co_return Moved(failed, count);
        const ssize_t more = write_now(bytes.subspan(count));
        co_return Moved(failed, count + (more > 0 ? static_cast<std::size_t>(more) : 0));
    }

    // A read gives 4 KiB at most: take what there is.
    awaitable<Moved> async_read(auto into, auto) {
        Moved result = read_now(into);
        if (std::get<1>(result) > 0 || std::get<0>(result)) co_return result;
        // Nothing there. Asio waits for an event, not for a state, so that a level that stays, as that of an absent
        // host does, keeps nobody busy; what it then reads is nothing (the end) or some.
        auto reading = port_.descriptor.async_read_some(into, asio::as_tuple(asio::deferred));
        auto [failed, count] = co_await std::move(reading);
        co_return Moved(meaning(failed), count);
    }

    awaitable<std::string> end_words(bool) { co_return std::string(unplugged_ ? "the port was unplugged" : ""); }

    void close() {
        if (!port_.descriptor.is_open()) return;
        port_.restore();
        boost::system::error_code ignored;
        port_.descriptor.close(ignored);
    }

private:
    boost::system::error_code meaning(boost::system::error_code failed) {
        // EIO: the other end of a pseudo-terminal was closed.
        if (failed.value() == EIO && failed.category() == boost::system::system_category()) return asio::error::eof;
        unplugged_ = unplugged_ || (failed.value() == ENODEV && failed.category() == boost::system::system_category());
        return failed;
    }
    Moved read_now(const asio::mutable_buffer& piece) {
        std::size_t done = 0;
        while (done < piece.size()) {
            const ssize_t n =
                ::read(port_.descriptor.native_handle(), static_cast<u8*>(piece.data()) + done, piece.size() - done);
            if (n < 0 && errno == EINTR) continue;
            if (n > 0) {
                done += static_cast<std::size_t>(n);
                continue;
            }
            if (done > 0 || (n < 0 && errno == EAGAIN)) break;
            if (n == 0) return {asio::error::eof, 0};
            return {meaning(boost::system::error_code(errno, boost::system::system_category())), 0};
        }
        return {boost::system::error_code(), done};
    }
    Moved read_now(const std::array<asio::mutable_buffer, 2>& pieces) {
        Moved first = read_now(pieces[0]);
        if (std::get<0>(first) || std::get<1>(first) < pieces[0].size()) return first;
        // An end is a state, and is seen again by the next read.
        const Moved second = read_now(pieces[1]);
        std::get<1>(first) += std::get<1>(second);
        return first;
    }

    OpenPort port_;
    std::string peer_;
    bool unplugged_ = false;
};

}  // namespace

void OpenPort::restore() {
    if (modes) tcsetattr(descriptor.native_handle(), TCSANOW, &*modes);
    modes.reset();
}

Result<OpenPort> open_port(const asio::any_io_executor& executor, const FoundPort& found, const std::string& name) {
    const auto fail = [&](const std::string& words) { return Error(errc::connection_failed, name + ": " + words); };
    const int fd = ::open(found.path.c_str(), O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) return fail(why_not_open(found, errno));
    OpenPort port{PortDescriptor(executor), std::nullopt};
    boost::system::error_code failed;
    port.descriptor.assign(fd, failed);
    if (failed) {
        ::close(fd);
        return fail(describe(failed));
    }
    if (found.kind != FoundPort::Kind::terminal) return port;
    // A terminal can be opened by many; a lock at least keeps programs that take one apart.
    if (flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
        return fail("port busy: another program uses " + found.path);
    termios modes{};
    if (tcgetattr(fd, &modes) != 0) return fail(found.path + ": " + errno_message(errno));
    termios raw = modes;
    cfmakeraw(&raw);
    if (tcsetattr(fd, TCSANOW, &raw) != 0) return fail(found.path + ": " + errno_message(errno));
    port.modes = modes;
    return port;
}

awaitable<Result<void>> wait_for_host(PortDescriptor& port, PortDescriptor& watch, std::string name) {
    const int fd = port.native_handle();
    // While the host is absent the port is "hung up" and "readable" for poll(2), which says so at once and always. An
    // epoll of its own reports each change of it once, and can itself be waited for.
    const int changes = epoll_create1(EPOLL_CLOEXEC);
    epoll_event event{EPOLLIN | EPOLLOUT | EPOLLET, {}};
    if (changes < 0 || epoll_ctl(changes, EPOLL_CTL_ADD, fd, &event) != 0) {
        const int failed = errno;
        if (changes >= 0) ::close(changes);
        co_return Error(errc::connection_lost, name + ": " + errno_message(failed));
    }
    boost::system::error_code failed;
    watch.assign(changes, failed);
    if (failed) {
        ::close(changes);
        co_return Error(errc::connection_lost, name + ": " + describe(failed));
    }
    struct End {
        PortDescriptor& watch;
        ~End() {
            boost::system::error_code ignored;
            watch.close(ignored);
        }
    } const end{watch};
    for (;;) {
        pollfd state{fd, POLLIN | POLLOUT, 0};
        u8 none = 0;
        if (!port.is_open() || ::poll(&state, 1, 0) < 0)
            co_return Error(errc::connection_lost, name + ": the connection was closed here");
        if (::read(fd, &none, 0) < 0 && errno == ENODEV)
            co_return Error(errc::connection_lost, name + ": the port was unplugged");
        if ((state.revents & POLLHUP) == 0) co_return boost::system::in_place_value;
        auto waiting = watch.async_wait(PortDescriptor::wait_read, asio::as_tuple(asio::deferred));
        const auto [cancelled] = co_await std::move(waiting);
        if (cancelled) co_return Error(errc::cancelled, name + ": cancelled");
        epoll_wait(changes, &event, 1, 0);
    }
}

std::unique_ptr<Transport> port_transport(OpenPort port, std::string name) {
    return std::make_unique<StreamTransport<PortWire>>(PortWire(std::move(port), std::move(name)));
}

}  // namespace p9::transports
