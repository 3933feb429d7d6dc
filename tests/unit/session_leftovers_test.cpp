// The version exchange on a transport that may bring bytes of an earlier conversation: a virtio-serial port.
#include "tests/support/session_fixture.hpp"

namespace p9::test {
namespace {

class Leftovers : public ::testing::Test {
protected:
    Leftovers() { network.leave_leftovers(); }

    Pending<SessionResult> start() { return loop.start(Session::open(network.dialler(), options)); }
    static Rversion answer() { return {8192, "9P2000.L"}; }
    static std::vector<u8> old_read(u32 size) {
        std::vector<u8> bytes = bytes_of(Tag{3}, Rread{Payload(Bytes())}, Dialect::linux_);
        bytes.resize(size);
        for (int i = 0; i < 4; ++i) bytes[i] = static_cast<u8>(size >> 8 * i);
        return bytes;
    }

    Loop loop;
    ScriptedServer network{loop};
    SessionOptions options;
};

TEST_F(Leftovers, RepliesOfAnEarlierConversationAreSkipped) {
    auto opening = start();
    ServerEnd server = network.accept();
    const auto version = server.expect<Tversion>();
    server.reply_bytes(old_read(options.msize));
    server.refuse(Tag{7}, 2);
    server.reply(Tag{9}, Rclunk{});
    server.reply(version.tag, answer());
    const auto session = opening.get();
    ASSERT_TRUE(session) << outcome(session);
    EXPECT_EQ(network.dialled(), 1u);
}

TEST_F(Leftovers, ARefusalIsNoLeftover) {
    options.dialects = {Dialect::linux_};
    auto opening = start();
    ServerEnd server = network.accept();
    server.refuse(server.expect<Tversion>().tag, 95);
    const auto session = opening.get();
    ASSERT_FALSE(session);
    EXPECT_EQ(session.error().code, code(errc::handshake_failed)) << outcome(session);
    EXPECT_EQ(network.dialled(), 1u);
}

TEST_F(Leftovers, AnOlderDialectIsOfferedOnTheSameConnection) {
    auto opening = start();
    ServerEnd server = network.accept();
    server.reply(server.expect<Tversion>().tag, Rversion{8192, "unknown"});
    const auto second = server.expect<Tversion>();
    EXPECT_EQ(second.message.version, "9P2000.u");
    server.reply(second.tag, Rversion{8192, "9P2000.u"});
    const auto session = opening.get();
    ASSERT_TRUE(session) << outcome(session);
    EXPECT_EQ((*session)->dialect(), Dialect::unix_);
    EXPECT_EQ(network.dialled(), 1u);
}

TEST_F(Leftovers, AfterGarbageAndAfterSilenceItBeginsAgain) {
    options.version_timeout = std::chrono::milliseconds(5);
    auto opening = start();
    ServerEnd garbled = network.accept();
    (void)garbled.expect<Tversion>();
    garbled.reply_bytes(old_read(options.msize + 1));
    garbled.expect_closed();
    ServerEnd silent = network.accept();
    EXPECT_EQ(silent.expect<Tversion>().message.version, "9P2000.L");
    silent.close();
    ServerEnd server = network.accept();
    const auto version = server.expect<Tversion>();
    EXPECT_EQ(version.message.version, "9P2000.L");
    server.reply(version.tag, answer());
    const auto session = opening.get();
    ASSERT_TRUE(session) << outcome(session);
    EXPECT_EQ(network.dialled(), 3u);
}

TEST_F(Leftovers, SilenceToTheEndIsOutOfTime) {
    options.version_timeout = std::chrono::milliseconds(5);
    options.port_timeout = std::chrono::milliseconds(600);
    auto opening = start();
    ServerEnd first = network.accept();
    first.expect_closed();
    (void)network.accept();  // and says nothing either
    const auto session = opening.get();
    ASSERT_FALSE(session);
    EXPECT_EQ(session.error().code, code(errc::timed_out));
    EXPECT_EQ(session.error().message(), "no answer to Tversion 9P2000.L");
}

TEST_F(Leftovers, GarbageToTheEndIsABrokenProtocol) {
    options.port_timeout = std::chrono::milliseconds(400);  // less than the pause before the next try
    auto opening = start();
    ServerEnd server = network.accept();
    (void)server.expect<Tversion>();
    server.reply_bytes({'l', 'o', 'g', 'i', 'n', ':', ' '});
    const auto session = opening.get();
    ASSERT_FALSE(session);
    EXPECT_EQ(session.error().code, code(errc::protocol_violation)) << outcome(session);
    EXPECT_EQ(network.dialled(), 1u);
}

TEST_F(Leftovers, APortThatIsGoneMeanwhileIsTheError) {
    auto opening = start();
    ServerEnd server = network.accept();
    (void)server.expect<Tversion>();
    network.refuse_connections();
    server.close();
    const auto session = opening.get();
    ASSERT_FALSE(session);
    EXPECT_EQ(session.error().message(), "script: connection refused");
}

TEST_F(Leftovers, CancellingEndsThePause) {
    auto opening = start();
    ServerEnd server = network.accept();
    (void)server.expect<Tversion>();
    server.close();
    server.expect_closed();
    opening.cancel();
    const auto session = opening.get();
    ASSERT_FALSE(session);
    EXPECT_EQ(session.error().code, code(errc::cancelled)) << outcome(session);
    EXPECT_EQ(network.dialled(), 1u);
}

TEST_F(Leftovers, TheAnswerToAnEarlierTryIsIgnoredLater) {
    auto opening = start();
    ServerEnd server = network.accept();
    const auto version = server.expect<Tversion>();
    server.reply(version.tag, answer());
    server.reply(version.tag, answer());
    const auto session = opening.get();
    ASSERT_TRUE(session) << outcome(session);
    (void)server.expect<Tflush>();
    auto clunk = loop.start((*session)->rpc<Tclunk>(Fid{1}));
    server.reply(server.expect<Tclunk>().tag, Rclunk{});
    const auto clunked = clunk.get();
    EXPECT_TRUE(clunked) << outcome(clunked);
}

/// A session on such a transport, and the Tflush of nothing that it begins with.
class Probes : public Leftovers {
protected:
    Probes() {
        auto opening = start();
        server.emplace(network.accept());
        server->reply(server->expect<Tversion>().tag, answer());
        session = *opening.get();
        first = server->expect<Tflush>();
        EXPECT_EQ(first.message.oldtag, NOTAG);
    }
    /// A request that the server refuses like one that has begun anew, or like one whose disk is broken.
    void be_refused() {
        auto reading = loop.start(session->rpc<Tread>(Fid{1}, u64{0}, u32{100}));
        server->refuse(server->expect<Tread>().tag, 5);
        EXPECT_FALSE(reading.get());
    }

