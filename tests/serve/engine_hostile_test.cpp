// Clients that send garbage, or half of something, or go away: they harm nobody else and leave nothing behind.
#include "tests/serve/served.hpp"

#include "p9/transports/listen.hpp"
#include "tools/p9serve/memory.hpp"

#include <dirent.h>
#include <sys/un.h>
#include <unistd.h>

namespace p9::test {
namespace {

std::size_t open_descriptors() {
    std::size_t count = 0;
    DIR* const directory = opendir("/proc/self/fd");
    while (readdir(directory) != nullptr) ++count;
    closedir(directory);
    return count;
}

class EngineHostile : public ::testing::Test {
protected:
    // What the hostile one must not disturb.
    void expect_innocent_served() {
        EXPECT_TRUE(innocent_.rpc(9, Tgetattr{Fid{0}, GETATTR_BASIC}).starts_with("Rgetattr"));
    }
    void expect_gone(std::size_t connections = 1) {
        EXPECT_TRUE(served_.loop.run_until([&] { return served_.server.connections() == connections; }));
        expect_innocent_served();
    }

    Served<BellTree> served_;
    Peer innocent_ = served_.raw(Dialect::linux_);
};

TEST_F(EngineHostile, AnImpossibleSizeEndsTheConnection) {
    for (const u32 size : {0u, 6u, 8193u, 0xffffffffu}) {
        Peer peer = served_.raw(Dialect::linux_);
        const u8 bytes[] = {static_cast<u8>(size),
                            static_cast<u8>(size >> 8),
                            static_cast<u8>(size >> 16),
                            static_cast<u8>(size >> 24),
                            Tclunk::type,
                            1,
                            0};
        peer.send_bytes(bytes);
        EXPECT_EQ(peer.next(), "closed");
        expect_gone();
    }
    EXPECT_EQ(served_.log.size(), 4u);
}

TEST_F(EngineHostile, AReplyInsteadOfARequestEndsTheConnection) {
    Peer peer = served_.raw(Dialect::linux_);
    peer.send(1, Rclunk{});
    EXPECT_EQ(peer.next(), "closed");
    expect_gone();
    ASSERT_EQ(served_.log.size(), 1u);
    EXPECT_NE(served_.log[0].find("a reply, Rclunk, where requests are expected"), std::string::npos) << served_.log[0];
}

TEST_F(EngineHostile, ATagThatIsInUseEndsTheConnection) {
    Peer peer = served_.raw(Dialect::linux_);
    Names bell;
    bell.emplace_back("bell");
    peer.rpc(1, Twalk{Fid{0}, Fid{1}, bell});
    peer.rpc(1, Tlopen{Fid{1}, P9_O_RDONLY});
    peer.send(7, Tread{Fid{1}, 0, 10});
    ASSERT_TRUE(served_.loop.run_until([&] { return served_.tree.waiters && served_.tree.waiters->size() == 1; }));
    peer.send(7, Tclunk{Fid{1}});
    EXPECT_EQ(peer.next(), "closed");
    expect_gone();
    EXPECT_EQ(served_.tree.open_files, 0);
}

TEST_F(EngineHostile, AMalformedRequestIsRefusedAndTheConversationGoesOn) {
    Peer peer = served_.raw(Dialect::unix_);
    // Twalk with 17 names, all of them missing.
    const u8 walk[] = {17, 0, 0, 0, Twalk::type, 5, 0, 0, 0, 0, 0, 1, 0, 0, 0, 17, 0};
    peer.send_bytes(walk);
    EXPECT_EQ(peer.next(), "Rerror tag=5 ename=\"malformed Twalk\" ecode=22");
    const u8 clunk[] = {8, 0, 0, 0, Tclunk::type, 6, 0, 0};
    peer.send_bytes(clunk);
    EXPECT_EQ(peer.next(), "Rerror tag=6 ename=\"malformed Tclunk\" ecode=22");
    // A Twrite whose count says more than there is.
    const u8 write[] = {24, 0, 0, 0, Twrite::type, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 99, 0, 0, 0, 1};
    peer.send_bytes(write);
    EXPECT_EQ(peer.next(), "Rerror tag=7 ename=\"malformed Twrite\" ecode=22");
    EXPECT_TRUE(peer.rpc(8, Tstat{Fid{0}}).starts_with("Rstat"));
}

TEST_F(EngineHostile, HalfAMessageAndThenTheEndLeavesNothing) {
    Peer peer = served_.raw(Dialect::linux_);
    const u8 half[] = {100, 0, 0, 0, Twrite::type, 1, 0, 1, 2};
    peer.send_bytes(half);
    served_.loop.settle();
    peer.close();
    expect_gone();
}

TEST_F(EngineHostile, RandomBytesHarmNobody) {
    std::uint32_t state = 12345;
    const auto random = [&] { return static_cast<u8>((state = state * 1664525 + 1013904223) >> 24); };
    for (int i = 0; i < 300; ++i) {
        Peer peer = i % 2 == 0 ? served_.raw() : served_.raw(Dialect{static_cast<u8>(i / 2 % 3)});
        ByteVector bytes(64);
        for (u8& byte : bytes) byte = random();
        if (i % 3 == 0) {  // a plausible header
            bytes[0] = 64, bytes[1] = bytes[2] = bytes[3] = 0;
            bytes[4] = static_cast<u8>((bytes[4] % 64) * 2);
        }
        peer.send_bytes(bytes);
        served_.loop.settle();
        peer.close();
    }
    expect_gone();
    EXPECT_EQ(served_.tree.open_files, 0);
}

TEST_F(EngineHostile, AClientThatDoesNotGreetIsShownTheDoor) {
    serve::ServerOptions options;
    options.handshake_timeout = std::chrono::milliseconds(1);
    Served<BellTree> served(options);
    Peer peer = served.raw();
    EXPECT_EQ(peer.next(), "closed");
    ASSERT_EQ(served.log.size(), 1u);
    EXPECT_NE(served.log[0].find("no Tversion"), std::string::npos) << served.log[0];
}

// A client that asks and asks and does not read: the server stops reading from it, and others go on.
TEST_F(EngineHostile, AClientThatDoesNotReadIsNotServedWithoutEnd) {
    Peer peer = served_.raw(Dialect::linux_);
    ByteVector requests;
    for (int i = 0; i < 200'000; ++i)
        ASSERT_TRUE(encode(requests, Tag{1}, Tgetattr{Fid{0}, GETATTR_BASIC}, Dialect::linux_));
    bool sent = false;
    spawn(served_.loop.executor(), [](Peer& p, ByteVector& bytes, bool& done) -> awaitable<void> {
        auto sending = p.transport().send(bytes);
        const auto result = co_await std::move(sending);
        done = result.has_value();
    }(peer, requests, sent));
    served_.loop.settle();
    EXPECT_FALSE(sent);
    expect_innocent_served();
    peer.close();
    expect_gone();
}

TEST_F(EngineHostile, WritesThatWaitHoldABoundedAmount) {
    served_.tree.hold_writes = true;
    Peer peer = served_.raw(Dialect::linux_);
    Names slate;
    slate.emplace_back("slate");
    peer.rpc(1, Twalk{Fid{0}, Fid{1}, slate});
    peer.rpc(1, Tlopen{Fid{1}, P9_O_WRONLY});
    const ByteVector data(8000);
    Twrite write{Fid{1}, 0, {}};
    write.data = Payload(Bytes(data));
    const auto most = static_cast<u16>((64 << 20) / data.size());
    for (u16 i = 0; i <= most; ++i) {
        peer.send(static_cast<u16>(i + 10), write);
        if (i % 16 == 0) served_.loop.settle();
    }
    EXPECT_EQ(peer.next(), "Rlerror tag=" + std::to_string(most + 10) + " ecode=11");
    EXPECT_EQ(peer.rpc(1, Tflush{Tag{10}}), "Rflush tag=1");
    peer.send(10, write);
    EXPECT_TRUE(peer.silent());
}

TEST_F(EngineHostile, ExtendedAttributesOnTheirWayAreCounted) {
    Served<serve::MemoryTree> served;
    Peer peer = served.raw(Dialect::linux_);
    for (u32 fid = 1; fid <= 1001; ++fid) {
        peer.rpc(1, Twalk{Fid{0}, Fid{fid}, {}});
        EXPECT_EQ(peer.rpc(1, Txattrcreate{Fid{fid}, "user.x", 65536, 0}),
                  fid <= 1000 ? "Rxattrcreate tag=1" : "Rlerror tag=1 ecode=24");
    }
    peer.rpc(1, Tclunk{Fid{1}});
    EXPECT_EQ(peer.rpc(1, Txattrcreate{Fid{1001}, "user.x", 65536, 0}), "Rxattrcreate tag=1");
}

TEST_F(EngineHostile, ConnectionsHaveALimit) {
    serve::ServerOptions options;
    options.max_connections = 2;
    Served<BellTree> served(options);
    auto listener =
        must(served.loop.run(listen(*parse_listen_address("unix!@p9-test-limit-" + std::to_string(getpid())))));
    const Address address = listener->address();
    served.server.listen(std::move(listener));
    std::vector<Peer> peers;
    for (int i = 0; i < 2; ++i) {
        peers.emplace_back(served.loop, must(served.loop.run(dial(address))));
        peers.back().begin();
    }
    Peer late(served.loop, must(served.loop.run(dial(address))));
    EXPECT_EQ(late.next(), "closed");
    peers[0].close();
    ASSERT_TRUE(served.loop.run_until([&] { return served.server.connections() == 1; }));
    Peer next(served.loop, must(served.loop.run(dial(address))));
    next.begin();
}

TEST_F(EngineHostile, TenThousandConnectionsOpenedAndDroppedLeaveNothing) {
    const std::string name = "p9-test-drop-" + std::to_string(getpid());
    served_.server.listen(must(served_.loop.run(listen(*parse_listen_address("unix!@" + name)))));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::copy(name.begin(), name.end(), address.sun_path + 1);
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
    ByteVector greeting;
    ASSERT_TRUE(encode(greeting, NOTAG, Tversion{8192, "9P2000.L"}, Dialect::linux_));
    served_.loop.settle();
    const std::size_t before = open_descriptors();
    for (int i = 0; i < 10'000; ++i) {
        const int client = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        ASSERT_EQ(connect(client, reinterpret_cast<const sockaddr*>(&address), size), 0) << i;
        // Nothing, half of a Tversion, a whole one, or one and half a request.
        const std::size_t bytes = static_cast<std::size_t>(i % 3) * greeting.size() / 2;
        if (bytes != 0) {
            ASSERT_EQ(write(client, greeting.data(), bytes), static_cast<ssize_t>(bytes));
        }
        close(client);
        if (i % 50 == 49) served_.loop.settle();
    }
    expect_gone();
    EXPECT_EQ(open_descriptors(), before);
}

}  // namespace
}  // namespace p9::test
