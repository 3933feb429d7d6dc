// Fids: walking, opening, their numbers and their end.
#include "tests/serve/served.hpp"
#include "tools/p9serve/fids.hpp"
#include "tools/p9serve/memory.hpp"

namespace p9::test {
namespace {

Names names(std::initializer_list<const char*> list) {
    Names result;
    for (const char* name : list) result.emplace_back(name);
    return result;
}

class EngineFids : public ::testing::Test {
protected:
    explicit EngineFids(serve::ServerOptions options = {})
        : served_(std::move(options)), peer_(served_.raw(Dialect::linux_)) {
        // /a/b/c, and the file /a/file
        peer_.rpc(1, Tmkdir{Fid{0}, "a", 0755, 0});
        peer_.rpc(1, Twalk{Fid{0}, Fid{900}, names({"a"})});
        peer_.rpc(1, Tmkdir{Fid{900}, "b", 0755, 0});
        peer_.rpc(1, Tlcreate{Fid{900}, "file", P9_O_RDWR, 0644, 0});
        peer_.rpc(1, Tclunk{Fid{900}});
    }
    std::string walk(u32 fid, u32 newfid, std::initializer_list<const char*> list) {
        std::string reply = peer_.rpc(1, Twalk{Fid{fid}, Fid{newfid}, names(list)});
        return reply.substr(0, reply.find(" wqid"));
    }
    static std::size_t qids(const std::string& rwalk) {
        std::size_t count = 0;
        for (auto at = rwalk.find('('); at != rwalk.npos; at = rwalk.find('(', at + 1)) ++count;
        return count;
    }

