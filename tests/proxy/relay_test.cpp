// Messages pass between a client and a connection of its own, as they are.
#include "tests/proxy/proxied.hpp"
#include "tests/proxy/raw_frames.hpp"

namespace p9::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class EachDialect : public ::testing::TestWithParam<Dialect> {};

TEST_P(EachDialect, AFileIsReadThroughTheProxy) {
    Proxied proxied;
    Peer client = proxied.client(GetParam());
    Names names;
    names.emplace_back("motd");
    EXPECT_THAT(client.rpc(1, Twalk{Fid{0}, Fid{1}, names}), HasSubstr("Rwalk tag=1"));
    if (GetParam() == Dialect::linux_) {
        EXPECT_THAT(client.rpc(2, Tlopen{Fid{1}, P9_O_RDONLY}), HasSubstr("Rlopen"));
    } else {
        EXPECT_THAT(client.rpc(2, Topen{Fid{1}, OREAD}), HasSubstr("Ropen"));
    }
    EXPECT_EQ(client.rpc(3, Tread{Fid{1}, 0, 100}), "Rread tag=3 data=[9 bytes \"Be well.\\n\"]");
    EXPECT_EQ(proxied.dialled, 1);
}

INSTANTIATE_TEST_SUITE_P(Relay, EachDialect, ::testing::Values(Dialect::base, Dialect::unix_, Dialect::linux_),
                         dialect_name);

TEST(Relay, WhatNobodyKnowsPassesUntouched) {
    Between between;
    Peer client = between.client();
    Peer server = between.server();
    // An unknown type, a Twalk that is cut off, one with bytes too many; and so back.
    for (const auto& [type, size] : {std::pair<u8, std::size_t>{200, 50}, {110, 9}, {120, 4000}, {0, 7}}) {
        client.send_bytes(frame(type, 5, size));
        EXPECT_EQ(next_bytes(between.loop(), server), frame(type, 5, size));
        server.send_bytes(frame(type, 6, size));
        EXPECT_EQ(next_bytes(between.loop(), client), frame(type, 6, size));
    }
}

TEST(Relay, LargeAndSmallMessagesKeepTheirOrder) {
    Between between;
    Peer client = between.client();
    Peer server = between.server();
    agree(client, server, 1 << 20);
    ByteVector all;
    const std::size_t sizes[] = {7, 8000, 9000, 20, 100'000, 7, 8192, 8193, 70'000, 30};
    for (const std::size_t size : sizes) {
        const ByteVector one = frame(116, static_cast<u16>(size), size);
        all.insert(all.end(), one.begin(), one.end());
    }
    auto sending = between.loop().start(client.transport().send(all));
    for (const std::size_t size : sizes)
        EXPECT_TRUE(next_bytes(between.loop(), server) == frame(116, static_cast<u16>(size), size)) << size;
    must(sending.get());
}

TEST(Relay, MoreThanTheAgreedMsizeEndsTheConnection) {
    Between between;
    Peer client = between.client();
    Peer server = between.server();
    agree(client, server, 8192);
    client.send_bytes(frame(118, 1, 9000));
    EXPECT_EQ(client.next(), "closed");
    EXPECT_EQ(server.next(), "closed");
    ASSERT_EQ(between.log.size(), 1u);
    EXPECT_THAT(between.log[0], HasSubstr("a message of 9000 bytes; at most 8192 were agreed on"));
}

