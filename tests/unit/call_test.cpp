// Calls: giving one up by destroying it, and tags that do not fit their replies.
#include "tests/support/session_fixture.hpp"

namespace p9::test {
namespace {

class CallTest : public ScriptedSession {
protected:
    /// A Tread that the server has got and holds.
    Pending<Result<Rread>> read(u32 count = 10) { return start<Tread>(Fid{5}, u64{0}, count); }
};

TEST_F(CallTest, reply_twice_is_a_violation) {
    open();
    auto pending = read();
    const auto request = server->expect<Tread>();
    pending.cancel();
    const auto flush = server->expect<Tflush>();
    (void)flush;
    server->reply(request.tag, Rread{});
    EXPECT_TRUE(pending.get());
    server->reply(request.tag, Rread{});
    expect_ended(errc::protocol_violation, {"Rread"});
    server->expect_closed();
}

TEST_F(CallTest, reply_twice_to_a_request_that_was_not_flushed_is_a_violation) {
    open();
    auto pending = read();
    auto other = read();
    const auto request = server->expect<Tread>();
    server->reply(request.tag, Rread{});
    server->reply(request.tag, Rread{});
    EXPECT_TRUE(pending.get());
    const auto result = other.get();
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, code(errc::protocol_violation));
    expect_ended(errc::protocol_violation, {"Rread"});
}

TEST_F(CallTest, unasked_tag_is_a_violation) {
    open();
    auto pending = read();
    const auto request = server->expect<Tread>();
    server->reply(Tag{static_cast<u16>(number(request.tag) + 1)}, Rread{});
    const auto result = pending.get();
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, code(errc::protocol_violation));
    expect_ended(errc::protocol_violation, {"Rread", std::to_string(number(request.tag) + 1)});
    server->expect_closed();
}

TEST_F(CallTest, rflush_for_a_tag_that_was_no_flush) {
    open();
    auto pending = read();
    const auto request = server->expect<Tread>();
    server->reply(request.tag, Rflush{});
    const auto result = pending.get();
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, code(errc::protocol_violation));
    expect_ended(errc::protocol_violation, {"Rflush", "Tread"});
}

TEST_F(CallTest, destroying_a_call_flushes_it) {
    open();
    std::optional<Call<Tread>> call(std::in_place, *session, Tread{Fid{5}, 0, 10});
    const auto request = server->expect<Tread>();
    call.reset();
    const auto flush = server->expect(Tflush{request.tag});
    server->reply(flush, Rflush{});
    expect_quiet();
}

TEST_F(CallTest, destroying_a_call_that_is_answered_before_its_flush) {
    open();
    std::optional<Call<Tread>> call(std::in_place, *session, Tread{Fid{5}, 0, 10});
    const auto request = server->expect<Tread>();
    call.reset();
    const auto flush = server->expect<Tflush>();
    server->reply(request.tag, Rread{});
    server->reply(flush.tag, Rflush{});
    expect_quiet();
}

TEST_F(CallTest, destroying_an_unsent_call_sends_nothing) {
    open();
    std::optional<Call<Tread>> call(std::in_place, *session, Tread{Fid{5}, 0, 10});
    call.reset();
    expect_quiet();
}

}  // namespace
}  // namespace p9::test
