#include "transports/socket.hpp"

#include "transports/lender.hpp"
#include "transports/stream.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

namespace p9::transports {
namespace {

// Of a Unix socket's send buffer, in bytes.
constexpr int ROOM = 2 << 20;

/// Where a message seldom fits whole its pages would be lent for nothing. splice(2) has no MSG_DONTWAIT: only the
/// socket's own O_NONBLOCK keeps it from waiting.
bool takes_pages(int descriptor) {
    return socket_option(descriptor, SO_DOMAIN) == AF_UNIX && socket_option(descriptor, SO_SNDBUF) >= ROOM &&
           (::fcntl(descriptor, F_GETFL) & O_NONBLOCK) != 0;
}

class SocketWire {
public:
    SocketWire(Socket socket, std::string peer, std::unique_ptr<Companion> companion)
        : socket_(std::move(socket)),
          peer_(std::move(peer)),
          companion_(std::move(companion)),
          takes_pages_(takes_pages(socket_.native_handle())) {}

    boost::asio::any_io_executor executor() { return socket_.get_executor(); }
    std::string peer() const { return peer_; }

    // Neither O_NONBLOCK nor SIGPIPE's disposition matters to send: the call asks for both. What is lent needs both.
    ssize_t write_now(Bytes bytes) {
        return ::send(socket_.native_handle(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    }
    ssize_t write_now(Bytes first, Bytes second, bool lent) {
        if (lent && takes_pages_ && second.size() >= Lender::WORTHWHILE) {
            const ssize_t taken = lender_.send(socket_.native_handle(), first, second);
            if (taken > 0 || errno == EAGAIN) return taken;
        }
        iovec pieces[] = {{const_cast<u8*>(first.data()), first.size()},
                          {const_cast<u8*>(second.data()), second.size()}};
        msghdr message{};
        message.msg_iov = pieces;
        message.msg_iovlen = 2;
        return ::sendmsg(socket_.native_handle(), &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    }
    auto async_write(Bytes bytes, auto token) {
        return socket_.async_send(boost::asio::const_buffer(bytes.data(), bytes.size()), std::move(token));
    }
    ssize_t read_now(const Framer::Space& space) {
        iovec pieces[] = {{space[0].data(), space[0].size()}, {space[1].data(), space[1].size()}};
        msghdr message{};
        message.msg_iov = pieces;
        message.msg_iovlen = space[1].empty() ? 1 : 2;
        return ::recvmsg(socket_.native_handle(), &message, MSG_DONTWAIT);
    }
    auto async_read(auto into, auto token) { return socket_.async_receive(into, std::move(token)); }
    int descriptor(bool) { return socket_.native_handle(); }
    auto async_wait(bool readable, auto token) {
        return socket_.async_wait(readable ? Socket::wait_read : Socket::wait_write, std::move(token));
    }
    awaitable<std::string> end_words(bool anything_came) {
        if (!companion_) co_return std::string{};
        co_return co_await companion_->end_words(anything_came);
    }
    bool in_vain(bool unread) const { return companion_ && companion_->in_vain(unread); }
    void close() {
        lender_.close();
        if (!socket_.is_open()) return;
        boost::system::error_code ignored;
        socket_.close(ignored);
        if (companion_) companion_->closed();
    }

private:
    Socket socket_;
    std::string peer_;
    std::unique_ptr<Companion> companion_;
    bool takes_pages_;
    Lender lender_;
};

}  // namespace

std::string describe(const boost::system::error_code& code) {
    if (code == boost::asio::error::eof) return "the connection was closed";
    return code.category() == boost::system::system_category() ? errno_message(code.value()) : code.message();
}

boost::system::error_code adopt_socket(Socket& socket, int family, int descriptor) {
    boost::system::error_code failed;
    socket.assign(boost::asio::generic::stream_protocol(family, 0), descriptor, failed);
    if (failed) ::close(descriptor);
    return failed;
}

boost::system::error_code open_socket(Socket& socket, int family) {
    const int descriptor = ::socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (descriptor < 0) return {errno, boost::system::system_category()};
    return adopt_socket(socket, family, descriptor);
}

int socket_option(int descriptor, int name) {
    int value = 0;
    socklen_t size = sizeof value;
    return ::getsockopt(descriptor, SOL_SOCKET, name, &value, &size) == 0 ? value : -1;
}

void make_room_for_messages(Socket& socket) {
    const int descriptor = socket.native_handle();
    const int before = socket_option(descriptor, SO_SNDBUF);
    if (socket_option(descriptor, SO_DOMAIN) != AF_UNIX || before >= ROOM) return;
    if (::setsockopt(descriptor, SOL_SOCKET, SO_SNDBUFFORCE, &ROOM, sizeof ROOM) == 0) return;
    (void)::setsockopt(descriptor, SOL_SOCKET, SO_SNDBUF, &ROOM, sizeof ROOM);
    if (socket_option(descriptor, SO_SNDBUF) >= ROOM) return;
    const int as_before = before / 2;  // the kernel doubles what it is told (socket(7))
    (void)::setsockopt(descriptor, SOL_SOCKET, SO_SNDBUF, &as_before, sizeof as_before);
}

std::unique_ptr<Transport> socket_transport(Socket socket, std::string peer, std::unique_ptr<Companion> companion) {
    return std::make_unique<StreamTransport<SocketWire>>(
        SocketWire(std::move(socket), std::move(peer), std::move(companion)));
}

}  // namespace p9::transports
