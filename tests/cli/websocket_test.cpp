// What people see of WebSocket servers that are none, or bad ones: one line, and the exit status.
#include "tests/cli/tool.hpp"
#include "tests/support/raw_websocket.hpp"

#include <gmock/gmock.h>

#include <algorithm>

namespace p9::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

/// A query may be a ticket: it must never be printed.
constexpr const char* TICKET = "/tree?ticket=secret";

/// A server, and what p9cat says of it: the line after the address, and the status.
struct Bad {
    const char* name;
    std::function<void(RawSocket&)> serve;
    std::string words;
    int status;
    std::vector<std::string> options = {};

    /// For the names that ctest shows.
    friend void PrintTo(const Bad& bad, std::ostream* out) { *out << bad.name; }
};

std::function<void(RawSocket&)> answer(const std::string& response) {
    return [response](RawSocket& client) {
        client.receive_until("\r\n\r\n");
        client.send(response);
    };
}

/// Upgrades, waits for Tversion, and answers with `bytes`.
std::function<void(RawSocket&)> after_upgrade(const std::string& bytes) {
    return [bytes](RawSocket& client) {
        client.upgrade();
        client.receive_frame();
        client.send(bytes);
        if (!bytes.empty() && bytes.back() != '\x01') client.receive_all();
    };
}

class BadWebSocket : public ::testing::TestWithParam<Bad> {};

TEST_P(BadWebSocket, IsOneLineAndAStatus) {
    const RawServer server(GetParam().serve);
    std::vector<std::string> words{tool("p9cat"), "-a", server.url(TICKET), "/file"};
    words.insert(words.end(), GetParam().options.begin(), GetParam().options.end());
    const Ran ran = run_program(words);
    EXPECT_EQ(ran.status, GetParam().status);
    EXPECT_EQ(ran.out, "");
    EXPECT_EQ(ran.err, "p9cat: " + server.url("/tree") + GetParam().words + "\n");
}

const std::string rversion_24 = std::string(
    "\x13\0\0\0\x65\xff\xff\0\0\x10\0\x06\0"
    "9P2000",
    19);

