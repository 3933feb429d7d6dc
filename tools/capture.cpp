#include "tools/capture.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>

namespace p9::tools {
namespace {

// A large message is no reason to keep its memory.
constexpr std::size_t KEPT_BUFFER = 4 << 20;

CaptureTime now() {
    return static_cast<CaptureTime>(
        std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch())
            .count());
}

Error cannot(const std::string& where, int number) {
    return Error::from_errno(number, where + ": " + errno_message(number));
}

awaitable<Result<std::unique_ptr<Transport>>> dial_watched(Dialler inner, std::shared_ptr<Capture> capture) {
    co_await boost::asio::this_coro::throw_if_cancelled(false);
    auto dialling = inner();
    auto transport = co_await std::move(dialling);
    if (!transport) co_return transport;
    co_return capture->watch(*std::move(transport), Capture::End::client);
}

}  // namespace

/// A connection, and its place in the capture.
class Capture::WatchedTransport final : public Transport {
public:
    WatchedTransport(std::shared_ptr<Capture> capture, std::unique_ptr<Transport> inner, End here)
        : capture_(std::move(capture)),
          inner_(std::move(inner)),
          connection_(capture_->connections_++, inner_->peer()),
          here_(here) {
        connection_.open(capture_->buffer_, now());
        capture_->write();
    }
    ~WatchedTransport() override { ended(here_); }

    boost::asio::any_io_executor executor() override { return inner_->executor(); }

    awaitable<Result<void>> send(Bytes messages) override {
        co_await boost::asio::this_coro::throw_if_cancelled(false);
        // Before it leaves: else its reply might be captured first.
        const CaptureTime time = now();
        for (Bytes rest = messages; !rest.empty();) {
            const Bytes message = rest.first(header_of(rest).size);
            connection_.message(capture_->buffer_, here_, message, time);
            rest = rest.subspan(message.size());
        }
        capture_->write();
        auto sending = inner_->send(messages);
        auto sent = co_await std::move(sending);
        co_return sent;
    }

    awaitable<Result<Frame>> receive() override {
        co_await boost::asio::this_coro::throw_if_cancelled(false);
        auto receiving = inner_->receive();
        auto frame = co_await std::move(receiving);
        if (frame) {
            connection_.message(capture_->buffer_, there(), frame->bytes(), now());
            capture_->write();
        } else if (frame.error().code == make_error_code(errc::connection_lost)) {
            ended(there());
        }
        co_return frame;
    }

    bool ready() const override { return inner_->ready(); }
    void max_message(u32 bytes) override { inner_->max_message(bytes); }
    bool leftovers() const override { return inner_->leftovers(); }
    void close() override {
        ended(here_);
        inner_->close();
    }
    std::string peer() const override { return inner_->peer(); }

private:
    End there() const { return here_ == End::client ? End::server : End::client; }
    void ended(End first) {
        if (std::exchange(ended_, true)) return;
        connection_.close(capture_->buffer_, first, now());
        capture_->write();
    }

    std::shared_ptr<Capture> capture_;
    std::unique_ptr<Transport> inner_;
    CapturedConnection connection_;
    End here_;
    bool ended_ = false;
};

/// A listener whose clients are captured.
class Capture::WatchedListener final : public Listener {
public:
    WatchedListener(std::shared_ptr<Capture> capture, std::unique_ptr<Listener> inner)
        : capture_(std::move(capture)), inner_(std::move(inner)) {}

    awaitable<Result<std::unique_ptr<Transport>>> accept() override {
        co_await boost::asio::this_coro::throw_if_cancelled(false);
        auto accepting = inner_->accept();
        auto transport = co_await std::move(accepting);
        if (!transport) co_return transport;
        co_return capture_->watch(*std::move(transport), End::server);
    }
    Address address() const override { return inner_->address(); }
    void close() override { inner_->close(); }

private:
    std::shared_ptr<Capture> capture_;
    std::unique_ptr<Listener> inner_;
};

Result<std::shared_ptr<Capture>> Capture::open(const std::string& where, const std::string& program,
                                               std::function<void(const std::string&)> say) {
    const bool output = where == "-";
    if (output && ::isatty(STDOUT_FILENO) == 1)
        return Error::from_errno(EINVAL,
                                 "a capture is no text for a terminal: write | wireshark -k -i - after the command");
    const int fd = output ? ::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3)
                          : ::open(where.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOCTTY | O_CLOEXEC, 0666);
    if (fd < 0) return cannot(output ? "standard output" : where, errno);
    std::shared_ptr<Capture> capture(new Capture(fd, where, std::move(say)));
    begin_capture(capture->buffer_, program);
    capture->write();
    return capture;
}

Capture::Capture(int fd, const std::string& where, std::function<void(const std::string&)> say)
    : fd_(fd), to_output_(where == "-"), where_(to_output_ ? "standard output" : where), say_(std::move(say)) {}

Capture::~Capture() {
    if (fd_ >= 0) ::close(fd_);
}

void Capture::write() {
    Bytes rest = buffer_;
    while (!rest.empty() && fd_ >= 0) {
        const ssize_t n = ::write(fd_, rest.data(), rest.size());
        if (n >= 0) {
            rest = rest.subspan(static_cast<std::size_t>(n));
        } else if (errno == EAGAIN) {
            // The pipe is somebody else's too, who made it so.
            pollfd room{fd_, POLLOUT, 0};
            (void)::poll(&room, 1, -1);
        } else if (errno != EINTR) {
            // Half a block may stand there now: nothing more can follow.
            const int why = errno;
            ::close(std::exchange(fd_, -1));
            if (why != EPIPE) say_("the capture ended: " + cannot(where_, why).message());
        }
    }
    buffer_.clear();
    if (buffer_.capacity() > KEPT_BUFFER) buffer_.shrink_to_fit();
}

std::unique_ptr<Transport> Capture::watch(std::unique_ptr<Transport> transport, End here) {
    return std::make_unique<WatchedTransport>(shared_from_this(), std::move(transport), here);
}

Dialler Capture::watch(Dialler dialler) {
    return [inner = std::move(dialler), self = shared_from_this()] { return dial_watched(inner, self); };
}

std::unique_ptr<Listener> Capture::watch(std::unique_ptr<Listener> listener) {
    return std::make_unique<WatchedListener>(shared_from_this(), std::move(listener));
}

}  // namespace p9::tools
