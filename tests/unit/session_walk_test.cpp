// Walks: what they send, and what becomes of their fids when they are cancelled.
#include "p9/file.hpp"
#include "tests/support/session_fixture.hpp"

namespace p9::test {
namespace {

class SessionWalk : public ScriptedSession {
protected:
    void attach() {
        open();
        auto attaching = loop.start(session->attach({"glenda", "", 1, 0, {}}));
        server->reply(server->expect<Tattach>().tag, Rattach{{QTDIR, 0, 1}});
        root = attaching.get().value();
    }
    Node root;
};

TEST_F(SessionWalk, of_40_names_takes_three_messages_and_one_fid) {
    attach();
    std::vector<std::string> names;
    for (int i = 0; i < 40; ++i) names.push_back("d" + std::to_string(i));
    auto walking = loop.start(root.walk(names));
    Fid from = root.fid();
    for (const std::size_t count : {16u, 16u, 8u}) {
        const auto walk = server->expect<Twalk>();
        EXPECT_EQ(walk.message.fid, from);
        ASSERT_EQ(walk.message.wname.size(), count);
        EXPECT_NE(walk.message.newfid, walk.message.fid);
        from = walk.message.newfid;
        server->reply(walk.tag, Rwalk{Qids(count, Qid{QTDIR, 0, count})});
        loop.settle();
        while (!server->link().to_server.empty() && header_of(server->link().to_server.front()).type == Tclunk::type)
            server->reply(server->expect<Tclunk>().tag, Rclunk{});
    }
    const auto node = walking.get();
    ASSERT_TRUE(node) << outcome(node);
    EXPECT_EQ(node->fid(), from);
    EXPECT_EQ(node->qid().path, 8u);
    loop.settle();
    while (!server->link().to_server.empty()) server->reply(server->expect<Tclunk>().tag, Rclunk{});
    expect_quiet();
    EXPECT_EQ(session->fids_in_use(), 2u);
}

TEST_F(SessionWalk, cancelled_walk_whose_reply_made_a_fid_is_clunked) {
    attach();
    auto walking = loop.start(root.walk(std::string("name")));
    const auto walk = server->expect<Twalk>();
    walking.cancel();
    const auto flush = server->expect<Tflush>();
    server->reply(walk.tag, Rwalk{{Qid{QTFILE, 0, 5}}});
    server->reply(flush.tag, Rflush{});
    {
        // The reply counts: there is a node, or it was given up; the fid is clunked in the end either way.
        auto result = walking.get();
        EXPECT_TRUE(!result || result->fid() == walk.message.newfid);
    }
    const auto clunk = server->expect(Tclunk{walk.message.newfid});
    server->reply(clunk, Rclunk{});
    expect_quiet();
    EXPECT_EQ(session->fids_in_use(), 1u);
}

TEST_F(SessionWalk, destroyed_walk_whose_reply_made_a_fid_is_clunked) {
    attach();
    const Fid newfid = session->take_fid();
    std::optional<Call<Twalk>> call(std::in_place, *session, Twalk{root.fid(), newfid, {"name"}});
    const auto walk = server->expect<Twalk>();
    call.reset();
    const auto flush = server->expect<Tflush>();
    server->reply(walk.tag, Rwalk{{Qid{QTFILE, 0, 5}}});
    server->reply(flush.tag, Rflush{});
    const auto clunk = server->expect(Tclunk{newfid});
    server->reply(clunk, Rclunk{});
    expect_quiet();
}

TEST_F(SessionWalk, walk_that_was_given_up_and_answered_much_later_is_clunked) {
    SessionOptions options;
    options.flush_grace = std::chrono::milliseconds(1);
    open(Dialect::linux_, options);
    root = Node(session, session->take_fid(), Qid{QTDIR, 0, 1});
    auto walking = loop.start(root.walk(std::string("name")));
    const auto walk = server->expect<Twalk>();
    walking.cancel();
    server->expect<Tflush>();
    EXPECT_EQ(walking.get().error().code, code(errc::cancelled));
    // The number may not be used for anything else meanwhile.
    EXPECT_NE(session->take_fid(), walk.message.newfid);
    server->reply(walk.tag, Rwalk{{Qid{QTFILE, 0, 5}}});
    server->expect(Tclunk{walk.message.newfid});
}

TEST_F(SessionWalk, cancelled_walk_gives_its_fid_back) {
    attach();
    auto walking = loop.start(root.walk(std::string("name")));
    server->expect<Twalk>();
    walking.cancel();
    server->reply(server->expect<Tflush>().tag, Rflush{});
    EXPECT_EQ(walking.get().error().code, code(errc::cancelled));
    expect_quiet();
    EXPECT_EQ(session->fids_in_use(), 1u);
}

TEST_F(SessionWalk, cancelling_a_sequence_ends_it_even_where_the_reply_wins) {
    attach();
    std::vector<std::string> names(40, "d");
    auto walking = loop.start(root.walk(names));
    const auto walk = server->expect<Twalk>();
    walking.cancel();
    const auto flush = server->expect<Tflush>();
    server->reply(walk.tag, Rwalk{Qids(16, Qid{QTDIR, 0, 5})});
    server->reply(flush.tag, Rflush{});
    loop.settle();
    // Whoever cancelled does not want the rest: no second Twalk may wait for a server that never answers it.
    while (!server->link().to_server.empty()) {
        ASSERT_NE(header_of(server->link().to_server.front()).type, Twalk::type) << "the walk goes on";
        server->reply(server->expect<Tclunk>().tag, Rclunk{});
        loop.settle();
    }
    const auto result = walking.get();
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, code(errc::cancelled));
    EXPECT_EQ(session->fids_in_use(), 1u);
}

TEST_F(SessionWalk, names_that_nothing_may_bear_are_not_sent) {
    attach();
    for (const std::string& name :
         {std::string(), std::string("."), std::string(".."), std::string("a/b"), std::string("a\0b", 3)}) {
        const auto result = loop.run(root.walk(name));
        ASSERT_FALSE(result) << name;
        EXPECT_TRUE(result.error().is_errno(22)) << name;
    }
    EXPECT_TRUE(loop.run(root.walk(std::string(256, 'x'))).error().is_errno(36));
    expect_quiet();
    EXPECT_EQ(session->fids_in_use(), 1u);
}

// The pool hands out the last number that it got back: each walk would get this one, and fail.
TEST_F(SessionWalk, a_number_that_a_refused_walk_has_made_a_fid_of_is_left_alone) {
    attach();
    const auto refused = [&](u32 number) {
        auto walking = loop.start(root.walk(std::string("name")));
        const auto walk = server->expect<Twalk>();
        server->refuse(walk.tag, number);
        EXPECT_TRUE(walking.get().error().is_errno(static_cast<int>(number)));
        return walk.message.newfid;
    };
    for (const u32 in_use : {9u, 22u}) {  // EBADF of diod, EINVAL of QEMU
        const Fid newfid = refused(2);
        EXPECT_EQ(refused(2), newfid) << "low numbers are used again";
        EXPECT_EQ(refused(in_use), newfid);
        EXPECT_NE(refused(2), newfid);
    }
    EXPECT_EQ(session->fids_in_use(), 1u);
    expect_quiet();
}

TEST_F(SessionWalk, so_is_one_that_is_refused_in_words) {
    open(Dialect::base);
    root = Node(session, session->take_fid(), Qid{QTDIR, 0, 1});
    for (const std::string words : {"fid in use", "duplicate fid", "fid already exists"}) {
        auto walking = loop.start(root.walk(std::string("name")));
        const auto first = server->expect<Twalk>();
        server->refuse(first.tag, 0, words);
        EXPECT_FALSE(walking.get());
        walking = loop.start(root.walk(std::string("name")));
        const auto second = server->expect<Twalk>();
        server->refuse(second.tag, 0, "file does not exist");
        EXPECT_FALSE(walking.get());
        EXPECT_NE(first.message.newfid, second.message.newfid) << words;
    }
    expect_quiet();
}

}  // namespace
}  // namespace p9::test
