// raw's conversation where sizes are wrong: how far the server is out of step, and answers that are not whole.
#include "tools/p9sh/raw_conversation.hpp"

#include "p9/transports/dial.hpp"
#include "tests/support/run.hpp"

#include <gmock/gmock.h>

#include <sys/socket.h>
#include <unistd.h>

namespace p9::tools {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::vector<u8> clunk(u32 size) {
    std::vector<u8> frame{0, 0, 0, 0, Tclunk::type, 1, 0, 5, 0, 0, 0};
    for (unsigned i = 0; i < 4; ++i) frame[i] = static_cast<u8>(size >> (8 * i));
    return frame;
}

TEST(RawFraming, FollowsWhereTheServerStands) {
    RawFraming framing;
    EXPECT_TRUE(framing.in_step());
    framing.sent(clunk(11));
    EXPECT_TRUE(framing.in_step());
    EXPECT_THAT(wrong_size(clunk(11)), IsEmpty());

    EXPECT_THAT(wrong_size(clunk(30)), HasSubstr("waits for 19 more"));
    framing.sent(clunk(30));
    EXPECT_EQ(framing.words(), "still waits for 19 bytes of a message that said size=30");
    framing.sent(clunk(11));
    EXPECT_EQ(framing.words(), "still waits for 8 bytes of a message that said size=30");
    // The rest of this one is 3 bytes: not even a size.
    framing.sent(clunk(11));
    EXPECT_FALSE(framing.in_step());
    EXPECT_EQ(framing.words(), "takes 3 bytes of an earlier message for the beginning of the next");
}

TEST(RawFraming, IsInStepAgainWhenTheRestHasCome) {
    RawFraming framing;
    framing.sent(clunk(22));
    EXPECT_FALSE(framing.in_step());
    framing.sent(clunk(11));
    EXPECT_TRUE(framing.in_step());
}

TEST(RawFraming, SizesThatAreTooSmall) {
    RawFraming framing;
    EXPECT_THAT(wrong_size(clunk(9)), HasSubstr("takes the last 2 bytes for the beginning of another message"));
    framing.sent(clunk(9));
    EXPECT_THAT(framing.words(), HasSubstr("takes 2 bytes"));
    RawFraming broken;
    EXPECT_THAT(wrong_size(clunk(3)), HasSubstr("less than a header"));
    broken.sent(clunk(3));
    broken.sent(clunk(11));
    EXPECT_THAT(broken.words(), HasSubstr("a size of 3"));
    EXPECT_FALSE(broken.in_step());
}

TEST(RawConversation, TheBeginningOfAnAnswerIsSeenBeforeItsEnd) {
    int ends[2];
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    boost::asio::io_context io(1);
    auto transport = test::run(io, dial(FdAddress{ends[0], ends[0]}));
    ASSERT_TRUE(transport) << transport.error().message();
    RawConversation raw(std::move(*transport), Dialect::linux_, [](Direction, Bytes, Dialect) {});
    const std::vector<u8> answer = clunk(14);  // the size is 3 bytes more than there are
    ASSERT_EQ(::write(ends[1], answer.data(), answer.size()), 11);
    io.restart();
    while (raw.beginning().empty()) ASSERT_NE(io.run_one(), 0u);
    EXPECT_EQ(raw.beginning().size(), 11u);
    EXPECT_TRUE(raw.take_received().empty());
    // What comes next is the rest of it.
    ASSERT_EQ(::write(ends[1], "abc", 3), 3);
    auto waiting = raw.wait_for(Tag{1}, std::chrono::seconds(60));
    EXPECT_TRUE(test::run(io, std::move(waiting)));
    EXPECT_EQ(raw.take_received().front().size(), 14u);
    EXPECT_TRUE(raw.beginning().empty());
    // The end in the middle of a message keeps what came of it.
    ASSERT_EQ(::write(ends[1], answer.data(), 7), 7);
    ::close(ends[1]);
    io.restart();
    while (!raw.ended()) ASSERT_NE(io.run_one(), 0u);
    EXPECT_THAT(raw.ended()->message(), HasSubstr("closed the connection in the middle of a message"));
    EXPECT_EQ(raw.beginning().size(), 7u);
}

}  // namespace
}  // namespace p9::tools
