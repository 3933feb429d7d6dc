// The races between a reply, a Tflush and its Rflush (flush(5)), one test each.
#include "tests/support/session_fixture.hpp"

namespace p9::test {
namespace {

class SessionFlush : public ScriptedSession {
protected:
    /// A Tread that the server has got and holds.
    Pending<Result<Rread>> read(u32 count = 10) { return start<Tread>(Fid{5}, u64{0}, count); }
    static void expect_cancelled(const Result<Rread>& result) {
        ASSERT_FALSE(result);
        EXPECT_EQ(result.error().code, code(errc::cancelled));
    }
};

TEST_F(SessionFlush, flush_before_the_request_left_the_outbox_sends_nothing) {
    open();
    server->hold_sends();
    auto first = read(1);
    loop.settle();  // the transport is busy with this one
    auto second = read(2);
    auto third = read(3);
    loop.settle();
    EXPECT_EQ(session->requests_in_flight(), 3u);
    second.cancel();
    expect_cancelled(second.get());
    server->release_sends();
    const auto a = server->expect<Tread>();
    const auto b = server->expect<Tread>();
    EXPECT_EQ(a.message.count, 1u);
    EXPECT_EQ(b.message.count, 3u);
    server->reply(a.tag, Rread{});
    server->reply(b.tag, Rread{});
    EXPECT_TRUE(first.get());
    EXPECT_TRUE(third.get());
    expect_quiet();
}

TEST_F(SessionFlush, reply_before_rflush_counts) {
    open();
    auto pending = read();
    const auto request = server->expect<Tread>();
    pending.cancel();
    const auto flush = server->expect<Tflush>();
    EXPECT_EQ(flush.message.oldtag, request.tag);
    EXPECT_NE(flush.tag, request.tag);
    server->reply(request.tag, Rread{payload("late")});
    const auto result = pending.get();
    ASSERT_TRUE(result) << outcome(result);
    EXPECT_EQ(text_of(result->data), "late");
    EXPECT_GT(session->requests_in_flight(), 0u);  // the Tflush
    server->reply(flush.tag, Rflush{});
    expect_quiet();
}

TEST_F(SessionFlush, rflush_first_cancels) {
    open();
    auto pending = read();
    const auto request = server->expect<Tread>();
    pending.cancel();
    const auto flush = server->expect<Tflush>();
    loop.settle();
    EXPECT_FALSE(pending.done());
    server->reply(flush.tag, Rflush{});
    expect_cancelled(pending.get());
    expect_quiet();
    // Its tag means nothing any more.
    server->reply(request.tag, Rread{});
    expect_ended(errc::protocol_violation, {"Rread"});
}

TEST_F(SessionFlush, old_tag_is_not_reused_before_rflush) {
    open();
    auto pending = read();
    const auto request = server->expect<Tread>();
    pending.cancel();
    const auto flush = server->expect<Tflush>();
    server->reply(request.tag, Rread{});
    EXPECT_TRUE(pending.get());
    // The request is answered and its tag still taken: the server may be about to send the Rflush only.
    std::vector<Pending<Result<Rread>>> others;
    std::vector<Tag> tags;
    for (int i = 0; i < 20; ++i) others.push_back(read());
    for (int i = 0; i < 20; ++i) {
        tags.push_back(server->expect<Tread>().tag);
        EXPECT_NE(tags.back(), request.tag);
        EXPECT_NE(tags.back(), flush.tag);
    }
    server->reply(flush.tag, Rflush{});
    for (const Tag tag : tags) server->reply(tag, Rread{});
    for (auto& other : others) EXPECT_TRUE(other.get());
    expect_quiet();
}

TEST_F(SessionFlush, late_cancel_does_not_flush_the_tags_next_owner) {
    open();
    auto first = read();
    const auto request = server->expect<Tread>();
    server->reply(request.tag, Rread{});
    ASSERT_TRUE(first.get());
    auto second = read();
    const auto next = server->expect<Tread>();
    ASSERT_EQ(next.tag, request.tag) << "this test wants the tag to be taken over";
    first.cancel();
    server->expect_nothing();
    server->reply(next.tag, Rread{payload("mine")});
    EXPECT_TRUE(second.get());
    expect_quiet();
}

TEST_F(SessionFlush, cancel_and_reply_in_one_turn_count_the_reply) {
    open();
    auto pending = read();
    const auto request = server->expect<Tread>();
    pending.cancel();
    server->reply(request.tag, Rread{payload("data")});  // it and the Tflush cross
    const auto result = pending.get();
    ASSERT_TRUE(result) << outcome(result);
    const auto flush = server->expect<Tflush>();
    server->reply(flush.tag, Rflush{});
    expect_quiet();
}

TEST_F(SessionFlush, cancel_after_the_reply_arrived_flushes_nothing) {
    open();
    auto pending = read();
    const auto request = server->expect<Tread>();
    server->reply(request.tag, Rread{payload("data")});
    loop.settle();
    pending.cancel();
    ASSERT_TRUE(pending.get());
    expect_quiet();
}

TEST_F(SessionFlush, second_cancel_sends_no_second_flush) {
    open();
    auto pending = read();
    server->expect<Tread>();
    pending.cancel();
    const auto flush = server->expect<Tflush>();
    pending.cancel();
    server->expect_nothing();
    server->reply(flush.tag, Rflush{});
    expect_cancelled(pending.get());
    expect_quiet();
}

TEST_F(SessionFlush, flush_answered_by_error) {
    open();
    auto pending = read();
    const auto request = server->expect<Tread>();
    pending.cancel();
    const auto flush = server->expect<Tflush>();
    server->refuse(flush.tag, 95);
    expect_cancelled(pending.get());
    // The server may still answer the request: its tag stays taken until then.
    EXPECT_EQ(session->requests_in_flight(), 1u);
    auto other = read();
    const auto next = server->expect<Tread>();
    EXPECT_NE(next.tag, request.tag);
    server->reply(request.tag, Rread{payload("nobody wants this")});
    server->reply(next.tag, Rread{payload("but this")});
    const auto result = other.get();
    ASSERT_TRUE(result) << outcome(result);
    EXPECT_EQ(text_of(result->data), "but this");
    expect_quiet();
}

TEST_F(SessionFlush, flush_answered_by_error_after_the_reply) {
    open();
    auto pending = read();
    const auto request = server->expect<Tread>();
    pending.cancel();
    const auto flush = server->expect<Tflush>();
    server->reply(request.tag, Rread{});
    EXPECT_TRUE(pending.get());
    server->refuse(flush.tag, 95);
    expect_quiet();
}

TEST_F(SessionFlush, flush_never_answered_lets_the_caller_go) {
    SessionOptions options;
    options.flush_grace = std::chrono::milliseconds(1);
    open(Dialect::linux_, options);
    auto pending = read();
    const auto request = server->expect<Tread>();
    pending.cancel();
    const auto flush = server->expect<Tflush>();
    expect_cancelled(pending.get());
    EXPECT_FALSE(session->ended());
    // Neither tag may be used again while the server could still answer.
    auto other = read();
    const auto next = server->expect<Tread>();
    EXPECT_NE(next.tag, request.tag);
    EXPECT_NE(next.tag, flush.tag);
    server->reply(next.tag, Rread{});
    EXPECT_TRUE(other.get());
    EXPECT_EQ(session->requests_in_flight(), 2u);
    // When the server comes round at last, everything is free again.
    server->reply(request.tag, Rread{payload("much too late")});
    server->reply(flush.tag, Rflush{});
    expect_quiet();
}

TEST_F(SessionFlush, many_flushes_never_answered_let_every_caller_go) {
    SessionOptions options;
    options.flush_grace = std::chrono::milliseconds(1);
    open(Dialect::linux_, options);
    std::vector<Pending<Result<Rread>>> reads;
    for (int i = 0; i < 50; ++i) reads.push_back(read());
    for (int i = 0; i < 50; ++i) server->expect<Tread>();
    for (auto& each : reads) each.cancel();
    for (int i = 0; i < 50; ++i) server->expect<Tflush>();
    for (auto& each : reads) expect_cancelled(each.get());
    EXPECT_EQ(session->requests_in_flight(), 100u);
}

TEST_F(SessionFlush, tclunk_and_tremove_are_never_flushed) {
    open();
    auto clunk = start<Tclunk>(Fid{5});
    auto remove = start<Tremove>(Fid{6});
    const auto first = server->expect<Tclunk>();
    const auto second = server->expect<Tremove>();
    clunk.cancel();
    remove.cancel();
    server->expect_nothing();
    EXPECT_FALSE(clunk.done());
    EXPECT_FALSE(remove.done());
    server->reply(first.tag, Rclunk{});
    server->reply(second.tag, Rremove{});
    EXPECT_TRUE(clunk.get());
    EXPECT_TRUE(remove.get());
    expect_quiet();
}

TEST_F(SessionFlush, connection_lost_while_flushing) {
    open();
    auto pending = read();
    server->expect<Tread>();
    pending.cancel();
    server->expect<Tflush>();
    server->close();
    const auto result = pending.get();
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, code(errc::connection_lost));
    expect_ended(errc::connection_lost);
}

TEST_F(SessionFlush, cancel_after_the_end_is_harmless) {
    open();
    auto pending = read();
    server->expect<Tread>();
    session->abort(Error(errc::connection_lost, "enough"));
    pending.cancel();
    const auto result = pending.get();
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, code(errc::connection_lost));
    EXPECT_EQ(result.error().message(), "enough");
}

TEST_F(SessionFlush, deadline_flushes_and_reports_time_out) {
    open();
    auto rpc = session->rpc<Tread>(Fid{5}, u64{0}, 10u);
    auto pending = loop.start(within(std::chrono::milliseconds(1), std::move(rpc), "reading took too long"));
    const auto request = server->expect<Tread>();
    const auto flush = server->expect<Tflush>();
    EXPECT_EQ(flush.message.oldtag, request.tag);
    server->reply(flush.tag, Rflush{});
    const auto result = pending.get();
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, code(errc::timed_out));
    EXPECT_EQ(result.error().message(), "reading took too long");
    expect_quiet();
}

}  // namespace
}  // namespace p9::test
