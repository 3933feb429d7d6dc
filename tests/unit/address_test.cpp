// The address grammar: what each spelling means, its canonical form, and the words for what is wrong.
#include "p9/transports/address.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace {

using namespace p9;
using namespace std::string_literals;

struct Good {
    std::string text;
    Address address;
    std::string canonical;
};

void PrintTo(const Good& row, std::ostream* out) { *out << row.text; }

class GoodAddress : public testing::TestWithParam<Good> {};

TEST_P(GoodAddress, MeansThisAndPrintsCanonically) {
    const auto& [text, expected, canonical] = GetParam();
    const auto parsed = parse_address(text);
    ASSERT_TRUE(parsed.has_value()) << parsed.error().message();
    EXPECT_EQ(*parsed, expected);
    EXPECT_EQ(to_string(*parsed), canonical);
    const auto again = parse_address(canonical);
    ASSERT_TRUE(again.has_value()) << again.error().message();
    EXPECT_EQ(*again, expected);
}

INSTANTIATE_TEST_SUITE_P(
    Tcp, GoodAddress,
    testing::Values(Good{"tcp!host!564", TcpAddress{"host", 564}, "tcp!host!564"},
                    Good{"tcp!host", TcpAddress{"host", 564}, "tcp!host!564"},
                    Good{"tcp!host!1", TcpAddress{"host", 1}, "tcp!host!1"},
                    Good{"tcp!host!65535", TcpAddress{"host", 65535}, "tcp!host!65535"},
                    Good{"tcp!host!00564", TcpAddress{"host", 564}, "tcp!host!564"},
                    Good{"tcp://host", TcpAddress{"host", 564}, "tcp!host!564"},
                    Good{"tcp://host:5640", TcpAddress{"host", 5640}, "tcp!host!5640"},
                    Good{"tcp://[::1]:5640", TcpAddress{"::1", 5640}, "tcp![::1]!5640"},
                    Good{"host", TcpAddress{"host", 564}, "tcp!host!564"},
                    Good{"host.example:5640", TcpAddress{"host.example", 5640}, "tcp!host.example!5640"},
                    Good{"10.0.0.1", TcpAddress{"10.0.0.1", 564}, "tcp!10.0.0.1!564"},
                    Good{"tcp![::1]!564", TcpAddress{"::1", 564}, "tcp![::1]!564"},
                    Good{"tcp!::1!564", TcpAddress{"::1", 564}, "tcp![::1]!564"},
                    Good{"tcp![::1]", TcpAddress{"::1", 564}, "tcp![::1]!564"},
                    Good{"[::1]:5640", TcpAddress{"::1", 5640}, "tcp![::1]!5640"},
                    Good{"[::1]", TcpAddress{"::1", 564}, "tcp![::1]!564"},
                    Good{"[0:0:0:0:0:0:0:1]", TcpAddress{"::1", 564}, "tcp![::1]!564"},
                    Good{"[fe80::1%eth0]:564", TcpAddress{"fe80::1%eth0", 564}, "tcp![fe80::1%eth0]!564"},
                    // Only what follows a scheme's own mark is that scheme's: these are hosts.
                    Good{"fd:564", TcpAddress{"fd", 564}, "tcp!fd!564"},
                    Good{"unix", TcpAddress{"unix", 564}, "tcp!unix!564"}));

const std::string longest = "/" + std::string(106, 'p');

