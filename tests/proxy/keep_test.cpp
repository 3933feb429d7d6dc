// A client that loses its connection goes on over another one (--keep).
#include "tests/proxy/proxied.hpp"

namespace p9::test {
namespace {

using ::testing::HasSubstr;

proxy::ProxyOptions keeping(std::chrono::milliseconds time = std::chrono::hours(1)) {
    proxy::ProxyOptions options;
    options.keep = time;
    return options;
}

void lose(Proxying& proxying, Peer& client) {
    client.close();
    ASSERT_TRUE(proxying.loop().run_until([&] { return proxying.proxy->kept() == 1; }));
}

class Keep : public ::testing::TestWithParam<bool> {
protected:
    proxy::ProxyOptions options(std::chrono::milliseconds time = std::chrono::hours(1)) const {
        auto options = keeping(time);
        options.share = GetParam();
        return options;
    }
};

TEST_P(Keep, TheNextClientGoesOnWithFidsAndRequests) {
    Proxied proxied(options());
    Peer first = proxied.client(Dialect::linux_);
    open_file(first, 1, "bell");
    first.send(10, Tread{Fid{1}, 0, 100});
    ASSERT_TRUE(proxied.readers(1));
    lose(proxied, first);
    EXPECT_EQ(proxied.served.server.connections(), 1u);
    Peer second = proxied.client();
    EXPECT_THAT(second.rpc(11, Tgetattr{Fid{1}, GETATTR_BASIC}), HasSubstr("Rgetattr tag=11"));
    proxied.tree().ring("ding");
    EXPECT_EQ(second.next(), "Rread tag=10 data=[4 bytes \"ding\"]");
    EXPECT_EQ(proxied.dialled, 1);
    EXPECT_EQ(proxied.proxy->kept(), 0u);
}

TEST_P(Keep, RepliesThatCameMeanwhileAreDelivered) {
    Proxied proxied(options());
    Peer first = proxied.client(Dialect::linux_);
    open_file(first, 1, "bell");
    first.send(10, Tread{Fid{1}, 0, 100});
    ASSERT_TRUE(proxied.readers(1));
    lose(proxied, first);
    proxied.tree().ring("ding");
    ASSERT_TRUE(proxied.readers(0));
    proxied.loop().settle();
    Peer second = proxied.client();
    second.send(11, Tclunk{Fid{1}});
    EXPECT_EQ(second.next(), "Rread tag=10 data=[4 bytes \"ding\"]");
    EXPECT_EQ(second.next(), "Rclunk tag=11");
}

TEST_P(Keep, WhoDoesNotComeBackIsGivenUp) {
    Proxied proxied(options(std::chrono::milliseconds(1)));
    Peer first = proxied.client(Dialect::linux_);
    open_file(first, 1, "bell");
    first.send(10, Tread{Fid{1}, 0, 100});
    ASSERT_TRUE(proxied.readers(1));
    first.close();
    EXPECT_TRUE(proxied.logs("did not come back in time (--keep)"));
    EXPECT_TRUE(proxied.readers(0));
    EXPECT_TRUE(proxied.loop().run_until([&] { return proxied.tree().open_files == 0; }));
}

INSTANTIATE_TEST_SUITE_P(Proxy, Keep, ::testing::Bool(),
                         [](const auto& share) { return std::string(share.param ? "Shared" : "Relayed"); });

TEST(KeepRelayed, TversionBeginsAnewAndTheKeptOneStays) {
    Between between(keeping());
    Peer first = between.client();
    first.send(number(NOTAG), Tversion{8192, "9P2000.L"});
    Peer old = between.server();
    EXPECT_THAT(old.next(), HasSubstr("Tversion"));
    lose(between, first);
    Peer second = between.client();
    second.send(number(NOTAG), Tversion{8192, "9P2000.L"});
    Peer anew = between.server();
    EXPECT_THAT(anew.next(), HasSubstr("Tversion"));
    Peer third = between.client();
    third.send(5, Tclunk{Fid{5}});
    EXPECT_EQ(old.next(), "Tclunk tag=5 fid=5");
}

TEST(KeepRelayed, AServerForOneConnectionIsFreedForWhoBeginsAnew) {
    auto options = keeping();
    options.one_connection = true;
    Between between(options);
    Peer first = between.client();
    first.send(number(NOTAG), Tversion{8192, "9P2000.L"});
    Peer old = between.server();
    EXPECT_THAT(old.next(), HasSubstr("Tversion"));
    lose(between, first);
    Peer second = between.client();
    second.send(number(NOTAG), Tversion{8192, "9P2000.L"});
    EXPECT_EQ(old.next(), "closed");
    EXPECT_THAT(between.server().next(), HasSubstr("Tversion"));
    EXPECT_TRUE(between.logs("the server takes one at a time"));
}

TEST(KeepRelayed, TheServersEndIsTheEndOfWhatIsKept) {
    Between between(keeping());
    Peer first = between.client();
    first.send(1, Tclunk{Fid{1}});
    Peer server = between.server();
    EXPECT_EQ(server.next(), "Tclunk tag=1 fid=1");
    lose(between, first);
    server.close();
    EXPECT_TRUE(between.logs("the server is gone"));
    EXPECT_EQ(between.proxy->kept(), 0u);
}

TEST(KeepRelayed, WithoutAnythingKeptTheServerJudges) {
    Proxied proxied(keeping());
    Peer client = proxied.client();
    client.dialect = Dialect::base;
    EXPECT_EQ(client.rpc(1, Tclunk{Fid{1}}), "Rerror tag=1 ename=\"a conversation begins with Tversion\"");
    EXPECT_TRUE(proxied.logs("begins without Tversion, and no connection to the server is kept (--keep)"));
}

TEST(KeepRelayed, WhoWasCutOffByDropAfterGoesOn) {
    auto options = keeping();
    options.drop_after = 4;
    Proxied proxied(options);
    Peer first = proxied.client(Dialect::linux_);  // Tversion, Tattach
    Names names;
    names.emplace_back("motd");
    EXPECT_THAT(first.rpc(1, Twalk{Fid{0}, Fid{1}, names}), HasSubstr("Rwalk"));
    first.send(1, Tlopen{Fid{1}, P9_O_RDONLY});
    const std::string opened = first.next();
    ASSERT_TRUE(proxied.loop().run_until([&] { return proxied.proxy->kept() == 1; }));
    Peer second = proxied.client();
    second.send(2, Tread{Fid{1}, 0, 100});
    // The answer to the last message came before the cut, or waited.
    if (opened == "closed") {
        EXPECT_THAT(second.next(), HasSubstr("Rlopen tag=1"));
    }
    EXPECT_EQ(second.next(), "Rread tag=2 data=[9 bytes \"Be well.\\n\"]");
    EXPECT_EQ(proxied.dialled, 1);
}

}  // namespace
}  // namespace p9::test