INSTANTIATE_TEST_SUITE_P(
    P9cat, BadWebSocket,
    ::testing::Values(
        Bad{"NotFound", answer("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"),
            ": answered the WebSocket handshake with 404 Not Found; is the path right?", 3},
        Bad{"MovedWithATicket",
            answer("HTTP/1.1 301 Moved Permanently\r\nLocation: https://other/tree?ticket=secret\r\n\r\n"),
            ": answered the WebSocket handshake with 301 Moved Permanently to https://other/tree; dial the place that "
            "it moved to",
            3},
        Bad{"EndlessBody", answer("HTTP/1.1 503 Busy\x1b[31m\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n"),
            ": answered the WebSocket handshake with 503 Busy\\x1b[31m", 3},
        Bad{"PlainHttp", answer("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"),
            ": answered the WebSocket handshake with 200 OK; there is a web server, but no WebSocket at this path", 3},
        Bad{"Garbage", answer("SSH-2.0-OpenSSH_9.2\r\n"),
            ": answered the WebSocket handshake with something that is not HTTP; is it a WebSocket server?", 3},
        Bad{"WantsTls", answer(std::string("\x15\x03\x01\0\x02\x02\x46", 7)),
            ": answered the WebSocket handshake with TLS: dial wss://, not ws://", 3},
        Bad{"WrongKey",
            answer("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                   "Sec-WebSocket-Accept: AAAA\r\n\r\n"),
            ": answered the WebSocket handshake with 101 Switching Protocols, but is no WebSocket server: The "
            "WebSocket "
            "handshake Sec-WebSocket-Accept field is invalid",
            3},
        Bad{"HangsUp", answer(""), ": closed the connection without an answer to the WebSocket handshake", 3},
        Bad{"HangsUpInTheHeader", answer("HTTP/1.1 101 Switching Protocols\r\nUpgr"),
            ": closed the connection in the middle of its answer to the WebSocket handshake", 3},
        Bad{"EndlessHeader", answer("HTTP/1.1 200 OK\r\nX: " + std::string(100'000, 'x')),
            ": sent too long an answer to the WebSocket handshake", 3},
        Bad{"Silent",
            [](RawSocket& client) { client.receive_all(); },
            ": no connection, or no answer, within 0.3 s (--connect-timeout); the WebSocket handshake got no answer: "
            "is "
            "it a WebSocket server, and not one that wants wss://?",
            4,
            {"--connect-timeout", "0.3"}},
        Bad{"IgnoresFrames",
            [](RawSocket& client) {
                client.upgrade();
                client.receive_all();
            },
            ": no connection, or no answer, within 0.3 s (--connect-timeout); the WebSocket works, but nobody answers "
            "9P on it (some servers ignore binary frames)",
            4,
            {"--connect-timeout", "0.3"}},
        Bad{"TextFrames", after_upgrade(raw_frame(0x81, "hello")),
            ": sends text frames, but 9P goes in binary ones; is it a 9P server?", 5},
        Bad{"TextThatIsNoText", after_upgrade(raw_frame(0x81, "\xff\xff")),
            ": sends text frames, but 9P goes in binary ones; is it a 9P server?", 5},
        Bad{"Oversized", after_upgrade(raw_frame(0x82, std::string("\0\0\x80\0\x65\xff\xff", 7))),
            ": a message of 8388608 bytes; at most 8192 were agreed on; is it a 9P server?", 5},
        Bad{"OversizedFrame", after_upgrade(std::string("\x82\x7f\x7f\0\0\0\0\0\0\0\0\0\x80\0\x65\xff\xff", 17)),
            ": a message of 8388608 bytes; at most 8192 were agreed on; is it a 9P server?", 5},
        Bad{"Compressed", after_upgrade(raw_frame(0xc2, "zip")),
            ": breaks the WebSocket protocol: The WebSocket frame contained illegal reserved bits; is it a 9P "
            "server?",
            5},
        Bad{"MaskedByTheServer", after_upgrade(raw_frame(0x82, rversion_24, true)),
            ": breaks the WebSocket protocol: The WebSocket frame was masked; is it a 9P server?", 5},
        Bad{"ClosesInTheMiddle",
            [](RawSocket& client) {
                client.upgrade();
                client.receive_frame();
                client.send(raw_frame(0x82, rversion_24.substr(0, 9)));
            },
            " closed the connection in the middle of a message (offered 9P2000)", 3},
        Bad{"ClosesInAFrame",
            [](RawSocket& client) {
                client.upgrade();
                client.receive_frame();
                client.send(raw_frame(0x82, rversion_24).substr(0, 9));
            },
            " closed the connection in the middle of a message (offered 9P2000)", 3},
        Bad{"SaysGoodbye",
            after_upgrade(raw_frame(0x88,
                                    "\x03\xf3"
                                    "the guest is gone")),
            " closed the connection (1011: the guest is gone) (offered 9P2000)", 3}),
    [](const auto& named) { return named.param.name; });

TEST(WebSocket, PingsAreAnswered) {
    std::string pong;
    std::string request;
    {
        const RawServer server([&](RawSocket& client) {
            request = client.upgrade();
            client.receive_frame();
            client.send(raw_frame(0x89, "are you there"));
            pong = client.receive_frame();
            client.send(raw_frame(0x88, std::string("\x03\xe8", 2)));
        });
        const Ran ran = run_program({tool("p9cat"), "-a", server.url(TICKET), "--dialect", "9P2000", "/file"});
        EXPECT_EQ(ran.status, 3);
        EXPECT_EQ(ran.err, "p9cat: " + server.url("/tree") + " closed the connection (offered 9P2000)\n");
    }
    EXPECT_EQ(pong, "are you there");
    EXPECT_THAT(request, HasSubstr("GET /tree?ticket=secret HTTP/1.1\r\n"));
    EXPECT_THAT(request, Not(HasSubstr("deflate")));
}

}  // namespace
}  // namespace p9::test
