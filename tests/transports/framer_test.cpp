// Cutting a stream into messages, without any stream.
#include "transports/framer.hpp"

#include "tests/transports/support.hpp"

#include <algorithm>

namespace {

using namespace p9;
using test::copy;
using test::message;
using test::operator+;

using Messages = std::vector<std::vector<u8>>;

// Feeds `bytes` in pieces of at most `most` bytes and drains the framer after each, as a transport does.
Messages feed(Framer& framer, Bytes bytes, std::size_t most) {
    Messages out;
    while (!bytes.empty()) {
        const auto space = framer.space();
        EXPECT_FALSE(space[0].empty());
        const std::size_t count = std::min({most, bytes.size(), space[0].size() + space[1].size()});
        const std::size_t first = std::min(count, space[0].size());
        std::copy_n(bytes.data(), first, space[0].data());
        std::copy_n(bytes.data() + first, count - first, space[1].data());
        framer.advance(count);
        bytes = bytes.subspan(count);
        for (;;) {
            const bool ready = framer.ready();
            auto next = framer.next();
            if (!next) {
                ADD_FAILURE() << next.error().message();
                return out;
            }
            EXPECT_EQ(ready, next->has_value());
            if (!*next) break;
            out.push_back(copy((**next).bytes()));
        }
    }
    return out;
}

std::string refusal(Framer& framer, Bytes bytes) {
    const auto space = framer.space();
    std::copy(bytes.begin(), bytes.end(), space[0].data());
    framer.advance(bytes.size());
    EXPECT_TRUE(framer.ready());
    const auto next = framer.next();
    if (next) return "accepted";
    EXPECT_EQ(next.error().code, make_error_code(errc::protocol_violation));
    return next.error().message();
}

const Messages mixed{message(7),     message(11, 1),     message(8192, 2), message(8193, 3), message(20, 4),
                     message(70000), message(200000, 5), message(9000, 6), message(65536),   message(65537, 7),
                     message(7, 8),  message(19, 9),     message(300, 10), message(4096),    message(8191, 11)};

std::vector<u8> joined(const Messages& messages) {
    std::vector<u8> all;
    for (const auto& one : messages) all.insert(all.end(), one.begin(), one.end());
    return all;
}

class FramerPieces : public testing::TestWithParam<std::size_t> {};

TEST_P(FramerPieces, DoNotChangeTheMessages) {
    Framer framer;
    framer.max_message(200000);
    EXPECT_EQ(feed(framer, joined(mixed), GetParam()), mixed);
    EXPECT_FALSE(framer.mid_message());
}

INSTANTIATE_TEST_SUITE_P(OfEverySize, FramerPieces,
                         testing::Values(1, 2, 3, 4, 5, 7, 100, 4095, 4096, 4097, 8192, 65535, 65536, 1 << 20));

TEST(Framer, SplitsAtEveryPoint) {
    const Messages three{message(7), message(30, 1), message(8, 2)};
    const auto bytes = joined(three);
    for (std::size_t split = 0; split <= bytes.size(); ++split) {
        Framer framer;
        auto got = feed(framer, Bytes(bytes).first(split), bytes.size());
        EXPECT_EQ(framer.mid_message(), split != 0 && split != 7 && split != 37 && split != 45) << split;
        for (auto& one : feed(framer, Bytes(bytes).subspan(split), bytes.size())) got.push_back(std::move(one));
        EXPECT_EQ(got, three) << split;
    }
}

TEST(Framer, TakesManyMessagesInOnePiece) {
    const Messages many(Framer::STAGING / 7, message(7));
    Framer framer;
    EXPECT_EQ(feed(framer, joined(many), Framer::STAGING), many);
}

TEST(Framer, RefusesASizeBelowTheHeader) {
    for (const u8 size : {0, 1, 4, 6}) {
        Framer framer;
        EXPECT_EQ(refusal(framer, std::vector<u8>{size, 0, 0, 0}),
                  "a message of " + std::to_string(size) + " bytes is shorter than its header");
    }
}

TEST(Framer, RefusesASizeAboveTheLimitBeforeTheRestComes) {
    Framer framer;
    framer.max_message(1 << 20);
    EXPECT_EQ(refusal(framer, std::vector<u8>{0xff, 0xff, 0xff, 0xff}),
              "a message of 4294967295 bytes; at most 1048576 were agreed on");
    EXPECT_FALSE(framer.next().has_value());
}

TEST(Framer, AcceptsTheLimitItselfAndNotOneByteMore) {
    Framer framer;
    EXPECT_EQ(feed(framer, message(8192), 8192).size(), 1u);
    EXPECT_EQ(refusal(framer, Bytes(message(8193)).first(4)), "a message of 8193 bytes; at most 8192 were agreed on");
    Framer large;
    large.max_message(100000);
    EXPECT_EQ(feed(large, message(100000), 100000).size(), 1u);
    EXPECT_EQ(refusal(large, Bytes(message(100001)).first(4)),
              "a message of 100001 bytes; at most 100000 were agreed on");
}

TEST(Framer, ReadsTheRestOfALargeMessageInPlaceAndLittleBeyondIt) {
    Framer framer;
    framer.max_message(1 << 20);
    const auto bytes = message(100000);
    EXPECT_TRUE(feed(framer, Bytes(bytes).first(10), 10).empty());
    const auto space = framer.space();
    EXPECT_EQ(space[0].size(), 99990u);
    EXPECT_EQ(space[1].size(), Framer::OVERSHOOT);
    const u8* const place = space[0].data() - 10;
    std::copy(bytes.begin() + 10, bytes.end(), space[0].data());
    framer.advance(99990);
    auto next = framer.next();
    ASSERT_TRUE(next && *next);
    EXPECT_EQ((**next).bytes().data(), place);
    const Buffer owned = std::move(**next).into_buffer();
    EXPECT_EQ(owned.data(), place);
}

TEST(Framer, ReadsFarAgainWhenSmallMessagesHaveReturned) {
    Framer framer;
    framer.max_message(1 << 20);
    EXPECT_EQ(framer.space()[0].size(), Framer::STAGING);
    feed(framer, message(100000), 1 << 20);
    EXPECT_EQ(framer.space()[0].size(), Framer::OVERSHOOT);
    for (int i = 0; i < 10; ++i) feed(framer, message(20), 20);
    EXPECT_EQ(framer.space()[0].size(), Framer::STAGING);
}

TEST(Framer, HandsOutOnlyTheBeginningOfALargeMessageIfAsked) {
    Framer framer;
    framer.max_message(1 << 20);
    framer.begin_only(50000);
    // Too little is missing of the first.
    EXPECT_EQ(feed(framer, message(50000), 10), Messages{message(50000)});
    EXPECT_TRUE(feed(framer, Bytes(message(100000)).first(6), 6).empty()) << "less than a header";
    EXPECT_EQ(framer.rest(), 0u);
    const auto begun = feed(framer, Bytes(message(100000)).subspan(6, 10), 10);
    ASSERT_EQ(begun.size(), 1u);
    EXPECT_EQ(begun[0].size(), 16u);
    EXPECT_EQ(framer.rest(), 99984u);
    framer.took(99000);
    EXPECT_EQ(framer.rest(), 984u);
    framer.took(984);
    EXPECT_EQ(feed(framer, message(20), 20), Messages{message(20)});
}

TEST(Framer, RefusesASizeAboveTheLimitBeforeItHandsOutTheBeginning) {
    Framer framer;
    framer.max_message(100000);
    framer.begin_only(10);
    EXPECT_EQ(refusal(framer, Bytes(message(100001)).first(20)),
              "a message of 100001 bytes; at most 100000 were agreed on");
}

}  // namespace
