// A client that comes unseen, in the middle of a message of the last one; and messages that only look like it.
#include "tests/transports/virtio_support.hpp"

namespace {

using namespace p9;
using namespace p9::test;

/// What of a message of 20000 bytes has come when a new client's Tversion does.
class Interrupted : public VirtioLine, public testing::WithParamInterface<std::size_t> {};

TEST_P(Interrupted, ByATversionOfAClientThatCameUnseen) {
    port.host_comes();
    port.write(tversion(5000));
    {
        const Client client = accept(5000);
        auto half = message(20000);
        half.resize(GetParam());
        auto receiving = loop.start(client->receive());
        write_alone(half);
        write_alone(tversion(6000));
        const auto frame = receiving.get();
        ASSERT_FALSE(frame);
        EXPECT_EQ(frame.error().message(), "virtio!port: a new client came in the middle of a message");
        EXPECT_EQ(frame.error().code, make_error_code(errc::connection_lost));
    }
    const Client client = accept(6000);
    port.write(message(60));
    EXPECT_EQ(receive(*client), message(60));
}

INSTANTIATE_TEST_SUITE_P(After, Interrupted, testing::Values(1, 4, 10, 9000, 19979 - 1, 19990, 19999));

TEST_F(VirtioLine, AMessageMayEndWithATversion) {
    // A file that is written may hold one.
    port.host_comes();
    port.write(tversion(5000));
    const Client client = accept(5000);
    auto begin = message(1000);
    begin.resize(1000 - tversion().size());
    auto receiving = loop.start(client->receive());
    write_alone(begin);
    write_alone(tversion());
    const auto frame = receiving.get();
    ASSERT_TRUE(frame) << frame.error().message();
    EXPECT_EQ(copy(frame->bytes()), begin + tversion());
}

TEST_F(VirtioLine, ATversionInTheMiddleOfAMessageThatGoesOnIsPartOfIt) {
    port.host_comes();
    port.write(tversion(5000));
    const Client client = accept(5000);
    auto begin = message(1000);
    begin.resize(500);
    const std::vector<u8> end(1000 - 500 - tversion().size(), 'x');
    auto receiving = loop.start(client->receive());
    write_alone(begin);
    write_alone(tversion());
    write_alone(end);
    const auto frame = receiving.get();
    ASSERT_TRUE(frame) << frame.error().message();
    EXPECT_EQ(copy(frame->bytes()), begin + tversion() + end);
}

}  // namespace
