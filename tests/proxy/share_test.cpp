// Several clients on one connection, before p9serve's engine.
#include "tests/proxy/proxied.hpp"

namespace p9::test {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

Names one(const char* name) {
    Names names;
    names.emplace_back(name);
    return names;
}

TEST(Share, TheSameFidsAndTagsAreDifferentFiles) {
    Proxied proxied(sharing());
    Peer first = proxied.client(Dialect::linux_);
    Peer second = proxied.client(Dialect::linux_);
    open_file(first, 1, "motd");
    open_file(second, 1, "slate");
    EXPECT_EQ(first.rpc(7, Tread{Fid{1}, 0, 100}), "Rread tag=7 data=[9 bytes \"Be well.\\n\"]");
    EXPECT_EQ(second.rpc(7, Tread{Fid{1}, 0, 100}), "Rread tag=7 data=[5 bytes \"empty\"]");
    EXPECT_EQ(proxied.dialled, 1);
    EXPECT_EQ(proxied.served.server.connections(), 1u);
}

class ShareDialect : public ::testing::TestWithParam<Dialect> {
protected:
    static proxy::ProxyOptions options() {
        auto options = sharing();
        options.dialects = {GetParam()};
        return options;
    }
    static std::string error(u16 tag, const std::string& words, int number) {
        const std::string head = "tag=" + std::to_string(tag);
        if (GetParam() == Dialect::linux_) return "Rlerror " + head + " ecode=" + std::to_string(number);
        return "Rerror " + head + " ename=\"" + words + '"' +
               (GetParam() == Dialect::unix_ ? " ecode=" + std::to_string(number) : "");
    }
};

TEST_P(ShareDialect, WhatTheProxyRefusesItRefusesInTheDialect) {
    Proxied proxied(options());
    Peer first = proxied.client(GetParam());
    Peer second = proxied.client(GetParam());
    EXPECT_THAT(first.rpc(1, Twalk{Fid{0}, Fid{5}, {}}), HasSubstr("Rwalk"));
    EXPECT_EQ(second.rpc(2, Tclunk{Fid{5}}), error(2, "unknown fid 5", EBADF));
    EXPECT_EQ(second.rpc(2, Tclunk{NOFID}), error(2, "unknown NOFID", EBADF));
    EXPECT_EQ(second.rpc(2, Twalk{Fid{0}, Fid{0}, one("nowhere")}).substr(0, 2), "R" + error(2, "", 0).substr(1, 1));
    EXPECT_EQ(first.rpc(3, Twalk{Fid{0}, Fid{5}, {}}), error(3, "fid 5 is in use", EBADF));
    EXPECT_EQ(first.rpc(3, Twalk{Fid{0}, NOFID, {}}), error(3, "NOFID cannot be made a fid", EBADF));
    EXPECT_EQ(first.rpc(3, Tattach{Fid{6}, Fid{77}, "u", "", 1}), error(3, "unknown fid 77", EBADF));
    EXPECT_THAT(first.rpc(3, Tclunk{Fid{5}}), HasSubstr("Rclunk tag=3"));
    EXPECT_EQ(first.rpc(3, Tclunk{Fid{5}}), error(3, "unknown fid 5", EBADF));
    first.send_bytes(ByteVector{9, 0, 0, 0, 120, 4, 0, 7, 0});
    EXPECT_EQ(first.next(), error(4, "malformed Tclunk", EINVAL));
    first.send_bytes(ByteVector{7, 0, 0, 0, 200, 4, 0});
    EXPECT_THAT(first.next(), StartsWith(error(4, "type 200 is not a request of", EOPNOTSUPP).substr(0, 20)));
}

TEST_P(ShareDialect, AnotherDialectIsUnknownAndAMemberOfTheFamilyTheBase) {
    Proxied proxied(options());
    for (const Dialect other : {Dialect::base, Dialect::unix_, Dialect::linux_}) {
        Peer client = proxied.client();
        const std::string reply = client.rpc(number(NOTAG), Tversion{8192, std::string(version_string(other))});
        const bool taken = other == GetParam() || GetParam() == Dialect::base;
        EXPECT_EQ(reply, "Rversion tag=NOTAG msize=8192 version=\"" +
                             std::string(taken ? version_string(GetParam()) : "unknown") + '"');
        // Who was not understood may ask again.
        EXPECT_THAT(client.rpc(number(NOTAG), Tversion{8192, std::string(version_string(GetParam()))}),
                    HasSubstr(version_string(GetParam())));
    }
}

INSTANTIATE_TEST_SUITE_P(Proxy, ShareDialect, ::testing::Values(Dialect::base, Dialect::unix_, Dialect::linux_),
                         dialect_name);

TEST(Share, AWalkThatStopsHalfwayMakesNoFid) {
    Proxied proxied(sharing());
    Peer client = proxied.client(Dialect::linux_);
    Names names = one("motd");
    names.emplace_back("nowhere");
    EXPECT_THAT(client.rpc(1, Twalk{Fid{0}, Fid{1}, names}), HasSubstr("Rwalk tag=1 wqid=[("));
    EXPECT_EQ(client.rpc(1, Tclunk{Fid{1}}), "Rlerror tag=1 ecode=9");
    EXPECT_THAT(client.rpc(1, Twalk{Fid{0}, Fid{1}, one("nowhere")}), HasSubstr("Rlerror"));
    EXPECT_THAT(client.rpc(1, Twalk{Fid{0}, Fid{1}, one("motd")}), HasSubstr("Rwalk"));
    EXPECT_THAT(client.rpc(1, Tgetattr{Fid{1}, GETATTR_BASIC}), HasSubstr("Rgetattr"));
}

TEST(Share, AWalkToItsOwnFidMovesIt) {
    Proxied proxied(sharing());
    Peer client = proxied.client(Dialect::linux_);
    EXPECT_THAT(client.rpc(1, Twalk{Fid{0}, Fid{0}, one("motd")}), HasSubstr("Rwalk"));
    EXPECT_THAT(client.rpc(1, Tlopen{Fid{0}, P9_O_RDONLY}), HasSubstr("Rlopen"));
    EXPECT_THAT(client.rpc(1, Tread{Fid{0}, 0, 100}), HasSubstr("Be well."));
    EXPECT_EQ(client.rpc(1, Tclunk{Fid{0}}), "Rclunk tag=1");
}

TEST(Share, AFidMayBeUsedBeforeItsWalkIsAnswered) {
    Proxied proxied(sharing());
    Peer client = proxied.client(Dialect::linux_);
    ByteVector all;
    ASSERT_TRUE(encode(all, Tag{1}, Twalk{Fid{0}, Fid{1}, one("motd")}, Dialect::linux_));
    ASSERT_TRUE(encode(all, Tag{2}, Tlopen{Fid{1}, P9_O_RDONLY}, Dialect::linux_));
    ASSERT_TRUE(encode(all, Tag{3}, Tread{Fid{1}, 0, 100}, Dialect::linux_));
    client.send_bytes(all);
    EXPECT_THAT(client.next(), HasSubstr("Rwalk tag=1"));
    EXPECT_THAT(client.next(), HasSubstr("tag=2"));  // p9serve may not have it yet
    EXPECT_THAT(client.next(), HasSubstr("tag=3"));
}

TEST(Share, ASecondTversionEndsFidsAndRequests) {
    Proxied proxied(sharing());
    Peer other = proxied.client(Dialect::linux_);
    Peer client = proxied.client(Dialect::linux_);
    open_file(other, 1, "motd");
    open_file(client, 1, "bell");
    client.send(10, Tread{Fid{1}, 0, 100});
    ASSERT_TRUE(proxied.readers(1));
    client.begin(Dialect::linux_);
    EXPECT_TRUE(proxied.readers(0));
    EXPECT_TRUE(proxied.loop().run_until([&] { return proxied.tree().open_files == 1; }));
    EXPECT_EQ(client.rpc(10, Tclunk{Fid{1}}), "Rlerror tag=10 ecode=9");
    EXPECT_THAT(other.rpc(1, Tread{Fid{1}, 0, 100}), HasSubstr("Be well."));
}

TEST(Share, AClientsDeathFlushesAndClunksWhatItHeld) {
    Proxied proxied(sharing());
    Peer other = proxied.client(Dialect::linux_);
    {
        Peer client = proxied.client(Dialect::linux_);
        open_file(client, 1, "bell");
        open_file(client, 2, "motd");
        for (u16 i = 0; i < 100; ++i) client.send(static_cast<u16>(100 + i), Tread{Fid{1}, 0, 100});
        ASSERT_TRUE(proxied.readers(100));
    }
    EXPECT_TRUE(proxied.readers(0));
    EXPECT_TRUE(proxied.loop().run_until([&] { return proxied.tree().open_files == 0; }));
    const auto& multiplexer = proxied.proxy->share().current()->multiplexer();
    EXPECT_TRUE(proxied.loop().run_until([&] { return multiplexer.in_flight() == 0; }));
    EXPECT_EQ(multiplexer.fids_in_use(), 1u) << "the other client's root";
    EXPECT_THAT(other.rpc(1, Tgetattr{Fid{0}, GETATTR_BASIC}), HasSubstr("Rgetattr"));
}

TEST(Share, TheServersEndClosesAllAndTheNextClientDialsAnew) {
    Proxied proxied(sharing());
    Peer first = proxied.client(Dialect::linux_);
    Peer second = proxied.client(Dialect::linux_);
    open_file(first, 1, "bell");
    first.send(10, Tread{Fid{1}, 0, 100});
    ASSERT_TRUE(proxied.readers(1));
    proxied.served.loop.run(proxied.served.server.stop());
    EXPECT_EQ(first.next(), "closed");
    EXPECT_EQ(second.next(), "closed");
    EXPECT_EQ(Proxying::count(proxied.log, "the shared connection is lost: the server: "), 1u);
    EXPECT_EQ(proxied.log.size(), 1u);
    Peer third = proxied.client(Dialect::linux_);
    EXPECT_THAT(third.rpc(1, Tgetattr{Fid{0}, GETATTR_BASIC}), HasSubstr("Rgetattr"));
    EXPECT_EQ(proxied.dialled, 2);
}

TEST(Share, TenThousandRequestsOfSeveralClients) {
    Proxied proxied(sharing());
    std::vector<Peer> clients;
    constexpr u16 each = 2000;
    for (int i = 0; i < 5; ++i) {
        clients.push_back(proxied.client(Dialect::linux_));
        open_file(clients.back(), 1, "bell");
    }
    for (u16 tag = 10; tag < 10 + each; ++tag)
        for (Peer& client : clients) client.send(tag, Tread{Fid{1}, 0, 100});
    ASSERT_TRUE(proxied.readers(5 * each));
    // One that is not held up by them.
    EXPECT_THAT(clients[2].rpc(5, Tgetattr{Fid{0}, GETATTR_BASIC}), HasSubstr("Rgetattr tag=5"));
    EXPECT_EQ(clients[4].rpc(5, Tflush{Tag{500}}), "Rflush tag=5");
    for (int i = 0; i < 5 * each - 1; ++i) proxied.tree().ring("ding " + std::to_string(i));
    for (std::size_t i = 0; i < clients.size(); ++i) {
        std::set<std::string> answers;
        for (int n = 0; n < each - (i == 4 ? 1 : 0); ++n) answers.insert(clients[i].next());
        EXPECT_EQ(answers.size(), i == 4 ? each - 1u : each) << "answers that are alike";
        EXPECT_TRUE(clients[i].silent());
    }
}

TEST(Share, TooManyRequestsAreRefusedAndHangNobody) {
    auto options = sharing();
    options.limits.requests = 10;
    Proxied proxied(options);
    Peer client = proxied.client(Dialect::linux_);
    Peer other = proxied.client(Dialect::linux_);
    open_file(client, 1, "bell");
    for (u16 i = 0; i < 10; ++i) client.send(static_cast<u16>(10 + i), Tread{Fid{1}, 0, 100});
    EXPECT_EQ(client.rpc(30, Tread{Fid{1}, 0, 100}), "Rlerror tag=30 ecode=" + std::to_string(EAGAIN));
    EXPECT_THAT(other.rpc(1, Tgetattr{Fid{0}, GETATTR_BASIC}), HasSubstr("Rgetattr"));
}

TEST(Share, TooManyFidsAreRefused) {
    auto options = sharing();
    options.limits.fids = 3;
    Proxied proxied(options);
    Peer client = proxied.client(Dialect::linux_);
    EXPECT_THAT(client.rpc(1, Twalk{Fid{0}, Fid{1}, {}}), HasSubstr("Rwalk"));
    EXPECT_THAT(client.rpc(1, Twalk{Fid{0}, Fid{2}, {}}), HasSubstr("Rwalk"));
    EXPECT_EQ(client.rpc(1, Twalk{Fid{0}, Fid{3}, {}}), "Rlerror tag=1 ecode=" + std::to_string(EMFILE));
}

TEST(Share, TheServersMsizeBoundsTheClientsAndReadsFitTheirs) {
    serve::ServerOptions small_messages;
    small_messages.msize = 64 << 10;
    Proxied proxied(sharing(), small_messages);
    Peer large = proxied.client();
    EXPECT_EQ(large.rpc(number(NOTAG), Tversion{1 << 20, "9P2000.L"}),
              "Rversion tag=NOTAG msize=65536 version=\"9P2000.L\"");
    Peer small = proxied.client();
    EXPECT_EQ(small.rpc(number(NOTAG), Tversion{512, "9P2000.L"}), "Rversion tag=NOTAG msize=512 version=\"9P2000.L\"");
    EXPECT_THAT(small.rpc(1, Tattach{Fid{0}, NOFID, "u", "", 1}), HasSubstr("Rattach"));
    proxied.tree().slate = std::string(5000, 'x');
    open_file(small, 1, "slate");
    EXPECT_THAT(small.rpc(1, Tread{Fid{1}, 0, 4000}), HasSubstr("data=[501 bytes"));
    EXPECT_EQ(small.rpc(number(NOTAG), Tversion{100, "9P2000.L"}), "Rversion tag=NOTAG msize=100 version=\"unknown\"");
}

}  // namespace
}  // namespace p9::test
