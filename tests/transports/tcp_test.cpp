// TCP: both families, several addresses for a host, and the words for what fails.
#include "transports/tcp.hpp"

#include "tests/transports/support.hpp"

#include <boost/asio/detached.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

namespace {

using namespace p9;
using namespace p9::test;
using transports::Endpoint;
using transports::Endpoints;
namespace asio = boost::asio;

Endpoint at(const char* ip, u16 port = 1) { return {asio::ip::make_address(ip), port}; }

/// A bare root without /etc/hosts has not even "localhost".
bool has_name(const char* host) {
    addrinfo* found = nullptr;
    if (::getaddrinfo(host, nullptr, nullptr, &found) != 0) return false;
    ::freeaddrinfo(found);
    return true;
}

bool has_ipv6() {
    asio::io_context io(1);
    const auto listening = run(io, listen(TcpAddress{"::1", 0}));
    return listening.has_value();
}

// A port on which nobody listens: it was free a moment ago, and TCP does not hand it out again at once.
u16 refused_port(const std::string& host) {
    asio::io_context io(1);
    const auto listening = run(io, listen(TcpAddress{host, 0}));
    return listening ? std::get<TcpAddress>((*listening)->address()).port : u16{0};
}

awaitable<std::string> meet(Listener& listener, Address address) {
    auto dialled = co_await dial(address);
    if (!dialled) co_return dialled.error().message();
    auto accepted = co_await listener.accept();
    if (!accepted) co_return accepted.error().message();
    if ((*dialled)->peer() != to_string(address)) co_return "the peer is called " + (*dialled)->peer();
    std::string trouble = co_await carries(**dialled, **accepted, message(100000));
    if (trouble.empty()) trouble = co_await carries(**accepted, **dialled, message(19, 1));
    co_return trouble;
}

class Loopback : public testing::TestWithParam<const char*> {};

TEST_P(Loopback, CarriesMessagesBothWays) {
    if (std::string_view(GetParam()) == "::1" && !has_ipv6()) GTEST_SKIP() << "no IPv6 on this machine";
    if (!has_name(GetParam())) GTEST_SKIP() << "this machine does not know the name " << GetParam();
    asio::io_context io(1);
    auto listening = run(io, listen(TcpAddress{GetParam(), 0}));
    ASSERT_TRUE(listening.has_value()) << listening.error().message();
    const auto address = std::get<TcpAddress>((*listening)->address());
    EXPECT_EQ(address.host, GetParam());
    EXPECT_NE(address.port, 0);
    EXPECT_EQ(run(io, meet(**listening, address)), "");
}

INSTANTIATE_TEST_SUITE_P(Tcp, Loopback, testing::Values("127.0.0.1", "::1", "localhost"));

TEST(Tcp, ListensOnEveryInterface) {
    asio::io_context io(1);
    auto listening = run(io, listen(TcpAddress{"*", 0}));
    ASSERT_TRUE(listening.has_value()) << listening.error().message();
    const u16 port = std::get<TcpAddress>((*listening)->address()).port;
    EXPECT_EQ(run(io, meet(**listening, TcpAddress{"127.0.0.1", port})), "");
}

TEST(Tcp, SaysWhatWasRefused) {
    const u16 port = refused_port("127.0.0.1");
    const auto dialled = run(dial(TcpAddress{"127.0.0.1", port}));
    ASSERT_FALSE(dialled.has_value());
    EXPECT_EQ(dialled.error().code, make_error_code(errc::connection_failed));
    EXPECT_EQ(dialled.error().message(), "tcp!127.0.0.1!" + std::to_string(port) + ": Connection refused");
}

TEST(Tcp, SaysThatAPortIsTaken) {
    asio::io_context io(1);
    auto listening = run(io, listen(TcpAddress{"127.0.0.1", 0}));
    ASSERT_TRUE(listening.has_value());
    const auto second = run(io, listen((*listening)->address()));
    ASSERT_FALSE(second.has_value());
    EXPECT_EQ(second.error().message(), to_string((*listening)->address()) + ": cannot listen: Address already in use");
}

TEST(Tcp, TunesItsSocket) {
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ASSERT_GE(socket, 0);
    DialOptions options;
    options.keepalive_idle = std::chrono::seconds(15);
    transports::tune(socket, options);
    const auto get = [socket](int level, int option) {
        int value = -1;
        socklen_t size = sizeof value;
        getsockopt(socket, level, option, &value, &size);
        return value;
    };
    EXPECT_EQ(get(IPPROTO_TCP, TCP_NODELAY), 1);
    EXPECT_EQ(get(SOL_SOCKET, SO_KEEPALIVE), 1);
    EXPECT_EQ(get(IPPROTO_TCP, TCP_KEEPIDLE), 15);
    EXPECT_EQ(get(IPPROTO_TCP, TCP_KEEPINTVL), 5);
    EXPECT_EQ(get(IPPROTO_TCP, TCP_KEEPCNT), 3);
    EXPECT_EQ(get(IPPROTO_TCP, TCP_USER_TIMEOUT), 20000);
    ::close(socket);
}

TEST(HappyEyeballs, FamiliesTakeTurnsBeginningWithTheFirst) {
    EXPECT_EQ(transports::interleaved({}), Endpoints{});
    EXPECT_EQ(transports::interleaved({at("::1"), at("::2"), at("::3"), at("127.0.0.1")}),
              (Endpoints{at("::1"), at("127.0.0.1"), at("::2"), at("::3")}));
    EXPECT_EQ(transports::interleaved({at("10.0.0.1"), at("::1"), at("10.0.0.2"), at("10.0.0.3"), at("::2")}),
              (Endpoints{at("10.0.0.1"), at("::1"), at("10.0.0.2"), at("::2"), at("10.0.0.3")}));
}

// Long enough that only a failure, and not the clock, can bring the next address its turn.
DialOptions patient() {
    DialOptions options;
    options.attempt_delay = std::chrono::hours(1);
    return options;
}

TEST(HappyEyeballs, ARefusalBringsTheNextAddressAtOnce) {
    if (!has_ipv6()) GTEST_SKIP() << "no IPv6 on this machine";
    for (const bool six_first : {true, false}) {
        asio::io_context io(1);
        const std::string good = six_first ? "127.0.0.1" : "::1", bad = six_first ? "::1" : "127.0.0.1";
        auto listening = run(io, listen(TcpAddress{good, 0}));
        ASSERT_TRUE(listening.has_value());
        const u16 port = std::get<TcpAddress>((*listening)->address()).port;
        Endpoints endpoints{at(bad.c_str(), refused_port(bad)), at(good.c_str(), port)};
        const auto dialled = run(io, transports::connect_first(endpoints, "name", patient()));
        ASSERT_TRUE(dialled.has_value()) << dialled.error().message();
        EXPECT_EQ((*dialled)->peer(), "name");
    }
}

TEST(HappyEyeballs, NamesEveryAddressThatFailed) {
    const u16 port = refused_port("127.0.0.1");
    Endpoints endpoints{at("127.0.0.1", port), at("127.0.0.2", port)};
    const auto dialled = run(transports::connect_first(endpoints, "tcp!x!1", patient()));
    ASSERT_FALSE(dialled.has_value());
    EXPECT_EQ(dialled.error().message(), "tcp!x!1: Connection refused (127.0.0.1, 127.0.0.2)");
}

// A port whose queue is full: the kernel drops what more comes, so a connect to it neither succeeds nor fails.
class SilentPort {
public:
    SilentPort() {
        sockaddr_in any{};
        any.sin_family = AF_INET;
        any.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof any;
        listening_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        bind(listening_, reinterpret_cast<sockaddr*>(&any), sizeof any);
        ::listen(listening_, 0);
        getsockname(listening_, reinterpret_cast<sockaddr*>(&any), &size);
        port_ = ntohs(any.sin_port);
        for (int i = 0; i < 4; ++i) {
            queued_.push_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
            connect(queued_.back(), reinterpret_cast<sockaddr*>(&any), sizeof any);
        }
    }
    SilentPort(const SilentPort&) = delete;
    ~SilentPort() {
        for (const int socket : queued_) ::close(socket);
        ::close(listening_);
    }
    u16 port() const { return port_; }

private:
    int listening_;
    u16 port_;
    std::vector<int> queued_;
};

TEST(HappyEyeballs, ASilentAddressLosesItsHeadStart) {
    const SilentPort silent;
    asio::io_context io(1);
    auto listening = run(io, listen(TcpAddress{"127.0.0.1", 0}));
    ASSERT_TRUE(listening.has_value());
    const u16 port = std::get<TcpAddress>((*listening)->address()).port;
    const auto before = open_descriptors();
    DialOptions hasty;
    hasty.attempt_delay = std::chrono::milliseconds(1);
    Endpoints endpoints{at("127.0.0.1", silent.port()), at("127.0.0.1", port)};
    const auto dialled = run(io, transports::connect_first(endpoints, "name", hasty));
    ASSERT_TRUE(dialled.has_value()) << dialled.error().message();
    EXPECT_EQ(open_descriptors(), before + 1) << "the losing attempt is closed";
}

awaitable<std::string> dial_until(asio::any_io_executor executor, Address address) {
    using namespace asio::experimental::awaitable_operators;
    auto stop = asio::post(executor, asio::use_awaitable);
    auto either = dial(std::move(address)) || std::move(stop);
    const auto first = co_await std::move(either);
    co_return first.index() == 1 ? "cancelled" : "dialled";
}

TEST(Tcp, ADialCanBeCancelled) {
    const SilentPort silent;
    asio::io_context io(1);
    run(io, dial_until(io.get_executor(), TcpAddress{"127.0.0.1", silent.port()}));
    const auto before = open_descriptors();
    EXPECT_EQ(run(io, dial_until(io.get_executor(), TcpAddress{"127.0.0.1", silent.port()})), "cancelled");
    EXPECT_EQ(open_descriptors(), before);
}

// The look-up that was given up goes on in its thread, so it has a process of its own here.
TEST(TcpDeathTest, ALookUpCanBeCancelled) {
    const auto look_up = [] {
        asio::io_context io(1);
        return run(io, dial_until(io.get_executor(), TcpAddress{"no-such-host.invalid", 564}));
    };
    EXPECT_EXIT(_exit(look_up() == "cancelled" ? 0 : 1), testing::ExitedWithCode(0), "");
}

TEST(Tcp, AnAcceptEndsWhenItsListenerCloses) {
    asio::io_context io(1);
    auto listening = run(io, listen(TcpAddress{"127.0.0.1", 0}));
    ASSERT_TRUE(listening.has_value());
    asio::post(io, [&] { (*listening)->close(); });
    const auto accepted = run(io, (*listening)->accept());
    ASSERT_FALSE(accepted.has_value());
    EXPECT_EQ(accepted.error().message(), to_string((*listening)->address()) + ": no longer listening");
}

}  // namespace
