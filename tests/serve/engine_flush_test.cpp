// Requests that wait, and Tflush (flush(5)).
#include "tests/serve/served.hpp"

namespace p9::test {
namespace {

class EngineFlush : public ::testing::Test {
protected:
    EngineFlush() : peer_(served_.raw(Dialect::linux_)) { open(1, "bell"); }
    void open(u32 fid, const char* name) {
        Names names;
        names.emplace_back(name);
        ASSERT_TRUE(peer_.rpc(1, Twalk{Fid{0}, Fid{fid}, names}).starts_with("Rwalk"));
        ASSERT_TRUE(peer_.rpc(1, Tlopen{Fid{fid}, P9_O_RDONLY}).starts_with("Rlopen"));
    }
    void wait_for_readers(std::size_t count) {
        ASSERT_TRUE(
            served_.loop.run_until([&] { return served_.tree.waiters && served_.tree.waiters->size() == count; }));
    }

    Served<BellTree> served_;
    Peer peer_;
};

TEST_F(EngineFlush, AReadThatWaitsHoldsUpNobody) {
    peer_.send(10, Tread{Fid{1}, 0, 100});
    wait_for_readers(1);
    EXPECT_TRUE(peer_.rpc(11, Tgetattr{Fid{0}, GETATTR_BASIC}).starts_with("Rgetattr tag=11"));
    served_.tree.ring("ding");
    EXPECT_EQ(peer_.next(), "Rread tag=10 data=[4 bytes \"ding\"]");
}

TEST_F(EngineFlush, AFlushedReadIsNotAnswered) {
    peer_.send(10, Tread{Fid{1}, 0, 100});
    wait_for_readers(1);
    EXPECT_EQ(peer_.rpc(11, Tflush{Tag{10}}), "Rflush tag=11");
    EXPECT_EQ(served_.tree.waiters->size(), 0u);
    // The tag is free again, and the bell that rings later is for the next reader.
    served_.tree.ring("ding");
    EXPECT_EQ(peer_.rpc(10, Tread{Fid{1}, 0, 100}), "Rread tag=10 data=[4 bytes \"ding\"]");
}

TEST_F(EngineFlush, AnAnswerThatComesInTimeComesBeforeRflush) {
    served_.tree.finish_when_cancelled = true;
    peer_.send(10, Tread{Fid{1}, 0, 100});
    wait_for_readers(1);
    EXPECT_EQ(peer_.rpc(11, Tflush{Tag{10}}), "Rread tag=10 data=[4 bytes \"late\"]");
    EXPECT_EQ(peer_.next(), "Rflush tag=11");
}

TEST_F(EngineFlush, SeveralFlushesAreAnsweredInTheirOrder) {
    peer_.send(10, Tread{Fid{1}, 0, 100});
    wait_for_readers(1);
    ByteVector both;
    ASSERT_TRUE(encode(both, Tag{11}, Tflush{Tag{10}}, Dialect::linux_));
    ASSERT_TRUE(encode(both, Tag{12}, Tflush{Tag{10}}, Dialect::linux_));
    ASSERT_TRUE(encode(both, Tag{13}, Tflush{Tag{11}}, Dialect::linux_));  // a flush can be flushed too
    peer_.send_bytes(both);
    EXPECT_EQ(peer_.next(), "Rflush tag=11");
    EXPECT_EQ(peer_.next(), "Rflush tag=12");
    EXPECT_EQ(peer_.next(), "Rflush tag=13");
}

TEST_F(EngineFlush, AFlushOfNothingIsAnsweredAtOnce) {
    EXPECT_EQ(peer_.rpc(11, Tflush{Tag{10}}), "Rflush tag=11");
    EXPECT_EQ(peer_.rpc(11, Tflush{Tag{11}}), "Rflush tag=11");
}

TEST_F(EngineFlush, AClunkedFidsReadGoesOnAndItsFileLivesUntilThen) {
    peer_.send(10, Tread{Fid{1}, 0, 100});
    wait_for_readers(1);
    EXPECT_EQ(peer_.rpc(11, Tclunk{Fid{1}}), "Rclunk tag=11");
    EXPECT_EQ(served_.tree.open_files, 1);
    served_.tree.ring("ding");
    EXPECT_EQ(peer_.next(), "Rread tag=10 data=[4 bytes \"ding\"]");
    served_.loop.settle();
    EXPECT_EQ(served_.tree.open_files, 0);
}

TEST_F(EngineFlush, AClientThatGoesAwayLeavesNoReaderBehind) {
    peer_.send(10, Tread{Fid{1}, 0, 100});
    wait_for_readers(1);
    peer_.close();
    ASSERT_TRUE(served_.loop.run_until([&] { return served_.server.connections() == 0; }));
    EXPECT_EQ(served_.tree.waiters->size(), 0u);
    EXPECT_EQ(served_.tree.open_files, 0);
}

TEST_F(EngineFlush, TenThousandReadersWaitAndOneWakesAtATime) {
    for (u16 i = 0; i < 10'000; ++i) peer_.send(static_cast<u16>(100 + i), Tread{Fid{1}, 0, 100});
    wait_for_readers(10'000);
    served_.tree.ring("one");
    EXPECT_EQ(peer_.next(), "Rread tag=100 data=[3 bytes \"one\"]");
    EXPECT_EQ(served_.tree.waiters->size(), 9'999u);
    EXPECT_EQ(peer_.rpc(1, Tflush{Tag{5000}}), "Rflush tag=1");
    EXPECT_EQ(served_.tree.waiters->size(), 9'998u);
}

}  // namespace
}  // namespace p9::test
