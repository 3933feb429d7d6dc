// Listening for WebSocket clients: honest ones, browsers that have lost their way, and those that mean no good.
#include "tests/support/raw_websocket.hpp"
#include "tests/transports/support.hpp"

#include <gmock/gmock.h>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/post.hpp>

#include <thread>

namespace {

using namespace p9;
using namespace p9::test;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;
namespace asio = boost::asio;

std::string text(Bytes bytes) { return {bytes.begin(), bytes.end()}; }

class WebSocketListener : public testing::Test {
protected:
    void listen_on(const std::string& address, ListenOptions options = {}) {
        options.refused = [this](const std::string& line) { refused_.push_back(line); };
        auto listening = run(io_, listen(*parse_listen_address(address), std::move(options)));
        ASSERT_TRUE(listening.has_value()) << listening.error().message();
        listener_ = *std::move(listening);
        address_ = std::get<WebSocketAddress>(listener_->address());
    }
    Dialled accept() { return run(io_, listener_->accept()); }

    /// What `client` does in a thread of its own, while the listener works.
    std::string play(const std::function<std::string(RawSocket&)>& client) {
        std::string result;
        bool done = false;
        std::thread thread([&] {
            RawSocket socket = RawSocket::dial(address_.port);
            result = client(socket);
            asio::post(io_, [&] { done = true; });
        });
        io_.restart();
        while (!done) io_.run_one();
        thread.join();
        return result;
    }
    /// Runs until so many clients were refused; their words, without their ports.
    std::vector<std::string> refusals(std::size_t count) {
        io_.restart();
        while (refused_.size() < count && io_.run_one() > 0) {
        }
        std::vector<std::string> words;
        for (const auto& line : refused_) {
            EXPECT_THAT(line, StartsWith("ws://127.0.0.1:"));
            words.push_back(line.substr(line.find('/', 5) + 1));
        }
        return words;
    }

