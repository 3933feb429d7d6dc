// What every stream transport does, shown on a socketpair whose other end is held by the test.
#include "tests/transports/support.hpp"

#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>

#include <sys/ioctl.h>

namespace {

using namespace p9;
using namespace p9::test;
namespace asio = boost::asio;

class Stream : public testing::Test {
protected:
    void SetUp() override {
        auto dialled = run(io_, dial(pair_.address()));
        ASSERT_TRUE(dialled.has_value()) << dialled.error().message();
        transport_ = *std::move(dialled);
        name_ = transport_->peer();
    }

    asio::io_context io_{1};
    RawPair pair_;
    std::unique_ptr<Transport> transport_;
    std::string name_;
};

TEST_F(Stream, YieldsStagedMessagesInOrder) {
    transport_->max_message(100000);
    pair_.write(message(7) + message(90000, 1) + message(20, 2));
    for (const auto& expected : {message(7), message(90000, 1), message(20, 2)}) {
        const auto frame = run(io_, transport_->receive());
        ASSERT_TRUE(frame.has_value()) << frame.error().message();
        EXPECT_EQ(copy(frame->bytes()), expected);
    }
    EXPECT_FALSE(transport_->ready());
}

TEST_F(Stream, SaysThatThePeerClosed) {
    pair_.hang_up();
    const auto frame = run(io_, transport_->receive());
    ASSERT_FALSE(frame.has_value());
    EXPECT_EQ(frame.error().code, make_error_code(errc::connection_lost));
    EXPECT_EQ(frame.error().message(), name_ + " closed the connection");
}

TEST_F(Stream, SaysThatThePeerClosedInMidMessage) {
    for (const std::size_t whole : {7u, 50u}) pair_.write(message(static_cast<u32>(whole)));
    pair_.write(Bytes(message(20)).first(19));
    pair_.hang_up();
    EXPECT_EQ(run(io_, next_error(*transport_)), "a message");
    EXPECT_EQ(run(io_, next_error(*transport_)), "a message");
    EXPECT_EQ(run(io_, next_error(*transport_)), name_ + " closed the connection in the middle of a message");
}

TEST_F(Stream, SaysThatThePeerClosedInMidLargeMessage) {
    transport_->max_message(100000);
    pair_.write(Bytes(message(100000)).first(99999));
    pair_.hang_up();
    EXPECT_EQ(run(io_, next_error(*transport_)), name_ + " closed the connection in the middle of a message");
}

TEST_F(Stream, RefusesImpossibleSizesWithThePeersName) {
    pair_.write(std::vector<u8>{6, 0, 0, 0});
    const auto frame = run(io_, transport_->receive());
    ASSERT_FALSE(frame.has_value());
    EXPECT_EQ(frame.error().code, make_error_code(errc::protocol_violation));
    EXPECT_EQ(frame.error().message(), name_ + ": a message of 6 bytes is shorter than its header");
}

TEST_F(Stream, SendToAClosedPeerFailsWithoutSigpipe) {
    pair_.hang_up();
    const auto sent = run(io_, transport_->send(message(7)));
    ASSERT_FALSE(sent.has_value());
    EXPECT_EQ(sent.error().code, make_error_code(errc::connection_lost));
    EXPECT_EQ(sent.error().message(), name_ + " closed the connection");
}

awaitable<void> receive_into(Transport& transport, std::vector<std::string>& errors) {
    errors.push_back(co_await next_error(transport));
}

awaitable<void> send_into(Transport& transport, const std::vector<u8>& bytes, std::vector<std::string>& errors) {
    const auto sent = co_await transport.send(bytes);
    errors.push_back(sent ? "sent" : sent.error().message());
}

TEST_F(Stream, CloseEndsWhatIsUnderWayAndMayComeTwice) {
    const std::vector<u8> much(8 << 20);
    std::vector<std::string> errors;
    asio::co_spawn(io_, receive_into(*transport_, errors), asio::detached);
    asio::co_spawn(io_, send_into(*transport_, much, errors), asio::detached);
    io_.restart();
    io_.poll();
    EXPECT_TRUE(errors.empty());
    transport_->close();
    transport_->close();
    io_.run();
    EXPECT_EQ(errors, std::vector<std::string>(2, name_ + ": the connection was closed here"));
    EXPECT_EQ(run(io_, next_error(*transport_)), name_ + ": the connection was closed here");
}

TEST_F(Stream, MayBeDestroyedWhileAReceiveWaits) {
    std::vector<std::string> errors;
    asio::co_spawn(io_, receive_into(*transport_, errors), asio::detached);
    io_.restart();
    io_.poll();
    transport_.reset();
    io_.run();
    EXPECT_EQ(errors, std::vector<std::string>(1, name_ + ": the connection was closed here"));
}

TEST_F(Stream, ASlowReaderDoesNotBlockTheLoop) {
    const std::vector<u8> much = message(8 << 20, 3);
    std::vector<std::string> outcome;
    asio::co_spawn(io_, send_into(*transport_, much, outcome), asio::detached);
    io_.restart();
    // The send cannot be over: nobody has read. The loop still runs what else there is to do.
    bool other_work = false;
    asio::post(io_, [&] { other_work = true; });
    io_.poll();
    EXPECT_TRUE(other_work);
    EXPECT_TRUE(outcome.empty());

    std::vector<u8> read(much.size());
    std::size_t have = 0;
    while (have < read.size()) {
        const ssize_t count = ::recv(pair_.raw(), read.data() + have, read.size() - have, MSG_DONTWAIT);
        if (count > 0)
            have += static_cast<std::size_t>(count);
        else
            ASSERT_NE(io_.run_one(), 0u) << "nothing to wait for after " << have << " bytes";
    }
    if (outcome.empty()) io_.run();
    EXPECT_EQ(outcome, std::vector<std::string>{"sent"});
    EXPECT_EQ(read, much);
}

TEST_F(Stream, LeavesNoDescriptors) {
    // SetUp has made what the io_context keeps.
    const auto before = open_descriptors();
    {
        RawPair other;
        auto dialled = run(io_, dial(other.address()));
        ASSERT_TRUE(dialled.has_value());
        EXPECT_EQ(open_descriptors(), before + 2);
    }
    EXPECT_EQ(open_descriptors(), before);
}

}  // namespace
