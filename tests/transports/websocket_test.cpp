// Messages over WebSocket: how they are framed, whatever the other end does with frames, and how a connection ends.
#include "tests/support/raw_websocket.hpp"
#include "tests/transports/support.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/post.hpp>

#include <future>

namespace {

using namespace p9;
using namespace p9::test;
namespace asio = boost::asio;

std::string text(Bytes bytes) { return {bytes.begin(), bytes.end()}; }

/// A connection to a peer that is written by hand.
class WebSocket : public testing::Test {
protected:
    /// `serve` runs after the handshake.
    void dial_to(std::function<void(RawSocket&)> serve, DialOptions options = {}) {
        server_ = std::make_unique<RawServer>([serve = std::move(serve)](RawSocket& client) {
            client.upgrade();
            serve(client);
        });
        auto dialled = run(io_, dial(*parse_address(server_->url("/?ticket=secret")), std::move(options)));
        ASSERT_TRUE(dialled.has_value()) << dialled.error().message();
        transport_ = *std::move(dialled);
        transport_->max_message(1 << 20);
    }
    std::string receive() {
        const auto frame = run(io_, transport_->receive());
        return frame ? text(frame->bytes()) : frame.error().message();
    }
    /// Receives and is cancelled, once nothing else is left to be done.
    Error cancelled_receive() {
        asio::cancellation_signal stop;
        std::optional<Error> error;
        asio::co_spawn(io_, transport_->receive(),
                       asio::bind_cancellation_slot(stop.slot(), [&](std::exception_ptr, Result<Frame> frame) {
                           error = frame ? Error() : frame.error();
                       }));
        io_.restart();
        io_.poll();
        stop.emit(asio::cancellation_type::terminal);
        while (!error && io_.run_one() > 0) {
        }
        return error.value_or(Error());
    }

