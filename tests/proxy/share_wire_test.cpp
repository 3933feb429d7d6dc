// Several clients on one connection, with the server in the test's hands.
#include "tests/proxy/proxied.hpp"

namespace p9::test {
namespace {

using ::testing::HasSubstr;

/// The next message of type T that reaches `server`, with its tag.
template <class T>
std::pair<u16, T> expect(Loop& loop, Peer& server) {
    auto frame = must(loop.run(server.transport().receive()));
    auto message =
        header_of(frame.bytes()).type == T::type ? decode<T>(body_of(frame.bytes()), server.dialect) : std::nullopt;
    if (!message)
        throw ScriptFailure("not a " + std::string(T::message) + ": " + describe(frame.bytes(), server.dialect));
    return {number(header_of(frame.bytes()).tag), *std::move(message)};
}

class ShareWire : public ::testing::Test {
protected:
    ShareWire() {
        attach(first_);
        attach(second_);
    }
    void attach(Peer& client) {
        if (&client != &first_) {
            EXPECT_THAT(client.rpc(number(NOTAG), Tversion{8192, "9P2000.L"}), HasSubstr("Rversion"));
        }
        client.send(1, Tattach{Fid{0}, NOFID, "u", "", 1});
        const auto [tag, request] = expect<Tattach>(loop(), server_);
        server_.send(tag, Rattach{});
        EXPECT_THAT(client.next(), HasSubstr("Rattach tag=1"));
        roots_.push_back(request.fid);
    }
    Loop& loop() { return between_.loop(); }