INSTANTIATE_TEST_SUITE_P(
    Unix, GoodAddress,
    testing::Values(
        Good{"unix!/tmp/s", UnixAddress{"/tmp/s"}, "unix!/tmp/s"},
        Good{"unix!/tmp/s!9p", UnixAddress{"/tmp/s"}, "unix!/tmp/s"},
        Good{"unix!/tmp/s!", UnixAddress{"/tmp/s"}, "unix!/tmp/s"}, Good{"unix!s", UnixAddress{"s"}, "unix!s"},
        Good{"unix:/tmp/s", UnixAddress{"/tmp/s"}, "unix!/tmp/s"}, Good{"unix:s", UnixAddress{"s"}, "unix!s"},
        Good{"unix:///tmp/s", UnixAddress{"/tmp/s"}, "unix!/tmp/s"},
        Good{"unix:/a!b", UnixAddress{"/a!b"}, "unix:/a!b"}, Good{"unix:////a!b", UnixAddress{"//a!b"}, "unix:////a!b"},
        Good{"/a!b", UnixAddress{"/a!b"}, "unix:/a!b"}, Good{"//a!b", UnixAddress{"//a!b"}, "unix:////a!b"},
        Good{"unix!//s", UnixAddress{"//s"}, "unix!//s"}, Good{"/tmp/s", UnixAddress{"/tmp/s"}, "unix!/tmp/s"},
        Good{"/tmp/a:b", UnixAddress{"/tmp/a:b"}, "unix!/tmp/a:b"}, Good{"./s", UnixAddress{"./s"}, "unix!./s"},
        Good{"../s", UnixAddress{"../s"}, "unix!../s"}, Good{"run/s", UnixAddress{"run/s"}, "unix!run/s"},
        Good{"unix!@name", UnixAddress{"name", true}, "unix!@name"},
        Good{"unix:@name", UnixAddress{"name", true}, "unix!@name"},
        Good{"unix:@a!b", UnixAddress{"a!b", true}, "unix:@a!b"},
        Good{"unix!" + longest, UnixAddress{longest}, "unix!" + longest}));

INSTANTIATE_TEST_SUITE_P(
    Others, GoodAddress,
    testing::Values(Good{"exec!ssh host p9serve", ExecAddress{"ssh host p9serve"}, "exec!ssh host p9serve"},
                    Good{"exec:a ! b :c", ExecAddress{"a ! b :c"}, "exec!a ! b :c"},
                    Good{"fd!3!4", FdAddress{3, 4}, "fd!3!4"}, Good{"fd!3", FdAddress{3, 3}, "fd!3"},
                    Good{"fd!3!3", FdAddress{3, 3}, "fd!3"}, Good{"fd!0!1", FdAddress{0, 1}, "fd!0!1"},
                    Good{"ws://host", WebSocketAddress{false, "host", 80, "/"}, "ws://host/"},
                    Good{"ws://host:8080/9p?t=1", WebSocketAddress{false, "host", 8080, "/9p?t=1"},
                         "ws://host:8080/9p?t=1"},
                    Good{"wss://host", WebSocketAddress{true, "host", 443, "/"}, "wss://host/"},
                    Good{"wss://host:80?t", WebSocketAddress{true, "host", 80, "/?t"}, "wss://host:80/?t"},
                    Good{"wss://[::1]/x", WebSocketAddress{true, "::1", 443, "/x"}, "wss://[::1]/x"},
                    Good{"virtio!org.p9", VirtioAddress{"org.p9"}, "virtio!org.p9"},
                    Good{"virtio:/dev/vport1p1", VirtioAddress{"/dev/vport1p1"}, "virtio!/dev/vport1p1"},
                    Good{"vsock!2!564", VsockAddress{2, 564}, "vsock!2!564"},
                    Good{"vsock://4294967295:4294967295", VsockAddress{ANY_CID, 4294967295}, "vsock!*!4294967295"},
                    Good{"vsock!*!564", VsockAddress{ANY_CID, 564}, "vsock!*!564"}));

struct Bad {
    std::string text;
    std::string error;
};

void PrintTo(const Bad& row, std::ostream* out) { *out << row.error; }

class BadAddress : public testing::TestWithParam<Bad> {};

TEST_P(BadAddress, IsRefusedInTheseWords) {
    const auto parsed = parse_address(GetParam().text);
    ASSERT_FALSE(parsed.has_value()) << to_string(*parsed);
    EXPECT_EQ(parsed.error().code, make_error_code(errc::bad_address));
    EXPECT_EQ(parsed.error().message(), GetParam().error);
}

const std::string too_long = "/" + std::string(107, 'p');