    asio::io_context io_{1};
    std::unique_ptr<Listener> listener_;
    WebSocketAddress address_;
    std::vector<std::string> refused_;
};

TEST_F(WebSocketListener, CarriesMessagesBothWays) {
    listen_on("ws://:0");
    EXPECT_EQ(address_.host, "127.0.0.1") << "nobody from elsewhere unless an address is given";
    auto client = run(io_, dial(address_));
    ASSERT_TRUE(client.has_value()) << client.error().message();
    auto server = accept();
    ASSERT_TRUE(server.has_value()) << server.error().message();
    EXPECT_EQ((*client)->peer(), to_string(address_));
    EXPECT_THAT((*server)->peer(), StartsWith("ws://127.0.0.1:"));
    for (const u32 size : {7U, 1500U, 3000U, 70'000U, 1U << 20, 16U << 20}) {
        EXPECT_EQ(run(io_, carries(**client, **server, message(size))), "") << size;
        EXPECT_EQ(run(io_, carries(**server, **client, message(size, 1))), "") << size;
    }
    (*client)->close();
    EXPECT_EQ(run(io_, next_error(**server)), (*server)->peer() + " closed the connection");
}

TEST_F(WebSocketListener, SendsOneMessageAFrame) {
    listen_on("ws://:0");
    const auto first = message(7), second = message(131'072, 1), third = message(19, 2);
    std::thread sender;
    std::vector<std::string> frames;
    sender = std::thread([&, port = address_.port] {
        RawSocket client = RawSocket::dial(port);
        client.ask_upgrade();
        for (int i = 0; i < 3; ++i) {
            u8 head = 0;
            frames.push_back(client.receive_frame(&head));
            if (head != 0x82) frames.back() = "not a whole binary frame";
        }
    });
    auto server = accept();
    ASSERT_TRUE(server.has_value());
    const auto all = first + second + third;
    EXPECT_TRUE(run(io_, (*server)->send(all)).has_value());
    sender.join();
    EXPECT_THAT(frames, ElementsAre(text(first), text(second), text(third)));
}

TEST_F(WebSocketListener, TakesFramesThatComeWithTheHandshake) {
    listen_on("ws://:0");
    const auto sent = text(message(5000));
    const auto answer = play([&](RawSocket& client) {
        // v86 in Node sends no frame so early, but others do.
        client.send(
            "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n" +
            raw_frame(0x82, sent, true));
        return client.receive_until("\r\n\r\n");
    });
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 101 "));
    auto server = accept();
    ASSERT_TRUE(server.has_value());
    const auto frame = run(io_, (*server)->receive());
    ASSERT_TRUE(frame.has_value()) << frame.error().message();
    EXPECT_EQ(text(frame->bytes()), sent);
}

TEST_F(WebSocketListener, DeclinesCompressionAndRepeatsAFamiliarSubprotocol) {
    listen_on("ws://:0");
    const auto plain = play([](RawSocket& client) {
        return client.ask_upgrade("/", "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n");
    });
    EXPECT_THAT(plain, StartsWith("HTTP/1.1 101 "));
    EXPECT_THAT(plain, Not(HasSubstr("xtensions")));
    EXPECT_THAT(plain, Not(HasSubstr("rotocol:")));
    const auto named =
        play([](RawSocket& client) { return client.ask_upgrade("/", "Sec-WebSocket-Protocol: chat, binary\r\n"); });
    EXPECT_THAT(named, HasSubstr("Sec-WebSocket-Protocol: binary\r\n"));
}

TEST_F(WebSocketListener, AnswersABrowserInWords) {
    listen_on("ws://:0");
    const auto answer = play([](RawSocket& client) {
        client.send("GET /index.html?ticket=secret HTTP/1.1\r\nHost: x\r\n\r\n");
        return client.receive_all();
    });
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 426 Upgrade Required\r\n"));
    EXPECT_THAT(answer,
                EndsWith("\r\n\r\nThis is a 9P server that speaks WebSocket; there is nothing to see with HTTP.\n"));
    EXPECT_THAT(refusals(1), ElementsAre(": refused with 426 Upgrade Required"));
}

TEST_F(WebSocketListener, KnowsItsPath) {
    listen_on("ws://:0/tree");
    EXPECT_THAT(play([](RawSocket& client) { return client.ask_upgrade("/tree?ticket=secret"); }),
                StartsWith("HTTP/1.1 101 "));
    EXPECT_THAT(play([](RawSocket& client) { return client.ask_upgrade("/other?ticket=secret"); }),
                StartsWith("HTTP/1.1 404 Not Found\r\n"));
    EXPECT_THAT(refusals(1), ElementsAre(": refused with 404 Not Found: it asked for /other"));
}

TEST_F(WebSocketListener, TakesAnyPathIfNoneIsAskedFor) {
    listen_on("ws://:0");
    EXPECT_THAT(play([](RawSocket& client) { return client.ask_upgrade("/any/path"); }), StartsWith("HTTP/1.1 101 "));
}

TEST_F(WebSocketListener, LetsInPagesOfAllowedOriginsOnly) {
    ListenOptions options;
    options.allow_origins = {"https://example.org", "http://localhost:8000"};
    listen_on("ws://:0", options);
    const auto from = [&](const std::string& origin) {
        return play([&](RawSocket& client) { return client.ask_upgrade("/", origin); }).substr(0, 12);
    };
    EXPECT_EQ(from("Origin: HTTPS://Example.org\r\n"), "HTTP/1.1 101");
    EXPECT_EQ(from("Origin: http://localhost:8000\r\n"), "HTTP/1.1 101");
    EXPECT_EQ(from(""), "HTTP/1.1 101") << "no browser";
    EXPECT_EQ(from("Origin: https://example.org.evil\r\n"), "HTTP/1.1 403");
    EXPECT_THAT(refusals(1), ElementsAre(": refused with 403 Forbidden: pages of https://example.org.evil may not "
                                         "connect (--allow-origin)"));
}

TEST_F(WebSocketListener, AnswersGarbage) {
    listen_on("ws://:0");
    const auto answer = play([](RawSocket& client) {
        client.send("\x13\x01\x02 what is this\r\n\r\n");
        return client.receive_all();
    });
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 400 Bad Request\r\n"));
    EXPECT_THAT(refusals(1), ElementsAre(": its request is not HTTP: bad method"));
}

TEST_F(WebSocketListener, BoundsTheHeader) {
    listen_on("ws://:0");
    const auto answer = play([](RawSocket& client) {
        client.send("GET / HTTP/1.1\r\nCookie: " + std::string(100'000, 'x'));
        return client.receive_all();
    });
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 400 Bad Request\r\n"));
    EXPECT_THAT(refusals(1), ElementsAre(": its request has too long a header"));
}

TEST_F(WebSocketListener, ASilentClientHoldsUpNobody) {
    listen_on("ws://:0");
    const RawSocket silent = RawSocket::dial(address_.port);
    auto client = run(io_, dial(address_));
    ASSERT_TRUE(client.has_value()) << client.error().message();
    EXPECT_TRUE(accept().has_value());
}

TEST_F(WebSocketListener, ManySilentClientsHoldUpNobody) {
    listen_on("ws://:0");
    std::vector<RawSocket> silent;
    for (int i = 0; i < 300; ++i) silent.push_back(RawSocket::dial(address_.port));
    auto client = run(io_, dial(address_));
    ASSERT_TRUE(client.has_value()) << client.error().message();
    EXPECT_TRUE(accept().has_value());
}

TEST_F(WebSocketListener, GivesUpASilentClient) {
    ListenOptions options;
    options.handshake_timeout = std::chrono::milliseconds(1);
    listen_on("ws://:0", options);
    EXPECT_EQ(play([](RawSocket& client) { return client.receive_all(); }), "");
    EXPECT_THAT(refusals(1), ElementsAre(": did not finish its WebSocket handshake in time"));
}

TEST_F(WebSocketListener, WantsMaskedFrames) {
    listen_on("ws://:0");
    play([&](RawSocket& client) {
        client.ask_upgrade();
        client.send(raw_frame(0x82, text(message(7))));
        return std::string();
    });
    auto server = accept();
    ASSERT_TRUE(server.has_value());
    EXPECT_EQ(run(io_, next_error(**server)),
              (*server)->peer() + ": breaks the WebSocket protocol: The WebSocket frame was unmasked");
}

TEST_F(WebSocketListener, AnAcceptEndsWhenItsListenerCloses) {
    listen_on("ws://:0");
    asio::post(io_, [&] { listener_->close(); });
    const auto accepted = accept();
    ASSERT_FALSE(accepted.has_value());
    EXPECT_EQ(accepted.error().message(), to_string(address_) + ": no longer listening");
}

TEST_F(WebSocketListener, AnAcceptCanBeCancelled) {
    listen_on("ws://:0");
    asio::cancellation_signal stop;
    std::optional<Error> error;
    asio::co_spawn(io_, listener_->accept(),
                   asio::bind_cancellation_slot(stop.slot(), [&](std::exception_ptr, Dialled accepted) {
                       error = accepted ? Error() : accepted.error();
                   }));
    io_.restart();
    io_.poll();
    stop.emit(asio::cancellation_type::terminal);
    while (!error && io_.run_one() > 0) {
    }
    EXPECT_EQ(error->code, make_error_code(errc::cancelled));
    EXPECT_EQ(error->message(), to_string(address_) + ": cancelled");
}

TEST_F(WebSocketListener, SaysThatAPortIsTaken) {
    listen_on("ws://:0");
    const auto second = run(io_, listen(address_));
    ASSERT_FALSE(second.has_value());
    EXPECT_EQ(second.error().message(), to_string(address_) + ": cannot listen: Address already in use");
}

}  // namespace
