// A guest's port that is listened on: one client after another, and what the last one left behind.
#include "tests/transports/virtio_support.hpp"

#include <gmock/gmock.h>

namespace {

using namespace p9;
using namespace p9::test;
using namespace p9::transports;
using ::testing::HasSubstr;

TEST_F(VirtioLine, ServesOneClientAfterAnother) {
    for (u32 i = 0; i < 3; ++i) {
        auto accepting = loop.start(listener->accept());
        loop.settle();
        ASSERT_FALSE(accepting.done());
        port.host_comes();
        port.write(tversion(9000 + i) + message(300, 5));
        auto accepted = accepting.get();
        ASSERT_TRUE(accepted) << accepted.error().message();
        Transport& client = **accepted;
        EXPECT_EQ(client.peer(), "virtio!port");
        EXPECT_FALSE(client.leftovers());
        EXPECT_EQ(receive(client), tversion(9000 + i));
        EXPECT_EQ(receive(client), message(300, 5));
        ASSERT_TRUE(loop.run(client.send(message(100, 1) + message(20, 2))));
        EXPECT_EQ(port.read(), message(100, 1) + message(20, 2));
        port.host_leaves();
        EXPECT_EQ(end_of(client), "virtio!port closed the connection");
    }
}

TEST_F(VirtioLine, UsesNoProcessorTimeWhileNobodyIsThere) {
    auto accepting = loop.start(listener->accept());
    port.host_comes();
    port.write(message(100));
    loop.settle();
    port.host_leaves();
    loop.settle();
    // Hung up and readable, for ever: yet nothing is left to do.
    for (int i = 0; i < 100; ++i) ASSERT_EQ(loop.context().poll(), 0u);
    EXPECT_FALSE(accepting.done());
    port.host_comes();
    port.write(tversion());
    EXPECT_TRUE(accepting.get());
}

TEST_F(VirtioLine, NothingButATversionBeginsAConversation) {
    port.host_comes();
    port.write(message(100, 1) + std::vector<u8>{1, 2, 3} + tversion(5000));
    const Client client = accept(5000);
}

TEST_F(VirtioLine, RequestsOfAConversationThatNobodyKnowsAreRefused) {
    // Those of a client whose server was restarted.
    port.host_comes();
    auto accepting = loop.start(listener->accept());
    ByteVector requests, refusals;
    for (const Tag tag : {Tag{7}, Tag{8}}) {
        ASSERT_TRUE(encode(requests, tag, Tflush{Tag{1}}, Dialect::linux_));
        ASSERT_TRUE(encode(refusals, tag, Rlerror{EPROTO}, Dialect::linux_));
    }
    write_alone(copy(requests));
    std::vector<u8> told;
    loop.run_until([&] { return !(told = port.read()).empty(); });
    EXPECT_EQ(told, copy(refusals));
    port.write(tversion());
    EXPECT_TRUE(accepting.get());
    EXPECT_TRUE(port.read().empty());
}

TEST_F(VirtioLine, RequestsOfAClientThatIsGoneAreNotRefused) {
    port.host_comes();
    auto accepting = loop.start(listener->accept());
    ByteVector request;
    ASSERT_TRUE(encode(request, Tag{7}, Tflush{Tag{1}}, Dialect::linux_));
    write_alone(copy(request) + tversion());
    EXPECT_TRUE(accepting.get());
    EXPECT_TRUE(port.read().empty());
}

TEST_F(VirtioLine, AClientThatCameUnseenBeginsANewConversation) {
    port.host_comes();
    port.write(tversion(5000) + message(50) + tversion(6000) + message(60));
    {
        const Client client = accept(5000);
        EXPECT_EQ(receive(*client), message(50));
        EXPECT_EQ(end_of(*client), "virtio!port: a new client came");
        EXPECT_FALSE(loop.run(client->send(message(10))));
    }
    const Client client = accept(6000);
    EXPECT_EQ(receive(*client), message(60));
    EXPECT_TRUE(port.read().empty());
}

TEST_F(VirtioLine, GarbageEndsAConversationAndATversionInItBeginsTheNext) {
    port.host_comes();
    port.write(tversion(5000) + std::vector<u8>{0xff, 0xff, 0xff, 0x7f, 9} + tversion(6000) + message(60));
    {
        const Client client = accept(5000);
        EXPECT_THAT(end_of(*client), HasSubstr("a message of 2147483647 bytes"));
    }
    const Client client = accept(6000);
    EXPECT_EQ(receive(*client), message(60));
}

TEST_F(VirtioLine, HalfAMessageIsForgottenWithItsClient) {
    port.host_comes();
    port.write(tversion(5000));
    {
        const Client client = accept(5000);
        auto half = message(100);
        half.resize(40);
        port.write(half);
        loop.settle();
        port.host_leaves();
        EXPECT_EQ(end_of(*client), "virtio!port closed the connection in the middle of a message");
    }
    port.host_comes();
    port.write(tversion(6000));
    const Client client = accept(6000);
}

TEST_F(VirtioLine, AReplyThatIsOutInPartIsFinishedForAClientThatIsStillThere) {
    port.host_comes();
    port.write(tversion(5000));
    Client client = accept(5000);
    const auto replies = message(400'000, 1) + message(100, 2);
    auto sending = loop.start(client->send(replies));
    loop.settle();
    ASSERT_FALSE(sending.done());
    port.write(tversion(6000));
    EXPECT_EQ(end_of(*client), "virtio!port: a new client came");
    client.reset();
    EXPECT_FALSE(sending.get());
    client = accept(6000);
    // The first of the two was begun; the second never was, and must not come.
    const auto answer = message(30, 3);
    auto answering = loop.start(client->send(answer));
    std::vector<u8> arrived;
    loop.run_until([&] {
        arrived = arrived + port.read();
        return answering.done();
    });
    arrived = arrived + port.read();
    EXPECT_TRUE(arrived == message(400'000, 1) + answer) << arrived.size();
}

TEST_F(VirtioLine, AReplyThatIsOutInPartIsDroppedWithItsClient) {
    port.host_comes();
    port.write(tversion(5000));
    Client client = accept(5000);
    const auto reply = message(400'000, 1);
    auto sending = loop.start(client->send(reply));
    loop.settle();
    const std::size_t lost = port.read().size();
    port.host_leaves();
    EXPECT_EQ(end_of(*client), "virtio!port closed the connection");
    client.reset();
    EXPECT_FALSE(sending.get());
    port.host_comes();
    port.write(tversion(6000));
    client = accept(6000);
    const std::size_t stuck = port.read().size();  // what the fifo still held; a port drops it
    EXPECT_LT(lost + stuck, reply.size());
    ASSERT_TRUE(loop.run(client->send(message(30, 3))));
    EXPECT_EQ(port.read(), message(30, 3));
}

TEST_F(VirtioLine, TheNextClientWaitsUntilTheLastConversationIsClosed) {
    port.host_comes();
    port.write(tversion(5000) + tversion(6000));
    Client first = accept(5000);
    auto accepting = loop.start(listener->accept());
    EXPECT_EQ(end_of(*first), "virtio!port: a new client came");
    loop.settle();
    EXPECT_FALSE(accepting.done());
    first->close();
    EXPECT_TRUE(accepting.get());
}

TEST_F(VirtioLine, ClosingTheListenerEndsAcceptAndKeepsTheConversation) {
    port.host_comes();
    port.write(tversion(5000));
    const Client client = accept(5000);
    auto accepting = loop.start(listener->accept());
    loop.settle();
    listener->close();
    const auto accepted = accepting.get();
    ASSERT_FALSE(accepted);
    EXPECT_EQ(accepted.error().message(), "virtio!port: no longer listening");
    EXPECT_EQ(accepted.error().code, make_error_code(errc::connection_lost));
    port.write(message(60));
    EXPECT_EQ(receive(*client), message(60));
}

TEST_F(VirtioLine, ClosingTheListenerEndsAcceptWhileNobodyIsThere) {
    for (const bool there : {false, true}) {
        SCOPED_TRACE(there);
        if (there) port.host_comes();
        const auto other = listener_on(VirtioAddress{"port"}, line);
        auto accepting = loop.start(other->accept());
        loop.settle();
        ASSERT_FALSE(accepting.done());
        other->close();
        EXPECT_FALSE(accepting.get());
    }
}

TEST_F(VirtioLine, AConversationThatIsClosedHereEndsWhatWaits) {
    port.host_comes();
    port.write(tversion(5000));
    const Client client = accept(5000);
    auto receiving = loop.start(client->receive());
    loop.settle();
    client->close();
    const auto frame = receiving.get();
    ASSERT_FALSE(frame);
    EXPECT_EQ(frame.error().message(), "virtio!port: the connection was closed here");
}

}  // namespace
