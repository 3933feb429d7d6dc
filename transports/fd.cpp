#include "transports/fd.hpp"

#include "transports/stream.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/this_coro.hpp>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <optional>

namespace p9::transports {
namespace {

namespace asio = boost::asio;

// Makes a descriptor non-blocking and gives its flags back at the end: they belong to the open file, which the shell
// that lent us its terminal goes on using.
class NonBlocking {
public:
    explicit NonBlocking(int descriptor) : descriptor_(descriptor), flags_(fcntl(descriptor, F_GETFL)) {
        if (flags_ >= 0 && !(flags_ & O_NONBLOCK)) fcntl(descriptor, F_SETFL, flags_ | O_NONBLOCK);
    }
    /// To be called before the descriptor is closed.
    void restore() const {
        if (flags_ >= 0 && !(flags_ & O_NONBLOCK)) fcntl(descriptor_, F_SETFL, flags_);
    }

private:
    int descriptor_;
    int flags_;
};

bool is_socket(int descriptor) {
    struct stat file{};
    return fstat(descriptor, &file) == 0 && S_ISSOCK(file.st_mode);
}

// Sockets and pipes can be spliced, terminals cannot.
bool is_spliceable(int descriptor) {
    struct stat file{};
    return fstat(descriptor, &file) == 0 && (S_ISSOCK(file.st_mode) || S_ISFIFO(file.st_mode));
}

class DescriptorWire {
public:
    using Descriptor = asio::posix::stream_descriptor;

    DescriptorWire(Descriptor read, std::optional<Descriptor> write, std::string peer)
        : read_flags_(read.native_handle()),
          write_flags_(write ? write->native_handle() : read.native_handle()),
          read_(std::move(read)),
          write_(std::move(write)),
          sends_(is_socket(writer().native_handle())),
          spliceable_(is_spliceable(read_.native_handle()) && is_spliceable(writer().native_handle())),
          peer_(std::move(peer)) {}

    asio::any_io_executor executor() { return read_.get_executor(); }
    std::string peer() const { return peer_; }

    ssize_t write_now(Bytes bytes) {
        // On a pipe whose reader is gone this raises SIGPIPE, which programs that dial ignore.
        if (!sends_) return ::write(writer().native_handle(), bytes.data(), bytes.size());
        return ::send(writer().native_handle(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    }
    auto async_write(Bytes bytes, auto token) {
        return writer().async_write_some(asio::const_buffer(bytes.data(), bytes.size()), std::move(token));
    }
    auto async_read(auto into, auto token) { return read_.async_read_some(into, std::move(token)); }
    int descriptor(bool readable) { return spliceable_ ? (readable ? read_ : writer()).native_handle() : -1; }
    auto async_wait(bool readable, auto token) {
        return readable ? read_.async_wait(Descriptor::wait_read, std::move(token))
                        : writer().async_wait(Descriptor::wait_write, std::move(token));
    }
    awaitable<std::string> end_words(bool) { co_return std::string{}; }

    void close() {
        if (!read_.is_open()) return;
        boost::system::error_code ignored;
        // In the reverse of the order in which they were set: both may be of one open file.
        write_flags_.restore();
        read_flags_.restore();
        if (write_) write_->close(ignored);
        read_.close(ignored);
    }

private:
    Descriptor& writer() { return write_ ? *write_ : read_; }

    NonBlocking read_flags_;
    NonBlocking write_flags_;
    Descriptor read_;
    std::optional<Descriptor> write_;  // absent if one descriptor serves both ways
    bool sends_;
    bool spliceable_;
    std::string peer_;
};

// Why a descriptor cannot carry messages; empty if it can.
std::string unfit(int descriptor, bool to_read) {
    const std::string name = "descriptor " + std::to_string(descriptor);
    struct stat file{};
    const int flags = fcntl(descriptor, F_GETFL);
    if (flags < 0 || fstat(descriptor, &file) != 0) return name + " is not open";
    if (S_ISREG(file.st_mode)) return name + " is a regular file; a socket, a pipe or a terminal is needed";
    if (S_ISDIR(file.st_mode)) return name + " is a directory; a socket, a pipe or a terminal is needed";
    if (S_ISBLK(file.st_mode)) return name + " is a block device; a socket, a pipe or a terminal is needed";
    if ((flags & O_ACCMODE) == (to_read ? O_WRONLY : O_RDONLY))
        return name + (to_read ? " is open for writing only" : " is open for reading only");
    if (S_ISSOCK(file.st_mode)) {
        const int type = socket_option(descriptor, SO_TYPE);
        if (type >= 0 && type != SOCK_STREAM) return name + " is not a stream socket";
    }
    return {};
}

}  // namespace

awaitable<Result<std::unique_ptr<Transport>>> dial_fd(FdAddress address) {
    const auto executor = co_await asio::this_coro::executor;
    const std::string name = to_string(Address(address));
    std::string why = unfit(address.read, true);
    if (why.empty()) why = unfit(address.write, false);
    if (!why.empty()) co_return Error(errc::connection_failed, name + ": " + why);

    DescriptorWire::Descriptor read(executor);
    std::optional<DescriptorWire::Descriptor> write;
    boost::system::error_code failed;
    read.assign(address.read, failed);
    if (!failed && address.write != address.read) {
        write.emplace(executor);
        write->assign(address.write, failed);
        if (failed) read.release();
    }
    if (failed) co_return Error(errc::connection_failed, name + ": " + describe(failed));
    // Programs that are started later (exec!...) must not hold the connection open.
    for (const int descriptor : {address.read, address.write}) fcntl(descriptor, F_SETFD, FD_CLOEXEC);
    co_return std::make_unique<StreamTransport<DescriptorWire>>(
        DescriptorWire(std::move(read), std::move(write), name));
}

}  // namespace p9::transports
