// Inherited descriptors: what is taken, what is refused, and what is given back.
#include "tests/transports/support.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <fcntl.h>
#include <netinet/in.h>
#include <pty.h>
#include <signal.h>
#include <termios.h>

namespace {

using namespace p9;
using namespace p9::test;
namespace asio = boost::asio;

struct Pipe {
    int read = -1, write = -1;
    Pipe() {
        int ends[2];
        if (pipe2(ends, O_CLOEXEC) == 0) {
            read = ends[0];
            write = ends[1];
        }
    }
};

std::string refusal(FdAddress address) {
    const auto dialled = run(dial(address));
    if (dialled) return "taken";
    EXPECT_EQ(dialled.error().code, make_error_code(errc::connection_failed));
    return dialled.error().message();
}

TEST(Fd, CarriesMessagesOverAPairOfPipes) {
    asio::io_context io(1);
    const Pipe there, back;
    auto client = run(io, dial(FdAddress{back.read, there.write}));
    auto server = run(io, dial(FdAddress{there.read, back.write}));
    ASSERT_TRUE(client && server);
    EXPECT_EQ((*client)->peer(), "fd!" + std::to_string(back.read) + "!" + std::to_string(there.write));
    EXPECT_EQ(run(io, carries(**client, **server, message(30000))), "");
    EXPECT_EQ(run(io, carries(**server, **client, message(19))), "");
    (*client)->close();
    EXPECT_EQ(run(io, next_error(**server)), (*server)->peer() + " closed the connection");
    signal(SIGPIPE, SIG_IGN);  // as every program that dials does
    const auto sent = run(io, (*server)->send(message(7)));
    signal(SIGPIPE, SIG_DFL);
    ASSERT_FALSE(sent.has_value());
    EXPECT_EQ(sent.error().message(), (*server)->peer() + " closed the connection");
}

TEST(Fd, CarriesMessagesOverATerminal) {
    int controller = -1, terminal = -1;
    termios raw{};
    cfmakeraw(&raw);
    if (openpty(&controller, &terminal, nullptr, &raw, nullptr) != 0) GTEST_SKIP() << "no pseudo-terminals here";
    asio::io_context io(1);
    auto ours = run(io, dial(FdAddress{controller, controller}));
    auto theirs = run(io, dial(FdAddress{terminal, terminal}));
    ASSERT_TRUE(ours && theirs);
    EXPECT_EQ(run(io, carries(**ours, **theirs, message(300))), "");
    EXPECT_EQ(run(io, carries(**theirs, **ours, message(300))), "");
}

TEST(Fd, GivesBackTheFlagsOfTheOpenFile) {
    RawPair pair;
    const int shared = fcntl(pair.address().read, F_DUPFD_CLOEXEC, 0);
    const int before = fcntl(shared, F_GETFL);
    {
        asio::io_context io(1);
        auto dialled = run(io, dial(pair.address()));
        ASSERT_TRUE(dialled.has_value());
        pair.write(message(7));
        EXPECT_EQ(run(io, next_error(**dialled)), "a message");
        EXPECT_NE(fcntl(shared, F_GETFL) & O_NONBLOCK, 0);
    }
    EXPECT_EQ(fcntl(shared, F_GETFL), before);
    ::close(shared);
}

TEST(Fd, RefusesWhatCannotCarryMessages) {
    const int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    const std::string n = std::to_string(file);
    EXPECT_EQ(refusal({file, file}),
              "fd!" + n + ": descriptor " + n + " is a regular file; a socket, a pipe or a terminal is needed");
    ::close(file);
    EXPECT_EQ(refusal({file, file}), "fd!" + n + ": descriptor " + n + " is not open");

    const int folder = open("/", O_RDONLY | O_CLOEXEC);
    const std::string d = std::to_string(folder);
    EXPECT_EQ(refusal({folder, folder}),
              "fd!" + d + ": descriptor " + d + " is a directory; a socket, a pipe or a terminal is needed");
    ::close(folder);

    const Pipe pipe;
    const std::string r = std::to_string(pipe.read), w = std::to_string(pipe.write);
    EXPECT_EQ(refusal({pipe.read, pipe.read}), "fd!" + r + ": descriptor " + r + " is open for reading only");
    EXPECT_EQ(refusal({pipe.write, pipe.read}),
              "fd!" + w + "!" + r + ": descriptor " + w + " is open for writing only");
    ::close(pipe.read);
    ::close(pipe.write);

    const int datagrams = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    const std::string s = std::to_string(datagrams);
    EXPECT_EQ(refusal({datagrams, datagrams}), "fd!" + s + ": descriptor " + s + " is not a stream socket");
    ::close(datagrams);
}

TEST(Fd, IsDialledOnce) {
    asio::io_context io(1);
    const RawPair pair;
    const Dialler again = dialler(pair.address());
    ASSERT_TRUE(run(io, again()).has_value());
    const auto second = run(io, again());
    ASSERT_FALSE(second.has_value());
    EXPECT_EQ(second.error().message(),
              to_string(Address(pair.address())) + ": an inherited descriptor cannot be dialled again");
}

TEST(Fd, IsListenedOnOnce) {
    asio::io_context io(1);
    const RawPair pair;
    auto listening = run(io, listen(pair.address()));
    ASSERT_TRUE(listening.has_value()) << listening.error().message();
    auto first = run(io, (*listening)->accept());
    ASSERT_TRUE(first.has_value());
    pair.write(message(7));
    EXPECT_EQ(run(io, next_error(**first)), "a message");
    EXPECT_FALSE(run(io, (*listening)->accept()).has_value());
}

awaitable<std::string> meet(Listener& listener, Address address) {
    auto dialled = co_await dial(std::move(address));
    if (!dialled) co_return dialled.error().message();
    auto accepted = co_await listener.accept();
    if (!accepted) co_return accepted.error().message();
    co_return co_await carries(**dialled, **accepted, message(19));
}

TEST(Fd, AcceptsOnADescriptorThatListens) {
    // A blocking listening socket, as a service manager hands it over.
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in any{};
    any.sin_family = AF_INET;
    any.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof any;
    ASSERT_EQ(bind(socket, reinterpret_cast<sockaddr*>(&any), sizeof any), 0);
    ASSERT_EQ(::listen(socket, 1), 0);
    getsockname(socket, reinterpret_cast<sockaddr*>(&any), &size);

    asio::io_context io(1);
    auto listening = run(io, listen(FdAddress{socket, socket}));
    ASSERT_TRUE(listening.has_value()) << listening.error().message();
    EXPECT_EQ(run(io, meet(**listening, TcpAddress{"127.0.0.1", ntohs(any.sin_port)})), "");
}

TEST(Fd, LeavesNoDescriptors) {
    asio::io_context io(1);
    asio::steady_timer makes_the_reactor(io);
    const auto before = open_descriptors();
    {
        const Pipe there, back;
        auto client = run(io, dial(FdAddress{back.read, there.write}));
        auto server = run(io, dial(FdAddress{there.read, back.write}));
        ASSERT_TRUE(client && server);
        EXPECT_EQ(run(io, carries(**client, **server, message(19))), "");
    }
    EXPECT_EQ(open_descriptors(), before);
}

}  // namespace