    std::optional<ServerEnd> server;
    std::shared_ptr<Session> session;
    Received<Tflush> first;
};

TEST_F(Probes, AServerThatBeganAnewEndsTheSession) {
    server->reply(first.tag, Rflush{});
    be_refused();
    server->refuse(server->expect<Tflush>().tag, 71);
    ASSERT_TRUE(loop.run_until([&] { return session->ended().has_value(); }));
    EXPECT_EQ(session->ended()->code, code(errc::connection_lost));
    EXPECT_NE(session->ended()->message().find("begun anew"), std::string::npos) << session->ended()->message();
}

TEST_F(Probes, AServerThatStillKnowsItGoesOn) {
    server->reply(first.tag, Rflush{});
    be_refused();
    server->reply(server->expect<Tflush>().tag, Rflush{});
    be_refused();
    EXPECT_FALSE(session->ended());
}

TEST_F(Probes, AServerThatNeverTakesThemIsNotAskedAgain) {
    server->refuse(first.tag, 95);
    be_refused();
    server->expect_nothing();
    EXPECT_FALSE(session->ended());
}

TEST_F(Probes, SilenceIsAskedAboutButEndsNothing) {
    server->reply(first.tag, Rflush{});
    auto waiting = loop.start(session->rpc<Tread>(Fid{1}, u64{0}, u32{100}));
    const Tag read = server->expect<Tread>().tag;
    (void)server->expect<Tflush>();  // after two seconds; a server that can do one thing at a time answers later
    server->reply(read, Rread{Payload(Bytes())});
    EXPECT_TRUE(waiting.get());
    EXPECT_FALSE(session->ended());
}

class NoLeftovers : public ScriptedSession {};

TEST_F(NoLeftovers, AnAnswerThatNobodyAskedForEndsTheSession) {
    open();
    server->reply(NOTAG, Rversion{8192, "9P2000.L"});
    expect_ended(errc::protocol_violation, {"Rversion"});
}

TEST_F(NoLeftovers, AnotherReplyIsNoAnswerToTversion) {
    auto opening = loop.start(Session::open(network.dialler(), {}));
    ServerEnd end = network.accept();
    (void)end.expect<Tversion>();
    end.reply(Tag{9}, Rclunk{});
    const auto result = opening.get();
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, code(errc::protocol_violation));
    EXPECT_EQ(network.dialled(), 1u);
}

}  // namespace
}  // namespace p9::test
