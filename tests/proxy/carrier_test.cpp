// Large messages that the kernel carries from one end to the other.
#include "tests/proxy/proxied.hpp"
#include "tests/proxy/raw_frames.hpp"

namespace p9::test {
namespace {

using ::testing::HasSubstr;

constexpr u32 MSIZE = 4 << 20;

class Carried : public ::testing::Test {
protected:
    void SetUp() override { agree(client_, server_, MSIZE); }
    static proxy::ProxyOptions options() {
        proxy::ProxyOptions options;
        options.limits.delivery = std::chrono::seconds(1);
        return options;
    }
    Between between_{options(), {}, false};
    Peer client_ = between_.client();
    Peer server_ = between_.server();
};

ByteVector frames(u8 type, std::span<const std::size_t> sizes) {
    ByteVector all;
    for (const std::size_t size : sizes) {
        const ByteVector one = frame(type, static_cast<u16>(size), size);
        all.insert(all.end(), one.begin(), one.end());
    }
    return all;
}

constexpr std::size_t SIZES[] = {7,      8000,   9000,      20, 100'000,   32 << 10, (32 << 10) + 1,
                                 36'864, 36'880, 1'000'000, 7,  3'500'000, 70'000,   30};

TEST_F(Carried, LargeAndSmallMessagesKeepTheirOrderBothWays) {
    // Both at a time, and the readers come later than the pipe is full.
    const ByteVector asked = frames(116, SIZES);
    const ByteVector answered = frames(117, SIZES);
    auto requests = between_.loop().start(client_.transport().send(asked));
    auto replies = between_.loop().start(server_.transport().send(answered));
    between_.loop().settle();
    EXPECT_FALSE(requests.done());
    for (const std::size_t size : SIZES)
        ASSERT_TRUE(next_bytes(between_.loop(), server_) == frame(116, static_cast<u16>(size), size)) << size;
    for (const std::size_t size : SIZES)
        ASSERT_TRUE(next_bytes(between_.loop(), client_) == frame(117, static_cast<u16>(size), size)) << size;
    must(requests.get());
    must(replies.get());
}

TEST_F(Carried, AMessageInCrumbsFillsThePipeLongBeforeItIsThere) {
    const ByteVector whole = frame(117, 3, 300'000);
    auto receiving = between_.loop().start(client_.transport().receive());
    for (std::size_t at = 0; at < whole.size(); at += 200) {
        server_.send_bytes(ByteVector(whole.begin() + static_cast<std::ptrdiff_t>(at),
                                      whole.begin() + static_cast<std::ptrdiff_t>(std::min(at + 200, whole.size()))));
        between_.loop().settle();
    }
    const Frame message = must(receiving.get());
    EXPECT_TRUE(std::ranges::equal(message.bytes(), whole));
}

TEST_F(Carried, AServerThatGoesInTheMiddleIsNamedOnce) {
    const ByteVector whole = frame(117, 3, 300'000);
    server_.send_bytes(ByteVector(whole.begin(), whole.begin() + 200'000));
    between_.loop().settle();
    server_.close();
    EXPECT_EQ(client_.next(), "closed");
    ASSERT_EQ(between_.log.size(), 1u);
    EXPECT_THAT(between_.log[0], HasSubstr("the server is gone: "));
    EXPECT_THAT(between_.log[0], HasSubstr(" closed the connection in the middle of a message"));
}

TEST_F(Carried, AClientThatGoesInTheMiddleEndsItsServer) {
    const ByteVector whole = frame(116, 3, 300'000);
    client_.send_bytes(ByteVector(whole.begin(), whole.begin() + 200'000));
    between_.loop().settle();
    client_.close();
    EXPECT_EQ(server_.next(), "closed");
}

TEST_F(Carried, AClientThatGoesWithoutReadingEndsItsServer) {
    const ByteVector answered = frame(117, 1, 3'000'000);
    auto replies = between_.loop().start(server_.transport().send(answered));
    between_.loop().settle();
    EXPECT_FALSE(replies.done());
    client_.close();
    EXPECT_FALSE(replies.get());
    EXPECT_TRUE(between_.log.empty()) << "it is nothing that the server did: " << between_.log[0];
}

TEST_F(Carried, ADeadServerEndsAClientThatIsWriting) {
    const ByteVector asked = frame(118, 1, 3'000'000);
    auto requests = between_.loop().start(client_.transport().send(asked));
    between_.loop().settle();
    EXPECT_FALSE(requests.done());
    server_.close();
    EXPECT_FALSE(requests.get());
    EXPECT_EQ(between_.log.size(), 1u);
}

TEST_F(Carried, TheMsizeStillBounds) {
    server_.send_bytes(Bytes(frame(117, 1, MSIZE + 1)).first(100));
    EXPECT_EQ(client_.next(), "closed");
    ASSERT_EQ(between_.log.size(), 1u);
    EXPECT_THAT(between_.log[0], HasSubstr("at most 4194304 were agreed on"));
}

}  // namespace
}  // namespace p9::test