    Served<serve::MemoryTree> served_;
    Peer peer_;
};

constexpr const char* BAD_FID = "Rlerror tag=1 ecode=9";

TEST_F(EngineFids, UnknownAndUsedNumbersAreRefused) {
    EXPECT_EQ(walk(5, 6, {}), BAD_FID);
    EXPECT_EQ(walk(0, 1, {}), "Rwalk tag=1");
    EXPECT_EQ(walk(0, 1, {"a"}), BAD_FID);  // 1 is in use
    EXPECT_EQ(peer_.rpc(1, Tattach{Fid{1}, NOFID, "glenda", "", 0}), BAD_FID);
    EXPECT_EQ(peer_.rpc(1, Tattach{NOFID, NOFID, "glenda", "", 0}), BAD_FID);
    EXPECT_EQ(peer_.rpc(1, Tclunk{Fid{77}}), BAD_FID);
    EXPECT_EQ(peer_.rpc(1, Tread{Fid{1}, 0, 10}), BAD_FID);  // not open
    EXPECT_EQ(peer_.rpc(1, Tclunk{Fid{1}}), "Rclunk tag=1");
    EXPECT_EQ(peer_.rpc(1, Tclunk{Fid{1}}), BAD_FID);
}

TEST_F(EngineFids, AWalkThatStopsOnItsWayMakesNoFid) {
    const std::string reply = peer_.rpc(1, Twalk{Fid{0}, Fid{1}, names({"a", "nothing", "b"})});
    EXPECT_TRUE(reply.starts_with("Rwalk")) << reply;
    EXPECT_EQ(qids(reply), 1u) << reply;
    EXPECT_EQ(peer_.rpc(1, Tclunk{Fid{1}}), BAD_FID);
    EXPECT_EQ(walk(0, 1, {"nothing"}), "Rlerror tag=1 ecode=2");
    EXPECT_EQ(walk(0, 1, {"a", "file"}), "Rwalk tag=1");
    EXPECT_EQ(walk(1, 2, {"x"}), "Rlerror tag=1 ecode=20");
}

TEST_F(EngineFids, AWalkInPlaceMovesTheFidOnlyIfAllOfItWorks) {
    EXPECT_EQ(walk(0, 1, {"a"}), "Rwalk tag=1");
    peer_.rpc(1, Twalk{Fid{1}, Fid{1}, names({"b", "nothing"})});
    EXPECT_EQ(walk(1, 2, {"file"}), "Rwalk tag=1");  // still at /a
    EXPECT_EQ(walk(1, 1, {"b"}), "Rwalk tag=1");
    EXPECT_EQ(walk(1, 3, {"file"}), "Rlerror tag=1 ecode=2");
}

TEST_F(EngineFids, DotDotGoesUpAndNeverAboveTheRoot) {
    EXPECT_EQ(walk(0, 1, {"a", "b", "..", "file"}), "Rwalk tag=1");
    EXPECT_EQ(walk(0, 2, {"..", "..", "a", "..", "..", "a", "file"}), "Rwalk tag=1");
    for (const char* bad : {".", "", "x/y"}) EXPECT_EQ(walk(0, 3, {bad}), "Rlerror tag=1 ecode=22") << bad;
    EXPECT_EQ(walk(0, 3, {std::string(256, 'x').c_str()}), "Rlerror tag=1 ecode=36");
}

TEST_F(EngineFids, AnOpenFidIsNeitherMovedNorOpenedAgain) {
    walk(0, 1, {"a"});
    EXPECT_TRUE(peer_.rpc(1, Tlopen{Fid{1}, P9_O_RDONLY}).starts_with("Rlopen"));
    EXPECT_EQ(peer_.rpc(1, Tlopen{Fid{1}, P9_O_RDONLY}), BAD_FID);
    EXPECT_EQ(walk(1, 1, {}), BAD_FID);
    EXPECT_EQ(walk(1, 1, {"b"}), BAD_FID);
    EXPECT_EQ(walk(1, 2, {"b"}), "Rwalk tag=1");  // diodls -l does this
    EXPECT_EQ(peer_.rpc(1, Tlcreate{Fid{1}, "new", P9_O_RDWR, 0644, 0}), BAD_FID);
}

TEST_F(EngineFids, WhatAFidWasNotOpenedForIsRefused) {
    walk(0, 1, {"a", "file"});
    peer_.rpc(1, Tlopen{Fid{1}, P9_O_RDONLY});
    EXPECT_EQ(peer_.rpc(1, Twrite{Fid{1}, 0, Payload(Bytes{})}), BAD_FID);
    walk(0, 2, {"a", "file"});
    peer_.rpc(1, Tlopen{Fid{2}, P9_O_WRONLY});
    EXPECT_EQ(peer_.rpc(1, Tread{Fid{2}, 0, 10}), BAD_FID);
    walk(0, 3, {"a"});
    EXPECT_EQ(peer_.rpc(1, Tlopen{Fid{3}, P9_O_RDWR}), "Rlerror tag=1 ecode=21");
    EXPECT_EQ(peer_.rpc(1, Tlopen{Fid{3}, P9_O_RDONLY | P9_O_TRUNC}), "Rlerror tag=1 ecode=21");
    peer_.rpc(1, Tlopen{Fid{3}, P9_O_RDONLY});
    EXPECT_EQ(peer_.rpc(1, Tread{Fid{3}, 0, 100}), "Rlerror tag=1 ecode=21");
    EXPECT_EQ(peer_.rpc(1, Treaddir{Fid{1}, 0, 100}), "Rlerror tag=1 ecode=20");
    EXPECT_EQ(peer_.rpc(1, Treaddir{Fid{3}, 0, 10}), "Rlerror tag=1 ecode=22");  // no entry fits
}

TEST_F(EngineFids, TremoveEndsTheFidEvenIfItFails) {
    walk(0, 1, {"a"});
    EXPECT_EQ(peer_.rpc(1, Tremove{Fid{1}}), "Rlerror tag=1 ecode=39");  // not empty
    EXPECT_EQ(peer_.rpc(1, Tclunk{Fid{1}}), BAD_FID);
    EXPECT_EQ(peer_.rpc(1, Tremove{Fid{0}}), "Rlerror tag=1 ecode=16");
}

TEST_F(EngineFids, TremoveLeavesAFileAloneThatTookTheName) {
    walk(0, 1, {"a", "file"});
    walk(0, 2, {"a"});
    // Another client moves the file away and makes one in its place.
    Peer other = served_.raw(Dialect::linux_);
    other.rpc(1, Twalk{Fid{0}, Fid{2}, names({"a"})});
    other.rpc(1, Trenameat{Fid{2}, "file", Fid{0}, "moved"});
    EXPECT_TRUE(other.rpc(1, Tlcreate{Fid{2}, "file", P9_O_RDWR, 0644, 0}).starts_with("Rlcreate"));
    EXPECT_EQ(peer_.rpc(1, Tremove{Fid{1}}), "Rlerror tag=1 ecode=2");
    EXPECT_EQ(walk(0, 3, {"a", "file"}), "Rwalk tag=1");
    EXPECT_EQ(walk(0, 4, {"moved"}), "Rwalk tag=1");
}

TEST_F(EngineFids, ARenameMovesTheOtherFidsOfTheFile) {
    walk(0, 1, {"a", "file"});
    walk(0, 2, {"a"});
    EXPECT_EQ(peer_.rpc(1, Trenameat{Fid{2}, "file", Fid{0}, "elsewhere"}), "Rrenameat tag=1");
    EXPECT_EQ(peer_.rpc(1, Tremove{Fid{1}}), "Rremove tag=1");
    EXPECT_EQ(walk(0, 3, {"elsewhere"}), "Rlerror tag=1 ecode=2");
}

// Places that held each other were never freed, nor were the descriptors of a served directory.
TEST_F(EngineFids, RenamesMakeNoRingOfPlaces) {
    walk(0, 1, {"a"});
    peer_.rpc(1, Twalk{Fid{1}, Fid{2}, names({"b"})});
    EXPECT_EQ(peer_.rpc(1, Tmkdir{Fid{2}, "c", 0755, 0}).substr(0, 6), "Rmkdir");
    walk(1, 3, {"b", "c"});  // by way of a place of its own for b, which no fid stands for
    EXPECT_EQ(peer_.rpc(1, Trenameat{Fid{1}, "b", Fid{0}, "b"}), "Rrenameat tag=1");
    walk(3, 4, {".."});  // b, below a as far as is known here
    EXPECT_EQ(peer_.rpc(1, Trenameat{Fid{0}, "a", Fid{4}, "a"}), "Rrenameat tag=1");
    EXPECT_EQ(walk(0, 5, {"b", "a"}), "Rwalk tag=1");
    // Up and up ends at the root, wherever the fid seems to be.
    EXPECT_EQ(walk(1, 6, {"..", "..", "..", "..", ".."}), "Rwalk tag=1");
    EXPECT_EQ(walk(6, 7, {"b"}), "Rwalk tag=1");
}

TEST_F(EngineFids, OrcloseRemovesAtClunkAndWhenTheClientGoes) {
    for (const bool clunks : {true, false}) {
        Peer plan9 = served_.raw(Dialect::base);
        plan9.rpc(1, Twalk{Fid{0}, Fid{1}, {}});
        EXPECT_TRUE(plan9.rpc(1, Tcreate{Fid{1}, "scratch", 0644, ORDWR | ORCLOSE, ""}).starts_with("Rcreate"));
        EXPECT_EQ(walk(0, 1, {"scratch"}), "Rwalk tag=1");
        peer_.rpc(1, Tclunk{Fid{1}});
        if (clunks)
            EXPECT_EQ(plan9.rpc(1, Tclunk{Fid{1}}), "Rclunk tag=1");
        else
            plan9.close();
        ASSERT_TRUE(served_.loop.run_until([&] { return clunks || served_.server.connections() == 2; }));
        EXPECT_EQ(walk(0, 1, {"scratch"}), "Rlerror tag=1 ecode=2");
    }
}

TEST_F(EngineFids, LcreateOpensWhatIsThereUnlessItMustBeNew) {
    walk(0, 1, {"a"});
    EXPECT_EQ(peer_.rpc(1, Tlcreate{Fid{1}, "file", P9_O_RDWR | P9_O_EXCL, 0644, 0}), "Rlerror tag=1 ecode=17");
    EXPECT_TRUE(peer_.rpc(1, Tlcreate{Fid{1}, "file", P9_O_RDWR, 0644, 0}).starts_with("Rlcreate"));
}

TEST(EngineLocation, AChainDeeperThanTheStackIsTakenApart) {
    std::shared_ptr<serve::Location> deepest;
    for (int i = 0; i < 1'000'000; ++i) deepest = std::make_shared<serve::Location>(nullptr, std::move(deepest), "d");
    const std::weak_ptr<serve::Location> last = deepest;
    deepest.reset();
    EXPECT_TRUE(last.expired());
}

class EngineFewFids : public EngineFids {
protected:
    static serve::ServerOptions few() {
        serve::ServerOptions options;
        options.max_fids = 3;
        return options;
    }
    EngineFewFids() : EngineFids(few()) {}
};

TEST_F(EngineFewFids, HaveALimit) {
    EXPECT_EQ(walk(0, 1, {}), "Rwalk tag=1");
    EXPECT_EQ(walk(0, 2, {}), "Rwalk tag=1");
    EXPECT_EQ(walk(0, 3, {}), "Rlerror tag=1 ecode=24");
    EXPECT_EQ(peer_.rpc(1, Tclunk{Fid{2}}), "Rclunk tag=1");
    EXPECT_EQ(walk(0, 3, {}), "Rwalk tag=1");
}

}  // namespace
}  // namespace p9::test
