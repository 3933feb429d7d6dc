// Trees that are made to keep a client busy: circles, targets that grow, reads and writes of one byte.
#include "p9/file.hpp"
#include "tests/support/session_fixture.hpp"

namespace p9::test {
namespace {

class HostileDirectory : public ScriptedSession {
protected:
    void SetUp() override {
        open();
        Node node(session, session->take_fid(), Qid{QTDIR, 0, 1});
        auto opening = loop.start(Directory::open(std::move(node)));
        server->reply(server->expect<Tlopen>().tag, Rlopen{{QTDIR, 0, 1}, 0});
        auto opened = opening.get();
        ASSERT_TRUE(opened) << outcome(opened);
        directory = std::move(*opened);
    }
    /// One batch of one name, which leads to the cookie `next`.
    Result<DirectoryBatch> read(u64 at, u64 next) {
        const Dirent entry{{QTFILE, 0, 9}, next, 8, "name"};
        std::string data(wire::size_of(entry, Dialect::linux_), '\0');
        wire::Writer writer{Dialect::linux_, reinterpret_cast<u8*>(data.data())};
        writer("", entry);
        auto reading = loop.start(directory.read(at));
        const auto request = server->expect<Treaddir>();
        EXPECT_EQ(request.message.offset, at);
        server->reply(request.tag, Rreaddir{payload(data)});
        return reading.get();
    }

    Directory directory;
};

TEST_F(HostileDirectory, cookies_that_go_round_are_a_violation) {
    // 0 -> 70 -> 71 -> ... -> 76 -> 70: every step alone looks like an honest one.
    u64 at = 0;
    for (int steps = 0; steps < 100; ++steps) {
        const u64 next = at == 0 || at == 76 ? 70 : at + 1;
        const auto batch = read(at, next);
        if (!batch) {
            EXPECT_EQ(batch.error().code, code(errc::protocol_violation)) << batch.error().message();
            return expect_ended(errc::protocol_violation, {"Rreaddir", "leads back"});
        }
        at = next;
    }
    FAIL() << "the reading goes round and round";
}

TEST_F(HostileDirectory, cookies_that_lead_to_the_beginning_are_a_violation) {
    ASSERT_TRUE(read(0, 5));
    EXPECT_FALSE(read(5, 0));
    expect_ended(errc::protocol_violation, {"Rreaddir", "offset 0"});
}

TEST_F(HostileDirectory, reading_again_from_the_beginning_is_no_circle) {
    for (int times = 0; times < 3; ++times) {
        ASSERT_TRUE(read(0, 5));
        ASSERT_TRUE(read(5, 6));
        const auto ahead = server->expect<Treaddir>();
        server->reply(ahead.tag, Rreaddir{});
        const auto last = loop.run(directory.read(6));
        ASSERT_TRUE(last) << outcome(last);
        EXPECT_TRUE(last->end);
    }
}

class HostileTree : public FakeClient {};

TEST_F(HostileTree, long_symlink_targets_are_not_walked) {
    std::string target;
    while (target.size() < 4096) target += "d/";
    tree().add_symlink("long", target);
    connect();
    const auto walked = run(client.walk("long"));
    ASSERT_FALSE(walked);
    EXPECT_TRUE(walked.error().is_errno(36)) << walked.error().message();
    expect_clean();
}

TEST_F(HostileTree, an_empty_symlink_leads_nowhere) {
    tree().add_symlink("empty", "");
    connect();
    const auto walked = run(client.walk("empty"));
    ASSERT_FALSE(walked);
    EXPECT_TRUE(walked.error().is_errno(2)) << walked.error().message();
    expect_clean();
}

TEST_F(HostileTree, an_iounit_of_one_byte_does_not_take_all_tags) {
    tree().add_file("file", "");
    Knobs knobs;
    knobs.iounit = 1;
    connect(knobs);
    const std::string contents(70'000, 'x');
    const auto written = run(client.write_file("file", contents));
    ASSERT_TRUE(written) << outcome(written);
    const auto read = run(client.read_file("file"));
    ASSERT_TRUE(read) << outcome(read);
    EXPECT_EQ(*read, contents);
}

}  // namespace
}  // namespace p9::test