    asio::io_context io_{1};
    std::unique_ptr<RawServer> server_;
    std::unique_ptr<Transport> transport_;
};

TEST_F(WebSocket, KeepsTheTicketOutOfItsName) {
    dial_to([](RawSocket& client) { client.receive_all(); });
    EXPECT_EQ(transport_->peer(), server_->url());
    transport_->close();
}

TEST_F(WebSocket, SendsOneMessageAFrame) {
    const auto small = message(7), large = message(100'000, 1), last = message(19, 2);
    std::promise<std::vector<std::string>> came;
    dial_to([&](RawSocket& client) {
        std::vector<std::string> frames;
        for (int i = 0; i < 3; ++i) {
            u8 first = 0;
            frames.push_back(client.receive_frame(&first));
            if (first != 0x82) frames.back() = "not a whole binary frame";
        }
        came.set_value(frames);
    });
    const auto all = small + large + last;
    EXPECT_TRUE(run(io_, transport_->send(all)).has_value());
    EXPECT_EQ(came.get_future().get(), (std::vector<std::string>{text(small), text(large), text(last)}));
}

TEST_F(WebSocket, MasksWhatItSends) {
    std::promise<std::string> came;
    dial_to([&](RawSocket& client) { came.set_value(client.receive(2)); });
    const auto sent = message(19);
    EXPECT_TRUE(run(io_, transport_->send(sent)).has_value());
    EXPECT_EQ(came.get_future().get(), "\x82\x93");
}

TEST_F(WebSocket, TakesManyMessagesInOneFrame) {
    const auto first = text(message(10)), second = text(message(20'000, 1)), third = text(message(7, 2));
    dial_to([&](RawSocket& client) { client.send(raw_frame(0x82, first + second + third)); });
    EXPECT_EQ(receive(), first);
    EXPECT_EQ(receive(), second);
    EXPECT_EQ(receive(), third);
    EXPECT_EQ(receive(), server_->url() + " closed the connection");
}

TEST_F(WebSocket, TakesAMessageInPieces) {
    const auto whole = text(message(70'000)), next = text(message(9, 1));
    dial_to([&](RawSocket& client) {
        // Two frames, the first in fragments with a ping and an empty one between them; the second holds the next too.
        client.send(raw_frame(0x02, whole.substr(0, 1)) + raw_frame(0x00, whole.substr(1, 5)) + raw_frame(0x89, "?") +
                    raw_frame(0x00, "") + raw_frame(0x80, whole.substr(6, 40'000)));
        client.send(raw_frame(0x82, whole.substr(40'006) + next));
        client.receive_frame();
    });
    EXPECT_EQ(receive(), whole);
    EXPECT_EQ(receive(), next);
}

TEST_F(WebSocket, BoundsAMessageBeforeItIsBuffered) {
    dial_to([](RawSocket& client) { client.send(raw_frame(0x82, std::string("\1\0\x10\0\x65\xff\xff", 7))); });
    EXPECT_EQ(receive(), server_->url() + ": a message of 1048577 bytes; at most 1048576 were agreed on");
    EXPECT_EQ(run(io_, transport_->receive()).error().code, make_error_code(errc::protocol_violation));
}

TEST_F(WebSocket, AnswersPingsWhileNobodyReadsWhatItSends) {
    // Both ends have sent more than the other reads: only if pings do not wait for that does this ever end.
    const auto reply = text(message(100, 1));
    const auto request = message(8 << 20);
    std::promise<std::string> pong;
    dial_to([&](RawSocket& client) {
        client.receive(2);  // the request is under way
        client.send(raw_frame(0x89, "still there?") + raw_frame(0x82, reply));
        client.receive(8);  // what is left of the header: eight bytes of length, then the key
        client.receive(4);
        client.receive(request.size());
        pong.set_value(client.receive_frame());
    });
    using namespace boost::asio::experimental::awaitable_operators;
    auto both = transport_->send(request) && transport_->receive();
    const auto [sent, received] = run(io_, std::move(both));
    EXPECT_TRUE(sent.has_value());
    ASSERT_TRUE(received.has_value()) << received.error().message();
    EXPECT_EQ(text(received->bytes()), reply);
    EXPECT_EQ(pong.get_future().get(), "still there?");
}

TEST_F(WebSocket, GivesUpAPeerThatPingsAndDoesNotRead) {
    const auto request = message(64 << 20);  // more than the system holds
    std::promise<void> end;
    dial_to([&](RawSocket& client) {
        client.receive(2);
        for (int i = 0; i < 2000; ++i) client.send(raw_frame(0x89, std::string(125, 'x')));
        end.get_future().wait();
    });
    using namespace boost::asio::experimental::awaitable_operators;
    auto either = transport_->send(request) || transport_->receive();
    const auto first = run(io_, std::move(either));
    end.set_value();
    ASSERT_EQ(first.index(), 1U);
    EXPECT_EQ(std::get<1>(first).error().message(), server_->url() + ": it sends pings and reads no answers");
}

TEST_F(WebSocket, PingsWhoIsSilent) {
    std::promise<u8> came;
    DialOptions options;
    options.keepalive_idle = std::chrono::seconds(1);
    dial_to(
        [&](RawSocket& client) {
            u8 first = 0;
            client.receive_frame(&first);
            came.set_value(first);
        },
        options);
    EXPECT_EQ(receive(), server_->url() + " closed the connection");
    EXPECT_EQ(came.get_future().get(), 0x89);
}

TEST_F(WebSocket, GivesUpWhoAnswersNoPing) {
    DialOptions options;
    options.keepalive_idle = std::chrono::seconds(1);
    dial_to([](RawSocket& client) { client.receive_all(); }, options);
    EXPECT_EQ(receive(), server_->url() + " answered no ping for 6 s");
}

TEST_F(WebSocket, SaysGoodbye) {
    std::promise<std::string> came;
    dial_to([&](RawSocket& client) {
        u8 first = 0;
        const std::string code = client.receive_frame(&first);
        came.set_value((first == 0x88 ? "" : "not a close frame ") + code + client.receive_all());
    });
    transport_->close();
    transport_->close();
    EXPECT_EQ(came.get_future().get(), "\x03\xe8");
    EXPECT_EQ(receive(), server_->url() + ": the connection was closed here");
    EXPECT_EQ(run(io_, transport_->send(message(7))).error().message(),
              server_->url() + ": the connection was closed here");
}

TEST_F(WebSocket, ACloseEndsWhatIsUnderWay) {
    dial_to([](RawSocket& client) { client.receive_all(); });
    asio::post(io_, [&] { transport_->close(); });
    const auto frame = run(io_, transport_->receive());
    ASSERT_FALSE(frame.has_value());
    EXPECT_EQ(frame.error().code, make_error_code(errc::connection_lost));
    EXPECT_EQ(frame.error().message(), server_->url() + ": the connection was closed here");
}

TEST_F(WebSocket, ACloseDoesNotWaitForADeadPeer) {
    std::promise<void> end;
    dial_to([&](RawSocket&) { end.get_future().wait(); });
    const auto request = message(64 << 20);  // more than the system holds
    asio::post(io_, [&] { asio::post(io_, [&] { transport_->close(); }); });
    const auto sent = run(io_, transport_->send(request));
    ASSERT_FALSE(sent.has_value());
    EXPECT_EQ(sent.error().message(), server_->url() + ": the connection was closed here");
    end.set_value();
}

TEST_F(WebSocket, AReceiveCanBeCancelled) {
    dial_to([](RawSocket& client) { client.receive_all(); });
    const Error error = cancelled_receive();
    EXPECT_EQ(error.code, make_error_code(errc::cancelled));
    EXPECT_EQ(error.message(), server_->url() + ": cancelled");
    transport_.reset();
}

TEST_F(WebSocket, ADialCanBeCancelled) {
    std::promise<void> asked;
    const RawServer silent([&](RawSocket& client) {
        client.receive_until("\r\n\r\n");
        asked.set_value();
        client.receive_all();
    });
    asio::cancellation_signal stop;
    std::optional<Error> error;
    asio::co_spawn(io_, dial(*parse_address(silent.url())),
                   asio::bind_cancellation_slot(stop.slot(), [&](std::exception_ptr, Dialled dialled) {
                       error = dialled ? Error() : dialled.error();
                   }));
    auto waiting = asked.get_future();
    while (waiting.wait_for(std::chrono::seconds(0)) != std::future_status::ready) io_.poll();
    stop.emit(asio::cancellation_type::terminal);
    while (!error && io_.run_one() > 0) {
    }
    EXPECT_EQ(error->code, make_error_code(errc::cancelled));
    EXPECT_EQ(error->message(), silent.url() + ": cancelled");
}

}  // namespace
