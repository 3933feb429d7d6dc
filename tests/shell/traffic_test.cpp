// What a conversation is about, as it is told by its messages.
#include "tools/p9sh/traffic.hpp"

#include <gmock/gmock.h>

namespace p9::tools {
namespace {

using ::testing::HasSubstr;

struct TrafficTest : ::testing::Test {
    template <class M>
    void sent(u16 tag, const M& message) {
        saw(Direction::sent, tag, message);
    }
    template <class M>
    void received(u16 tag, const M& message) {
        saw(Direction::received, tag, message);
    }
    template <class M>
    void saw(Direction direction, u16 tag, const M& message) {
        ByteVector frame;
        ASSERT_TRUE(encode(frame, Tag{tag}, message, Dialect::linux_));
        traffic.saw(direction, frame, Dialect::linux_);
    }
    void attach(u32 fid) {
        sent(1, Tattach{Fid{fid}, NOFID, "u", "", 0});
        received(1, Rattach{Qid{QTDIR, 0, 1}});
    }
    Traffic traffic;
};

TEST_F(TrafficTest, FidsAreFollowed) {
    attach(0);
    sent(1, Twalk{Fid{0}, Fid{1}, {"usr", "bin"}});
    EXPECT_FALSE(traffic.fids().contains(1)) << "not before the answer";
    EXPECT_THAT(traffic.pending().at(1).request, HasSubstr("Twalk"));
    received(1, Rwalk{{Qid{QTDIR, 0, 2}, Qid{QTDIR, 0, 3}}});
    EXPECT_EQ(traffic.fids().at(1).path, "/usr/bin");
    EXPECT_EQ(traffic.fids().at(1).qid.path, 3u);
    EXPECT_TRUE(traffic.pending().empty());
    sent(1, Tlopen{Fid{1}, 2});
    received(1, Rlopen{Qid{QTDIR, 0, 3}, 0});
    EXPECT_EQ(traffic.fids().at(1).open, "reading and writing");
    sent(1, Tclunk{Fid{1}});
    received(1, Rclunk{});
    EXPECT_FALSE(traffic.fids().contains(1));
}

TEST_F(TrafficTest, WalksThatFailMakeNoFid) {
    attach(0);
    sent(1, Twalk{Fid{0}, Fid{1}, {"usr", "bin"}});
    received(1, Rwalk{{Qid{QTDIR, 0, 2}}});
    sent(1, Twalk{Fid{0}, Fid{2}, {"x"}});
    received(1, Rlerror{2});
    EXPECT_EQ(traffic.fids().size(), 1u);
}

TEST_F(TrafficTest, AVersionEndsAll) {
    attach(0);
    sent(0xffff, Tversion{8192, "9P2000.L"});
    received(0xffff, Rversion{8192, "9P2000.L"});
    EXPECT_TRUE(traffic.fids().empty());
}

TEST_F(TrafficTest, ATagIsFreeThatNobodyHas) {
    EXPECT_EQ(traffic.free_tag(), Tag{1});
    sent(1, Tclunk{Fid{1}});
    EXPECT_EQ(traffic.free_tag(), Tag{2});
    received(1, Rlerror{9});
    EXPECT_EQ(traffic.free_tag(), Tag{1});
}

TEST_F(TrafficTest, NonsenseIsEndured) {
    const std::vector<u8> frames[] = {{}, {1, 2, 3}, {7, 0, 0, 0, 110, 1, 0}, {7, 0, 0, 0, 99, 1, 0}};
    for (const auto& frame : frames) {
        traffic.saw(Direction::sent, frame, Dialect::linux_);
        traffic.saw(Direction::received, frame, Dialect::linux_);
    }
    // An answer of the right kind to a request that cannot be decoded.
    const std::vector<u8> request{7, 0, 0, 0, 110, 1, 0}, reply{9, 0, 0, 0, 111, 1, 0, 0, 0};
    traffic.saw(Direction::sent, request, Dialect::linux_);
    traffic.saw(Direction::received, reply, Dialect::linux_);
    EXPECT_TRUE(traffic.fids().empty());
}

}  // namespace
}  // namespace p9::tools
