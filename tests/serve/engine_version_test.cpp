// Versions, dialects, and what comes before and instead of them.
#include "tests/serve/served.hpp"

namespace p9::test {
namespace {

const u16 NO_TAG = number(NOTAG);

TEST(EngineVersion, GrantsTheSmallerMsizeAndTheDialectThatIsAskedFor) {
    Served<BellTree> served;
    for (const char* version : {"9P2000", "9P2000.u", "9P2000.L"}) {
        Peer peer = served.raw();
        EXPECT_EQ(peer.rpc(NO_TAG, Tversion{9000, version}),
                  std::string("Rversion tag=NOTAG msize=9000 version=\"") + version + '"');
    }
    Peer greedy = served.raw();
    EXPECT_EQ(greedy.rpc(NO_TAG, Tversion{0xffffffff, "9P2000.L"}),
              "Rversion tag=NOTAG msize=1048600 version=\"9P2000.L\"");
}

TEST(EngineVersion, AnUnknownVariantGetsTheBaseAndAnUnknownProtocolUnknown) {
    Served<BellTree> served;
    Peer peer = served.raw();
    EXPECT_EQ(peer.rpc(NO_TAG, Tversion{8192, "9P2000.e"}), "Rversion tag=NOTAG msize=8192 version=\"9P2000\"");
    EXPECT_EQ(peer.rpc(NO_TAG, Tversion{8192, "NFSv4"}), "Rversion tag=NOTAG msize=8192 version=\"unknown\"");
    EXPECT_EQ(peer.rpc(NO_TAG, Tversion{100, "9P2000"}), "Rversion tag=NOTAG msize=100 version=\"unknown\"");
}

// version(5) wants NOTAG; a client that errs is still told, and finds its answer by the tag that it chose.
TEST(EngineVersion, AnotherTagThanNotagIsAnsweredWithThatTag) {
    Served<BellTree> served;
    Peer peer = served.raw();
    EXPECT_EQ(peer.rpc(7, Tversion{8192, "9P2000.L"}), "Rversion tag=7 msize=8192 version=\"9P2000.L\"");
}

TEST(EngineVersion, OnlyTheDialectsOfTheOptionsAreSpoken) {
    serve::ServerOptions options;
    options.dialects = {Dialect::linux_};
    Served<BellTree> served(options);
    Peer peer = served.raw();
    EXPECT_EQ(peer.rpc(NO_TAG, Tversion{8192, "9P2000.u"}), "Rversion tag=NOTAG msize=8192 version=\"unknown\"");
    EXPECT_EQ(peer.rpc(NO_TAG, Tversion{8192, "9P2000.L"}), "Rversion tag=NOTAG msize=8192 version=\"9P2000.L\"");
}

TEST(EngineVersion, ARequestBeforeTversionIsRefused) {
    Served<BellTree> served;
    Peer peer = served.raw();
    peer.dialect = Dialect::base;
    EXPECT_EQ(peer.rpc(1, Tattach{Fid{0}, NOFID, "glenda", ""}),
              "Rerror tag=1 ename=\"a conversation begins with Tversion\"");
}

TEST(EngineVersion, ASecondTversionEndsFidsAndRequestsWithoutAnswers) {
    Served<BellTree> served;
    Peer peer = served.raw(Dialect::linux_);
    Names bell;
    bell.emplace_back("bell");
    peer.rpc(1, Twalk{Fid{0}, Fid{1}, bell});
    peer.rpc(1, Tlopen{Fid{1}, P9_O_RDONLY});
    peer.send(7, Tread{Fid{1}, 0, 100});
    ASSERT_TRUE(served.loop.run_until([&] { return served.tree.waiters && served.tree.waiters->size() == 1; }));
    EXPECT_EQ(peer.rpc(NO_TAG, Tversion{8192, "9P2000.L"}), "Rversion tag=NOTAG msize=8192 version=\"9P2000.L\"");
    EXPECT_EQ(peer.rpc(7, Tgetattr{Fid{0}, GETATTR_BASIC}), "Rlerror tag=7 ecode=9");
    EXPECT_EQ(served.tree.waiters->size(), 0u);
    EXPECT_EQ(served.tree.open_files, 0);
}

TEST(EngineVersion, ARequestOfAnotherDialectIsRefusedAndTheConversationGoesOn) {
    Served<BellTree> served;
    Peer peer = served.raw(Dialect::unix_);
    ByteVector lopen;
    ASSERT_TRUE(encode(lopen, Tag{5}, Tlopen{Fid{0}, 0}, Dialect::linux_));
    peer.send_bytes(lopen);
    EXPECT_EQ(peer.next(), "Rerror tag=5 ename=\"Tlopen is not a request of 9P2000.u\" ecode=95");
    const u8 unknown[] = {7, 0, 0, 0, 98, 6, 0};
    peer.send_bytes(unknown);
    EXPECT_EQ(peer.next(), "Rerror tag=6 ename=\"type 98 is not a request of 9P2000.u\" ecode=95");
    EXPECT_TRUE(peer.rpc(7, Tstat{Fid{0}}).starts_with("Rstat"));
}

TEST(EngineVersion, TauthIsAnsweredWithEnoentWhichDiodsToolsWant) {
    Served<BellTree> served;
    Peer peer = served.raw(Dialect::linux_);
    EXPECT_EQ(peer.rpc(2, Tauth{Fid{9}, "glenda", "", 1000}), "Rlerror tag=2 ecode=2");
    EXPECT_EQ(peer.rpc(2, Tattach{Fid{9}, Fid{8}, "glenda", "", 1000}), "Rlerror tag=2 ecode=9");
}

TEST(EngineVersion, AConnectionForOneUserIsHisWhateverItSays) {
    Served<BellTree> served;
    Peer peer(served.loop, served.connect("sd-driver"));
    peer.begin(Dialect::base);
    EXPECT_EQ(served.tree.last_user, "sd-driver");
}

}  // namespace
}  // namespace p9::test