INSTANTIATE_TEST_SUITE_P(
    All, BadAddress,
    testing::Values(
        Bad{"", "empty address: expected one such as tcp!HOST!PORT or unix!PATH"},
        Bad{"/a\0b"s, "/a\\x00b: an address cannot hold a NUL byte"},
        Bad{"exec!a\0b"s, "exec!a\\x00b: an address cannot hold a NUL byte"},
        Bad{"tcp!host!99999", "tcp!host!99999: port must be 1 to 65535"},
        Bad{"tcp!host!0", "tcp!host!0: port must be 1 to 65535"},
        Bad{"tcp!host!", "tcp!host!: port must be 1 to 65535"},
        Bad{"tcp!host!12x", "tcp!host!12x: port must be 1 to 65535"},
        Bad{"tcp!host!-1", "tcp!host!-1: port must be 1 to 65535"},
        Bad{"tcp!host!+1", "tcp!host!+1: port must be 1 to 65535"},
        Bad{"tcp!host! 1", "tcp!host! 1: port must be 1 to 65535"},
        Bad{"tcp!host!18446744073709551617", "tcp!host!18446744073709551617: port must be 1 to 65535"},
        Bad{"tcp!host!564!9p", "tcp!host!564!9p: port must be 1 to 65535"},
        Bad{"host:", "host:: port must be 1 to 65535"}, Bad{"host:564/x", "host:564/x: port must be 1 to 65535"},
        Bad{"tcp:host:564", "tcp:host:564: a TCP address is written tcp://HOST:PORT or HOST:PORT"},
        Bad{"vsock:2:564", "vsock:2:564: a vsock address is written vsock://CID:PORT"},
        Bad{"tcp://host:1:2",
            "tcp://host:1:2: too many colons; an IPv6 address is written in brackets, as in [::1]:564"},
        Bad{"::1", "::1: too many colons; an IPv6 address is written in brackets, as in [::1]:564"},
        Bad{"tcp!", "tcp!: expected a host"}, Bad{"tcp!!564", "tcp!!564: expected a host"},
        Bad{"tcp://", "tcp://: expected a host"}, Bad{":564", ":564: expected a host"},
        Bad{"tcp!a b!564", "tcp!a b!564: not a host name"}, Bad{"tcp!*!564", "tcp!*!564: not a host name"},
        Bad{"user@host", "user@host: not a host name"}, Bad{"a\nb", "a\\x0ab: not a host name"},
        Bad{"tcp://host/", "tcp://host/: not a host name"},
        Bad{"tcp!" + std::string(256, 'h'), "tcp!" + std::string(196, 'h') + "...: a host name has at most 255 bytes"},
        Bad{"[::1", "[::1: expected ] after the IPv6 address"}, Bad{"[::1]564", "[::1]564: expected :PORT after the ]"},
        Bad{"[]", "[]: not a host name"}, Bad{"[host]", "[host]: not an IPv6 address"},
        Bad{"[fe80::1%]", "[fe80::1%]: not an IPv6 address"},
        Bad{"[fe80::1%e/0]", "[fe80::1%e/0]: not an IPv6 address"},
        Bad{"tcp![::1!564", "tcp![::1!564: not an IPv6 address"},
        Bad{"tcp!a:b!564", "tcp!a:b!564: not an IPv6 address"},
        Bad{"foo!bar",
            "foo!bar: unknown transport; expected tcp!, unix!, exec!, fd!, virtio!, vsock!, ws:// or wss://"},
        Bad{"!bar", "!bar: unknown transport; expected tcp!, unix!, exec!, fd!, virtio!, vsock!, ws:// or wss://"},
        Bad{"ws!host!80", "ws!host!80: a WebSocket address is written ws://HOST:PORT/PATH or wss://..."},
        Bad{"http://x", "http://x: unknown transport; expected tcp://, unix://, vsock://, ws:// or wss://"},
        Bad{"unix!", "unix!: expected the path of a Unix socket"},
        Bad{"unix:", "unix:: expected the path of a Unix socket"},
        Bad{"unix!!9p", "unix!!9p: expected the path of a Unix socket"},
        Bad{"unix!@", "unix!@: a name must follow the @"},
        Bad{"unix!/a!b!c", "unix!/a!b!c: a path that holds ! is written unix:PATH"},
        Bad{"unix://host/s", "unix://host/s: expected unix:///PATH"},
        Bad{"run/a:b", "run/a:b: a path that holds ! or : is written unix:PATH"},
        Bad{too_long, too_long + ": a Unix socket's path has at most 107 bytes, this one has 108"},
        Bad{"unix!@" + too_long,
            "unix!@" + too_long + ": a Unix socket's name has at most 107 bytes, this one has 108"},
        Bad{"exec!", "exec!: expected a command to run"}, Bad{"exec: ", "exec: : expected a command to run"},
        Bad{"fd!", "fd!: expected fd!R or fd!R!W, each the number of an open descriptor"},
        Bad{"fd!-1", "fd!-1: expected fd!R or fd!R!W, each the number of an open descriptor"},
        Bad{"fd!3!", "fd!3!: expected fd!R or fd!R!W, each the number of an open descriptor"},
        Bad{"fd!3!4!5", "fd!3!4!5: expected fd!R or fd!R!W, each the number of an open descriptor"},
        Bad{"fd!2147483648", "fd!2147483648: expected fd!R or fd!R!W, each the number of an open descriptor"},
        Bad{"ws://", "ws://: expected a host"}, Bad{"ws://h:0/", "ws://h:0/: port must be 1 to 65535"},
        Bad{"ws://u@h/", "ws://u@h/: not a host name"},
        Bad{"ws://h/a#b", "ws://h/a#b: a WebSocket address has no fragment: remove the #"},
        Bad{"ws://h/a b?ticket", "ws://h/a b...: spaces and control characters in a URL are written as %XX"},
        Bad{"virtio!", "virtio!: expected the name or the path of a virtio-serial port"},
        Bad{"vsock!2", "vsock!2: expected vsock!CID!PORT"}, Bad{"vsock://2", "vsock://2: expected vsock://CID:PORT"},
        Bad{"vsock!host!1", "vsock!host!1: CID must be a number from 0 to 4294967295"},
        Bad{"vsock!2!4294967296", "vsock!2!4294967296: port must be a number from 0 to 4294967295"}));