TEST(Relay, AServerMayNotRaiseTheMsize) {
    Between between;
    Peer client = between.client();
    Peer server = between.server();
    client.send(number(NOTAG), Tversion{8192, "9P2000.L"});
    EXPECT_THAT(server.next(), HasSubstr("msize=8192"));
    server.send(number(NOTAG), Rversion{1 << 20, "9P2000.L"});
    EXPECT_THAT(client.next(), HasSubstr("msize=1048576"));
    server.send_bytes(frame(117, 1, 10'000));
    EXPECT_EQ(client.next(), "closed");
    EXPECT_THAT(between.log.back(), HasSubstr("a message of 10000 bytes; at most 8192"));
}

TEST(Relay, TheMsizeOptionLowersTversion) {
    proxy::ProxyOptions options;
    options.msize = 4096;
    Between between(options);
    Peer client = between.client();
    Peer server = between.server();
    client.send(number(NOTAG), Tversion{8192, "9P2000"});
    EXPECT_EQ(server.next(), "Tversion tag=NOTAG msize=4096 version=\"9P2000\"");
}

TEST(Relay, GarbageEndsTheConnectionWithOneLine) {
    Between between;
    Peer client = between.client();
    Peer server = between.server();
    client.send_bytes(ByteVector{'G', 'E', 'T', ' ', '/', ' ', 'H', 'T', 'T', 'P'});
    EXPECT_EQ(client.next(), "closed");
    EXPECT_EQ(server.next(), "closed");
    ASSERT_EQ(between.log.size(), 1u);
    EXPECT_THAT(between.log[0], HasSubstr("a message of 542393671 bytes; at most 65536 were agreed on"));
}

TEST(Relay, WhatAClientSentBeforeItWentArrives) {
    Between between;
    Peer client = between.client();
    Peer server = between.server();
    client.send(1, Tclunk{Fid{1}});
    client.close();
    EXPECT_EQ(server.next(), "Tclunk tag=1 fid=1");
    EXPECT_EQ(server.next(), "closed");
    EXPECT_TRUE(between.log.empty());
}

TEST(Relay, WhatAServerSentBeforeItWentArrives) {
    Between between;
    Peer client = between.client();
    Peer server = between.server();
    server.send(1, Rclunk{});
    server.send_bytes(frame(117, 2, 60'000));
    server.close();
    EXPECT_EQ(client.next(), "Rclunk tag=1");
    EXPECT_EQ(next_bytes(between.loop(), client).size(), 60'000u);
    EXPECT_EQ(client.next(), "closed");
    ASSERT_EQ(between.log.size(), 1u);
    EXPECT_THAT(between.log[0], HasSubstr("the server is gone: "));
}

TEST(Relay, AServerThatCannotBeDialledEndsTheClient) {
    Between between;
    between.refusing = true;
    Peer client = between.client();
    EXPECT_EQ(client.next(), "closed");
    ASSERT_EQ(between.log.size(), 1u);
    EXPECT_THAT(between.log[0], ::testing::EndsWith(": the server: not today"));
}

TEST(Relay, AClientThatDoesNotReadHoldsUpItsServer) {
    proxy::ProxyOptions options;
    options.limits.queue = 256 << 10;
    Between between(options);
    Peer client = between.client();
    Peer server = between.server();
    agree(client, server, 64 << 10);
    ByteVector all;
    for (int i = 0; i < 200; ++i) {
        const ByteVector one = frame(117, static_cast<u16>(i), 60'000);
        all.insert(all.end(), one.begin(), one.end());
    }
    auto sending = between.loop().start(server.transport().send(all));
    between.loop().settle();
    EXPECT_FALSE(sending.done()) << "12 MB have gone somewhere";
    for (int i = 0; i < 200; ++i)
        ASSERT_TRUE(next_bytes(between.loop(), client) == frame(117, static_cast<u16>(i), 60'000)) << i;
    must(sending.get());
}

TEST(Relay, DelayedMessagesKeepTheirOrderAndComeLater) {
    proxy::ProxyOptions options;
    options.delay = std::chrono::milliseconds(30);
    Between between(options);
    Peer client = between.client();
    Peer server = between.server();
    const auto begin = Clock::now();
    for (u16 i = 0; i < 20; ++i) client.send(i, Tclunk{Fid{i}});
    for (u16 i = 0; i < 20; ++i)
        EXPECT_EQ(server.next(), "Tclunk tag=" + std::to_string(i) + " fid=" + std::to_string(i));
    EXPECT_GE(Clock::now() - begin, options.delay);
    const auto back = Clock::now();
    server.send(1, Rclunk{});
    EXPECT_EQ(client.next(), "Rclunk tag=1");
    EXPECT_GE(Clock::now() - back, options.delay);
}

TEST(Relay, DropAfterCutsBothEnds) {
    proxy::ProxyOptions options;
    options.drop_after = 3;
    Between between(options);
    for (int round = 0; round < 2; ++round) {
        Peer client = between.client();
        Peer server = between.server();
        ByteVector four;
        for (u16 i = 1; i <= 4; ++i) ASSERT_TRUE(encode(four, Tag{i}, Tclunk{Fid{i}}, Dialect::linux_));
        client.send_bytes(four);
        for (int i = 1; i <= 3; ++i) EXPECT_THAT(server.next(), HasSubstr("fid=" + std::to_string(i)));
        EXPECT_EQ(server.next(), "closed");
        EXPECT_EQ(client.next(), "closed");
    }
    EXPECT_TRUE(between.log.empty());
}

}  // namespace
}  // namespace p9::test