    Between between_{sharing()};
    Peer first_ = between_.client();
    Peer server_ = between_.shared_server(first_, Dialect::linux_);
    Peer second_ = between_.client();
    std::vector<Fid> roots_;  // the server's numbers
};

TEST_F(ShareWire, TheFidsOfTheClientsHaveNumbersOfTheirOwn) { EXPECT_NE(roots_[0], roots_[1]); }

TEST_F(ShareWire, AReplyBeforeRflushIsDeliveredBeforeIt) {
    first_.send(5, Tgetattr{Fid{0}, 1});
    const auto [asked, request] = expect<Tgetattr>(loop(), server_);
    first_.send(6, Tflush{Tag{5}});
    const auto [flush, oldtag] = expect<Tflush>(loop(), server_);
    EXPECT_EQ(number(oldtag.oldtag), asked);
    server_.send(asked, Rgetattr{});
    server_.send(flush, Rflush{});
    EXPECT_THAT(first_.next(), HasSubstr("Rgetattr tag=5"));
    EXPECT_EQ(first_.next(), "Rflush tag=6");
}

TEST_F(ShareWire, TheServersTagIsNotUsedAgainBeforeRflush) {
    first_.send(5, Tgetattr{Fid{0}, 1});
    const auto asked = expect<Tgetattr>(loop(), server_).first;
    first_.send(6, Tflush{Tag{5}});
    const auto flush = expect<Tflush>(loop(), server_).first;
    server_.send(asked, Rgetattr{});
    EXPECT_THAT(first_.next(), HasSubstr("Rgetattr tag=5"));
    second_.send(5, Tgetattr{Fid{0}, 1});
    const auto other = expect<Tgetattr>(loop(), server_).first;
    EXPECT_NE(other, asked);
    EXPECT_NE(other, flush);
    server_.send(flush, Rflush{});
    EXPECT_EQ(first_.next(), "Rflush tag=6");
    server_.send(other, Rgetattr{});
    EXPECT_THAT(second_.next(), HasSubstr("Rgetattr tag=5"));
}

TEST_F(ShareWire, AClientsTagIsFreeAfterRflush) {
    first_.send(5, Tgetattr{Fid{0}, 1});
    const auto asked = expect<Tgetattr>(loop(), server_).first;
    first_.send(6, Tflush{Tag{5}});
    server_.send(expect<Tflush>(loop(), server_).first, Rflush{});
    EXPECT_EQ(first_.next(), "Rflush tag=6");
    first_.send(5, Tgetattr{Fid{0}, 2});
    EXPECT_EQ(expect<Tgetattr>(loop(), server_).second.request_mask, 2u);
    // A reply that comes too late is nobody's.
    (void)asked;
}

TEST_F(ShareWire, AFlushOfNothingIsNotPassedOn) {
    EXPECT_EQ(first_.rpc(6, Tflush{Tag{5}}), "Rflush tag=6");
    EXPECT_EQ(first_.rpc(6, Tflush{Tag{6}}), "Rflush tag=6");
    EXPECT_TRUE(server_.silent());
}

TEST_F(ShareWire, AFlushIsOfItsOwnClientsRequest) {
    first_.send(5, Tgetattr{Fid{0}, 1});
    (void)expect<Tgetattr>(loop(), server_);
    EXPECT_EQ(second_.rpc(6, Tflush{Tag{5}}), "Rflush tag=6");
    EXPECT_TRUE(server_.silent());
}

TEST_F(ShareWire, AWalkInFlightAtAClientsDeathIsFlushedAndItsFidClunked) {
    first_.send(5, Twalk{Fid{0}, Fid{1}, {}});
    const auto [walk, request] = expect<Twalk>(loop(), server_);
    first_.close();
    const auto [flush, oldtag] = expect<Tflush>(loop(), server_);
    EXPECT_EQ(number(oldtag.oldtag), walk);
    const auto [clunk, root] = expect<Tclunk>(loop(), server_);
    EXPECT_EQ(root.fid, roots_[0]);
    server_.send(walk, Rwalk{});
    const auto [late, made] = expect<Tclunk>(loop(), server_);
    EXPECT_EQ(made.fid, request.newfid);
    server_.send(flush, Rflush{});
    server_.send(clunk, Rclunk{});
    server_.send(late, Rclunk{});
    const auto& multiplexer = between_.proxy->share().current()->multiplexer();
    EXPECT_TRUE(loop().run_until([&] { return multiplexer.in_flight() == 0; }));
    EXPECT_EQ(multiplexer.fids_in_use(), 1u);
}

TEST_F(ShareWire, AnAttachThatFailsAndAWalkThatIsFlushedLeaveNothing) {
    first_.send(5, Tattach{Fid{7}, NOFID, "u", "", 1});
    server_.send(expect<Tattach>(loop(), server_).first, Rlerror{13});
    EXPECT_EQ(first_.next(), "Rlerror tag=5 ecode=13");
    first_.send(5, Twalk{Fid{0}, Fid{7}, {}});
    (void)expect<Twalk>(loop(), server_);
    first_.send(6, Tflush{Tag{5}});
    server_.send(expect<Tflush>(loop(), server_).first, Rflush{});
    EXPECT_EQ(first_.next(), "Rflush tag=6");
    EXPECT_EQ(first_.rpc(5, Tclunk{Fid{7}}), "Rlerror tag=5 ecode=9");
    EXPECT_EQ(between_.proxy->share().current()->multiplexer().fids_in_use(), 2u);
}

TEST_F(ShareWire, AClunkEndsItsFidWhateverTheAnswer) {
    first_.send(5, Tremove{Fid{0}});
    server_.send(expect<Tremove>(loop(), server_).first, Rlerror{13});
    EXPECT_EQ(first_.next(), "Rlerror tag=5 ecode=13");
    EXPECT_EQ(first_.rpc(5, Tclunk{Fid{0}}), "Rlerror tag=5 ecode=9");
    EXPECT_EQ(between_.proxy->share().current()->multiplexer().fids_in_use(), 1u);
}

TEST_F(ShareWire, AClunkBeforeItsWalkIsAnsweredIsSeenToAfterwards) {
    first_.send(5, Twalk{Fid{0}, Fid{1}, {}});
    const auto [walk, request] = expect<Twalk>(loop(), server_);
    first_.send(6, Tclunk{Fid{1}});
    const auto clunk = expect<Tclunk>(loop(), server_).first;
    server_.send(clunk, Rlerror{9});  // it came too early
    EXPECT_EQ(first_.next(), "Rlerror tag=6 ecode=9");
    server_.send(walk, Rwalk{});
    EXPECT_THAT(first_.next(), HasSubstr("Rwalk tag=5"));
    const auto [again, made] = expect<Tclunk>(loop(), server_);
    EXPECT_EQ(made.fid, request.newfid);
    server_.send(again, Rclunk{});
    EXPECT_EQ(first_.rpc(5, Tclunk{Fid{1}}), "Rlerror tag=5 ecode=9");
}

TEST_F(ShareWire, AnAnswerThatIsTooLargeForItsClientIsAnError) {
    second_.send(number(NOTAG), Tversion{512, "9P2000.L"});
    server_.send(expect<Tclunk>(loop(), server_).first, Rclunk{});
    EXPECT_THAT(second_.next(), HasSubstr("msize=512"));
    second_.send(1, Tattach{Fid{0}, NOFID, "u", "", 1});
    server_.send(expect<Tattach>(loop(), server_).first, Rattach{});
    EXPECT_THAT(second_.next(), HasSubstr("Rattach"));
    second_.send(2, Treadlink{Fid{0}});
    server_.send(expect<Treadlink>(loop(), server_).first, Rreadlink{std::string(600, 'x')});
    EXPECT_EQ(second_.next(), "Rlerror tag=2 ecode=" + std::to_string(EMSGSIZE));
}

TEST_F(ShareWire, AClientThatBreaksTheProtocolGoesAlone) {
    first_.send(5, Tgetattr{Fid{0}, 1});
    (void)expect<Tgetattr>(loop(), server_);
    first_.send(5, Tgetattr{Fid{0}, 1});
    EXPECT_EQ(first_.next(), "closed");
    EXPECT_TRUE(between_.logs("Tgetattr with tag 5, which is in use"));
    server_.send(expect<Tflush>(loop(), server_).first, Rflush{});
    server_.send(expect<Tclunk>(loop(), server_).first, Rclunk{});
    second_.send(number(NOTAG), Rclunk{});
    EXPECT_EQ(second_.next(), "closed");
    EXPECT_TRUE(between_.logs("a reply, Rclunk, where requests are expected"));
}

TEST_F(ShareWire, AServerThatBreaksTheProtocolEndsAll) {
    server_.send(77, Rclunk{});
    EXPECT_EQ(first_.next(), "closed");
    EXPECT_EQ(second_.next(), "closed");
    EXPECT_TRUE(between_.logs("the shared connection is lost: the server: Rclunk has tag 77, which no request has"));
    EXPECT_EQ(between_.log.size(), 1u);
}

TEST_F(ShareWire, WhatTheServerSaidBeforeItWentArrives) {
    first_.send(5, Treadlink{Fid{0}});
    server_.send(expect<Treadlink>(loop(), server_).first, Rreadlink{"there"});
    server_.close();
    EXPECT_EQ(first_.next(), "Rreadlink tag=5 target=\"there\"");
    EXPECT_EQ(first_.next(), "closed");
    EXPECT_EQ(second_.next(), "closed");
}

TEST(ShareLimits, AClientThatDoesNotReadItsRepliesIsGivenUpAndHoldsUpNobody) {
    auto options = sharing();
    options.limits.hopeless = 1 << 20;
    Between between(options);
    Peer first = between.client();
    Peer server = between.shared_server(first, Dialect::linux_);
    Peer second = between.client();
    for (Peer* client : {&first, &second}) {
        if (client == &second) {
            EXPECT_THAT(client->rpc(number(NOTAG), Tversion{8192, "9P2000.L"}), HasSubstr("Rversion"));
        }
        client->send(1, Tattach{Fid{0}, NOFID, "u", "", 1});
        server.send(expect<Tattach>(between.loop(), server).first, Rattach{});
        EXPECT_THAT(client->next(), HasSubstr("Rattach"));
    }
    const std::string text(8000, 'x');
    for (u16 i = 0; i < 300; ++i) first.send(i, Treadlink{Fid{0}});
    for (u16 i = 0; i < 300; ++i) {
        auto request = must(between.loop().run(server.transport().receive()));
        if (header_of(request.bytes()).type != Treadlink::type) break;  // it was given up already
        server.send(number(header_of(request.bytes()).tag), Rreadlink{text});
    }
    EXPECT_TRUE(between.logs("does not read its replies"));
    EXPECT_EQ(between.log.size(), 1u);
    second.send(5, Tgetattr{Fid{0}, 1});
    for (;;) {
        auto request = must(between.loop().run(server.transport().receive()));
        const Header header = header_of(request.bytes());
        if (header.type == Tflush::type) server.send(number(header.tag), Rflush{});
        if (header.type == Tclunk::type) server.send(number(header.tag), Rclunk{});
        if (header.type != Tgetattr::type) continue;
        server.send(number(header.tag), Rgetattr{});
        break;
    }
    EXPECT_THAT(second.next(), HasSubstr("Rgetattr tag=5"));
}

TEST(ShareDial, AServerThatCannotBeDialledEndsTheClientsWithALine) {
    Between between(sharing());
    between.refusing = true;
    Peer client = between.client();
    EXPECT_EQ(client.next(), "closed");
    ASSERT_EQ(between.log.size(), 1u);
    EXPECT_THAT(between.log[0], ::testing::EndsWith("the server: not today"));
    between.refusing = false;
    Peer next = between.client();
    EXPECT_NO_THROW(between.shared_server(next, Dialect::linux_));
}

}  // namespace
}  // namespace p9::test
