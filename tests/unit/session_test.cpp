// Sessions: how they begin and end, and what they send.
#include "p9/file.hpp"
#include "tests/support/session_fixture.hpp"

namespace p9::test {
namespace {

class SessionTest : public ScriptedSession {};

TEST_F(SessionTest, offers_each_dialect_with_the_wanted_msize) {
    SessionOptions options;
    options.msize = 12345;
    auto opening = loop.start(Session::open(network.dialler(), options));
    server.emplace(network.accept());
    for (const char* version : {"9P2000.L", "9P2000.u", "9P2000"}) {
        EXPECT_EQ(server->expect(Tversion{12345, version}), NOTAG);
        server->reply(NOTAG, Rversion{12345, std::string(version) == "9P2000" ? "9P2000" : "unknown"});
    }
    session = opening.get().value();
    EXPECT_EQ(session->dialect(), Dialect::base);
    EXPECT_EQ(session->msize(), 12345u);
    EXPECT_EQ(session->peer(), "script");
    EXPECT_EQ(session->fids_in_use(), 0u);
    expect_quiet();
}

TEST_F(SessionTest, dialler_that_fails_says_why) {
    network.refuse_connections();
    const auto result = loop.run(Session::open(network.dialler(), {}));
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, code(errc::connection_failed));
    EXPECT_EQ(result.error().message(), "script: connection refused");
}

TEST_F(SessionTest, opening_can_be_cancelled) {
    auto opening = loop.start(Session::open(network.dialler(), {}));
    server.emplace(network.accept());
    server->expect<Tversion>();
    opening.cancel();
    const auto result = opening.get();
    ASSERT_FALSE(result);
    server->expect_closed();
    EXPECT_EQ(network.dialled(), 1u) << "nothing else is tried after a cancellation";
}

TEST_F(SessionTest, two_trees_over_one_connection) {
    open();
    auto first = loop.start(session->attach({"glenda", "/a", 1, 0, {}}));
    const auto a = server->expect<Tattach>();
    EXPECT_EQ(a.message.afid, NOFID);
    EXPECT_EQ(a.message.uname, "glenda");
    EXPECT_EQ(a.message.n_uname, 1u);
    server->reply(a.tag, Rattach{{QTDIR, 0, 10}});
    auto second = loop.start(session->attach({"rob", "/b", 2, 0, {}}));
    const auto b = server->expect<Tattach>();
    EXPECT_NE(a.message.fid, b.message.fid);
    EXPECT_EQ(b.message.aname, "/b");
    server->reply(b.tag, Rattach{{QTDIR, 0, 20}});
    auto one = first.get().value();
    const auto two = second.get().value();
    EXPECT_EQ(one.qid().path, 10u);
    EXPECT_EQ(two.qid().path, 20u);
    EXPECT_EQ(session->fids_in_use(), 2u);
    one = Node();
    const auto clunk = server->expect(Tclunk{a.message.fid});
    server->reply(clunk, Rclunk{});
    expect_quiet();
    EXPECT_EQ(session->fids_in_use(), 1u);
}

TEST_F(SessionTest, refused_attach_gives_its_fid_back) {
    open();
    auto attaching = loop.start(session->attach({"glenda", "", 1, 0, {}}));
    server->refuse(server->expect<Tattach>().tag, 13);
    const auto result = attaching.get();
    ASSERT_FALSE(result);
    EXPECT_TRUE(result.error().is_errno(13));
    EXPECT_EQ(session->fids_in_use(), 0u);
    expect_quiet();
}

TEST_F(SessionTest, what_the_dialect_lacks_is_not_sent) {
    open(Dialect::base);
    const auto result = loop.run(session->rpc<Tgetattr>(Fid{1}, u64{GETATTR_BASIC}));
    ASSERT_FALSE(result);
    EXPECT_TRUE(result.error().is_errno(95)) << outcome(result);
    EXPECT_NE(result.error().message().find("Tgetattr"), std::string::npos);
    expect_quiet();
}

TEST_F(SessionTest, what_is_larger_than_msize_is_not_sent) {
    open(Dialect::linux_, {}, 1000);
    const std::vector<u8> data(1000 - 23 + 1);
    const auto result = loop.run(session->rpc<Twrite>(Fid{1}, u64{0}, Payload(Bytes(data))));
    ASSERT_FALSE(result);
    EXPECT_TRUE(result.error().is_errno(90)) << outcome(result);
    expect_quiet();
    auto fits = start<Twrite>(Fid{1}, u64{0}, Payload(Bytes(data).first(data.size() - 1)));
    EXPECT_EQ(server->expect<Twrite>().frame.size(), 1000u);
}

TEST_F(SessionTest, string_that_is_too_long_is_not_sent) {
    open(Dialect::linux_, {}, 1 << 20);
    const auto result = loop.run(session->rpc<Tattach>(Fid{1}, NOFID, std::string(70'000, 'x'), std::string(), 1u));
    ASSERT_FALSE(result);
    expect_quiet();
}

TEST_F(SessionTest, requests_of_one_turn_go_out_together_and_in_order) {
    open();
    Call<Tread> a(*session, Tread{Fid{1}, 0, 1});
    Call<Tread> b(*session, Tread{Fid{1}, 1, 1});
    Call<Tread> c(*session, Tread{Fid{1}, 2, 1});
    for (u64 offset = 0; offset < 3; ++offset) {
        const auto request = server->expect<Tread>();
        EXPECT_EQ(request.message.offset, offset);
        server->reply(request.tag, Rread{});
    }
    EXPECT_TRUE(loop.run(c.reply()));
    EXPECT_TRUE(loop.run(a.reply()));
    EXPECT_TRUE(loop.run(b.reply()));
    expect_quiet();
}

TEST_F(SessionTest, all_tags_taken_is_an_error_of_that_request_only) {
    open();
    std::deque<Call<Tread>> calls;
    for (int i = 0; i < 0xffff; ++i) calls.emplace_back(*session, Tread{Fid{1}, 0, 1});
    const auto result = loop.run(session->rpc<Tread>(Fid{1}, u64{0}, 1u));
    ASSERT_FALSE(result);
    EXPECT_FALSE(session->ended());
    EXPECT_EQ(session->requests_in_flight(), 0xffffu);
    session->abort(Error(errc::connection_lost, "over"));
    EXPECT_EQ(session->requests_in_flight(), 0u);
}

TEST_F(SessionTest, clunk_later_frees_the_number_when_it_is_answered) {
    open();
    const Fid fid = session->take_fid();
    session->clunk_later(fid);
    const auto clunk = server->expect(Tclunk{fid});
    EXPECT_EQ(session->fids_in_use(), 1u);
    EXPECT_NE(session->take_fid(), fid);
    server->refuse(clunk, 5);  // clunk(5): the fid is gone whatever the answer
    loop.settle();
    EXPECT_EQ(session->fids_in_use(), 1u);
    EXPECT_EQ(session->take_fid(), fid);
}

TEST_F(SessionTest, end_of_the_connection_fails_everything_and_all_that_follows) {
    open();
    auto waiting = loop.start(session->wait_until_ended());
    auto pending = start<Tread>(Fid{1}, u64{0}, 1u);
    server->expect<Tread>();
    EXPECT_FALSE(waiting.done());
    server->close();
    EXPECT_EQ(pending.get().error().code, code(errc::connection_lost));
    EXPECT_EQ(waiting.get().code, code(errc::connection_lost));
    EXPECT_EQ(loop.run(session->rpc<Tclunk>(Fid{1})).error().code, code(errc::connection_lost));
    EXPECT_EQ(loop.run(session->wait_until_ended()).code, code(errc::connection_lost));
    expect_ended(errc::connection_lost);
}

TEST_F(SessionTest, close_sends_what_waits_and_gives_up_on_a_silent_server) {
    open();
    session->clunk_later(session->take_fid());
    loop.run(session->close());
    server->expect<Tclunk>();
    server->expect_closed();
}

TEST_F(SessionTest, close_waits_for_answers_that_nobody_else_waits_for) {
    open();
    session->clunk_later(session->take_fid());
    auto closing = loop.start(session->close());
    const auto clunk = server->expect<Tclunk>();
    loop.settle();
    EXPECT_FALSE(closing.done());
    server->reply(clunk.tag, Rclunk{});
    loop.settle();
    closing.get();
    server->expect_closed();
}

TEST_F(SessionTest, destroying_the_session_closes_the_connection) {
    open();
    session.reset();
    server->expect_closed();
}

TEST_F(SessionTest, tracer_sees_every_message_both_ways) {
    std::vector<std::string> lines;
    SessionOptions options;
    options.tracer = [&](Direction direction, Bytes frame, Dialect dialect) {
        lines.push_back((direction == Direction::sent ? "> " : "< ") + describe(frame, dialect));
    };
    open(Dialect::linux_, options);
    auto pending = start<Tclunk>(Fid{5});
    server->reply(server->expect<Tclunk>().tag, Rclunk{});
    ASSERT_TRUE(pending.get());
    ASSERT_EQ(lines.size(), 4u);
    EXPECT_EQ(lines[0], "> Tversion tag=NOTAG msize=1048600 version=\"9P2000.L\"");
    EXPECT_EQ(lines[1], "< Rversion tag=NOTAG msize=8192 version=\"9P2000.L\"");
    EXPECT_EQ(lines[2], "> Tclunk tag=0 fid=5");
    EXPECT_EQ(lines[3], "< Rclunk tag=0");
}

}  // namespace
}  // namespace p9::test