TEST(ListenAddress, HasPortZeroAndEveryInterface) {
    const auto any = parse_listen_address("tcp!*!0");
    ASSERT_TRUE(any.has_value()) << any.error().message();
    EXPECT_EQ(*any, Address(TcpAddress{"*", 0}));
    EXPECT_EQ(to_string(*any), "tcp!*!0");
    const auto bad = parse_listen_address("tcp!*!65536");
    ASSERT_FALSE(bad.has_value());
    EXPECT_EQ(bad.error().message(), "tcp!*!65536: port must be 0 to 65535");
}

// Short strings over the grammar's own marks: whatever parses must survive printing and parsing.
TEST(Address, WhateverParsesPrintsToAnEqualAddress) {
    const std::vector<std::string> parts{"tcp", "unix", "exec", "fd", "ws",    "vsock", "virtio",
                                         "!",   ":",    "/",    "@",  "[::1]", "3",     "?"};
    std::size_t parsed = 0;
    std::vector<std::string> texts{""};
    for (int length = 0; length < 4; ++length) {
        std::vector<std::string> longer;
        for (const auto& text : texts) {
            for (const auto& part : parts) longer.push_back(text + part);
        }
        texts = std::move(longer);
        for (const auto& text : texts) {
            const auto address = parse_address(text);
            if (!address) continue;
            ++parsed;
            const auto again = parse_address(to_string(*address));
            ASSERT_TRUE(again.has_value()) << text << " printed as " << to_string(*address);
            ASSERT_EQ(*again, *address) << text << " printed as " << to_string(*address);
        }
    }
    EXPECT_GT(parsed, 1000u);
}

}  // namespace
