// What servers do not have, and what they answer then. One test for each habit.
#include "tests/support/session_fixture.hpp"

namespace p9::test {
namespace {

class ServersMissing : public FakeClient {
protected:
    static Knobs with(const std::vector<std::string>& settings) {
        Knobs knobs;
        for (const auto& setting : settings) EXPECT_TRUE(turn(knobs, setting)) << setting;
        return knobs;
    }
    /// The timers of the fallbacks, short.
    static SessionOptions impatient() {
        SessionOptions options;
        options.flush_grace = std::chrono::milliseconds(2);
        options.fallback_timeout = std::chrono::milliseconds(2);
        return options;
    }
};

// Messages that a server does not have, in each way of not having them.
class ServersWithout : public ServersMissing, public ::testing::WithParamInterface<const char*> {
protected:
    Knobs without(const std::string& message) {
        return with({"missing=" + message, "missing-answer=" + std::string(GetParam())});
    }
};

TEST_P(ServersWithout, trenameat) {
    tree().add_file("a", "text");
    tree().add_file("c", "more");
    tree().add_directory("d");
    connect(without("Trenameat"), impatient());
    ASSERT_TRUE(run(client.rename("a", "d/b")));
    EXPECT_EQ(tree().at("d/b")->data, "text");
    ASSERT_TRUE(run(client.rename("c", "d/c")));
    EXPECT_EQ(server().count<Trename>(), 2u);
    EXPECT_EQ(server().count<Trenameat>(), 1u) << "what a server lacks is asked for once";
}
TEST_P(ServersWithout, tunlinkat) {
    tree().add_file("a", "");
    tree().add_directory("d");
    connect(without("Tunlinkat"), impatient());
    ASSERT_TRUE(run(client.remove("a")));
    ASSERT_TRUE(run(client.remove("d")));
    EXPECT_TRUE(tree().root()->entries.empty());
    EXPECT_EQ(server().count<Tunlinkat>(), 1u);
    EXPECT_EQ(server().count<Tremove>(), 2u);
    EXPECT_TRUE(run(client.root().unlink("none", false)).error().is_errno(2));
}
TEST_P(ServersWithout, tunlinkat_keeps_files_and_directories_apart) {
    tree().add_file("a", "");
    tree().add_directory("d");
    connect(without("Tunlinkat"), impatient());
    EXPECT_TRUE(run(client.root().unlink("a", true)).error().is_errno(20));
    EXPECT_TRUE(run(client.root().unlink("d", false)).error().is_errno(21));
    EXPECT_TRUE(tree().has("a"));
    EXPECT_TRUE(tree().has("d"));
}
INSTANTIATE_TEST_SUITE_P(Answers, ServersWithout, ::testing::Values("eopnotsupp", "enosys", "silence"));

TEST_F(ServersMissing, links_symlinks_xattrs_and_locks_are_missing) {
    tree().add_file("a", "");
    connect(with({"missing=Tlink", "missing=Tsymlink", "missing=Txattrwalk", "missing=Txattrcreate", "missing=Tlock",
                  "missing=Tgetlock"}));
    EXPECT_TRUE(run(client.link("a", "b")).error().is_errno(95));
    EXPECT_TRUE(run(client.symlink("l", "a")).error().is_errno(95));
    auto file = run(client.open("a", P9_O_RDWR)).value();
    EXPECT_TRUE(run(file.node().xattr("user.x")).error().is_errno(95));
    EXPECT_TRUE(run(file.node().xattr_names()).error().is_errno(95));
    EXPECT_TRUE(run(file.lock(Lock{LockType::write, 0, 0, 1, "me"})).error().is_errno(95));
    EXPECT_TRUE(run(file.conflicting_lock(Lock{LockType::write, 0, 0, 1, "me"})).error().is_errno(95));
    auto node = run(client.walk("a")).value();
    EXPECT_TRUE(run(node.set_xattr("user.x", "v")).error().is_errno(95));
    file = File();
    node = Node();
    expect_clean();
}

// Tflush that is answered by an error, or never, wedges neither the caller nor the tags.
class ServersFlush : public ServersMissing, public ::testing::WithParamInterface<const char*> {};

TEST_P(ServersFlush, does_not_wedge) {
    tree().add_file("event", "", Behaviour::event);
    tree().add_file("file", "text");
    connect(with({"flush-answer=" + std::string(GetParam())}), impatient());
    auto file = run(client.open("event", P9_O_RDONLY)).value();
    for (int i = 0; i < 20; ++i) {
        auto reading = loop.start(file.read(0, 100));
        loop.settle();
        reading.cancel();
        const auto result = reading.get();
        ASSERT_FALSE(result);
        EXPECT_EQ(result.error().code, code(errc::cancelled)) << outcome(result);
        EXPECT_EQ(run(client.read_file("file")).value(), "text");
    }
    EXPECT_EQ(server().count<Tflush>(), 20u);
    EXPECT_TRUE(server().complaints().empty()) << server().complaints().front();
    EXPECT_FALSE(client.session().ended());
}
INSTANTIATE_TEST_SUITE_P(Answers, ServersFlush, ::testing::Values("served", "eopnotsupp", "enosys", "text", "silence"));

TEST_F(ServersMissing, lost_reply_hangs_nothing_else) {
    tree().add_file("file", "text");
    connect(with({"missing=Tstatfs", "missing-answer=silence"}));
    auto lost = loop.start(client.statfs("/"));
    EXPECT_EQ(run(client.read_file("file")).value(), "text");
    EXPECT_FALSE(lost.done());
    lost.cancel();
    EXPECT_EQ(lost.get().error().code, code(errc::cancelled));
    expect_clean();
}

TEST_F(ServersMissing, connection_is_dropped_at_an_unknown_message) {
    connect(with({"missing=Tstatfs", "missing-answer=hang-up"}));
    const auto result = run(client.statfs("/"));
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, code(errc::connection_lost));
}

}  // namespace
}  // namespace p9::test
