// Clients by path, in every dialect: what is done at the server, and what is told of it.
#include "tests/support/session_fixture.hpp"

#include <set>

namespace p9::test {
namespace {

class ClientTest : public FakeClient, public ::testing::WithParamInterface<Dialect> {
protected:
    void SetUp() override {
        tree().add_file("file", "text");
        tree().add_directory("d");
        tree().add_directory("d/e");
        tree().add_file("d/e/inner", "inner text");
        tree().add_symlink("link", "d/e");
        tree().add_symlink("d/up", "../file");
        tree().add_symlink("d/absolute", "/d/e/inner");
        tree().add_symlink("loop", "loop");
        Knobs knobs;
        knobs.dialect = GetParam();
        knobs.msize = 4096;
        connect(knobs);
    }
    void TearDown() override {
        if (client) expect_clean();
    }
    bool speaks_base() const { return GetParam() == Dialect::base; }
    bool speaks_linux() const { return GetParam() == Dialect::linux_; }
    template <class T>
    void expect_errno(int number, const Result<T>& result) {
        ASSERT_FALSE(result);
        EXPECT_TRUE(result.error().is_errno(number)) << outcome(result);
    }
};

TEST_P(ClientTest, paths_are_resolved_here) {
    for (const char* path : {"file", "/file", "//file", "./file", "d/../file", "d/e/../../file", "../../file", "file/"})
        EXPECT_EQ(run(client.read_file(path)).value(), "text") << path;
    EXPECT_TRUE(run(client.attributes("")).value().is_directory());
    expect_errno(2, run(client.attributes("none")));
    expect_errno(2, run(client.attributes("d/none/x")));
    expect_errno(20, run(client.attributes("file/x")));
}

TEST_P(ClientTest, symlinks_are_followed_inside_the_tree) {
    // 9P2000 has no symbolic links: they look like files there.
    if (speaks_base()) return expect_errno(95, run(client.readlink("link")));
    EXPECT_EQ(run(client.read_file("link/inner")).value(), "inner text");
    EXPECT_EQ(run(client.read_file("d/up")).value(), "text");
    EXPECT_EQ(run(client.read_file("d/absolute")).value(), "inner text");
    EXPECT_EQ(run(client.attributes("link", Follow::no)).value().type(), FileType::symlink);
    EXPECT_TRUE(run(client.attributes("link")).value().is_directory());
    EXPECT_EQ(run(client.readlink("d/up")).value(), "../file");
    expect_errno(40, run(client.attributes("loop")));
    expect_errno(22, run(client.readlink("file")));
}

TEST_P(ClientTest, attributes_are_told_the_same_in_every_dialect) {
    auto& node = *tree().at("file");
    node.mode = P9_S_IFREG | 0640;
    const auto got = run(client.attributes("file")).value();
    EXPECT_EQ(got.mode, P9_S_IFREG | 0640);
    EXPECT_EQ(got.size, 4u);
    EXPECT_EQ(got.mtime.seconds, 1'600'000'001);
    EXPECT_EQ(got.atime.seconds, 1'600'000'000);
    EXPECT_EQ(got.qid.path, node.path);
    if (speaks_linux()) {
        EXPECT_EQ(got.mtime.nanoseconds, 2u);
    }
    if (!speaks_base()) {
        EXPECT_EQ(got.uid, 1000u);
    }
    if (!speaks_linux()) {
        EXPECT_EQ(got.user, "glenda");
    }
    EXPECT_EQ((got.valid & GETATTR_UID) != 0, !speaks_base());
}

TEST_P(ClientTest, attributes_are_changed) {
    AttributeChange change;
    change.mode = 0604;
    change.size = 2;
    change.mtime = TimeChange{Time{1'000'000'000, 0}};
    const auto changed = run(client.change("file", change));
    ASSERT_TRUE(changed) << outcome(changed);
    const auto& node = *tree().at("file");
    EXPECT_EQ(node.mode, P9_S_IFREG | 0604);
    EXPECT_EQ(node.data, "te");
    EXPECT_EQ(node.mtime, (Time{1'000'000'000, 0}));
    ASSERT_TRUE(run(client.change("file", {})));
    AttributeChange owner;
    owner.uid = 7;
    const auto given = run(client.change("file", owner));
    if (speaks_base()) return expect_errno(95, given);
    ASSERT_TRUE(given) << outcome(given);
    EXPECT_EQ(node.uid, 7u);
    EXPECT_EQ(node.gid, 1000u);
}

TEST_P(ClientTest, files_are_created_and_replaced) {
    ASSERT_TRUE(run(client.write_file("new", "first, and long", 0600)));
    EXPECT_EQ(tree().at("new")->data, "first, and long");
    EXPECT_EQ(tree().at("new")->mode, P9_S_IFREG | 0600);
    ASSERT_TRUE(run(client.write_file("new", "2nd")));
    EXPECT_EQ(tree().at("new")->data, "2nd");
    expect_errno(17, run(client.create("new", P9_O_WRONLY | P9_O_EXCL, 0644)));
    expect_errno(21, run(client.write_file("d", "no")));
    expect_errno(2, run(client.write_file("none/x", "no")));
}

TEST_P(ClientTest, writes_larger_than_a_message_are_split_and_ctl_commands_are_not) {
    const std::string contents(50'000, 'w');
    ASSERT_TRUE(run(client.write_file("big", contents)));
    EXPECT_TRUE(tree().at("big")->data == contents);
    tree().add_file("ctl", "", Behaviour::ctl);
    {
        auto file = run(client.open("ctl", P9_O_RDWR)).value();
        EXPECT_EQ(run(file.write(0, bytes("hello"))).value(), 5u);
        EXPECT_EQ(text_of(run(file.read(0, 100)).value()), "did hello");
        expect_errno(90, run(file.write(0, bytes(contents))));
        EXPECT_EQ(tree().at("ctl")->commands, std::vector<std::string>{"hello"});
    }
}

TEST_P(ClientTest, directories_are_made_listed_and_removed) {
    ASSERT_TRUE(run(client.mkdir("new", 0750)));
    EXPECT_EQ(tree().at("new")->mode, P9_S_IFDIR | 0750);
    ASSERT_TRUE(run(client.mkdir("new/sub", 0750)));
    expect_errno(17, run(client.mkdir("new", 0750)));
    const auto batch = run(client.list("d")).value();
    std::set<std::string> names;
    for (const auto& entry : batch.entries) names.insert(entry.name);
    EXPECT_EQ(names, (std::set<std::string>{"e", "up", "absolute"}));
    expect_errno(39, run(client.remove("new")));
    ASSERT_TRUE(run(client.remove("new/sub")));
    ASSERT_TRUE(run(client.remove("new")));
    EXPECT_FALSE(tree().has("new"));
    expect_errno(2, run(client.remove("new")));
    expect_errno(20, run(client.root().unlink("file", true)));
    expect_errno(21, run(client.root().unlink("d", false)));
    expect_errno(20, run(client.list("file")));
}

TEST_P(ClientTest, renames) {
    ASSERT_TRUE(run(client.rename("file", "renamed")));
    EXPECT_EQ(tree().at("renamed")->data, "text");
    EXPECT_FALSE(tree().has("file"));
    const auto moved = run(client.rename("renamed", "d/e/moved"));
    if (!speaks_linux()) return expect_errno(18, moved);
    ASSERT_TRUE(moved) << outcome(moved);
    EXPECT_EQ(tree().at("d/e/moved")->data, "text");
    ASSERT_TRUE(run(client.rename("d/e/moved", "d/e/inner")));
    EXPECT_EQ(tree().at("d/e/inner")->data, "text");
    expect_errno(2, run(client.rename("none", "x")));
}

TEST_P(ClientTest, special_files) {
    const auto link = run(client.symlink("l", "where to"));
    const auto fifo = run(client.mknod("f", P9_S_IFIFO | 0644, 0, 0));
    const auto device = run(client.mknod("b", P9_S_IFBLK | 0644, 8, 1));
    if (speaks_base()) {
        expect_errno(95, link);
        expect_errno(95, fifo);
        return;
    }
    ASSERT_TRUE(link) << outcome(link);
    EXPECT_EQ(tree().at("l")->data, "where to");
    EXPECT_EQ(run(client.readlink("l")).value(), "where to");
    ASSERT_TRUE(fifo) << outcome(fifo);
    EXPECT_EQ(run(client.attributes("f")).value().type(), FileType::fifo);
    ASSERT_TRUE(device) << outcome(device);
}

TEST_P(ClientTest, hard_links) {
    const auto linked = run(client.link("file", "d/second"));
    if (speaks_base()) return expect_errno(95, linked);
    ASSERT_TRUE(linked) << outcome(linked);
    EXPECT_EQ(tree().at("d/second"), tree().at("file"));
    if (speaks_linux()) {
        EXPECT_EQ(run(client.attributes("file")).value().nlink, 2u);
    }
}

TEST_P(ClientTest, what_only_linux_has) {
    const auto figures = run(client.statfs("/"));
    {
        auto file = run(client.open("file", P9_O_RDWR)).value();
        auto node = run(client.walk("file")).value();
        const auto set = run(node.set_xattr("user.x", std::string(9000, 'v')));
        const auto locked = run(file.lock(Lock{LockType::write, 0, 0, 1, "me"}));
        EXPECT_TRUE(run(file.fsync()));
        if (!speaks_linux()) {
            expect_errno(95, figures);
            expect_errno(95, set);
            expect_errno(95, locked);
            return;
        }
        ASSERT_TRUE(set) << outcome(set);
        EXPECT_EQ(figures.value().bsize, 4096u);
        EXPECT_EQ(run(node.xattr("user.x")).value(), std::string(9000, 'v'));
        EXPECT_EQ(run(node.xattr_names()).value(), std::string("user.x\0", 7));
        expect_errno(34, run(node.xattr("user.x", 100)));
        expect_errno(61, run(node.xattr("user.none")));
        expect_errno(17, run(node.set_xattr("user.x", "again", 1)));
        ASSERT_TRUE(run(node.remove_xattr("user.x")));
        EXPECT_TRUE(tree().at("file")->xattrs.empty());
        EXPECT_EQ(locked.value(), LockStatus::ok);
        EXPECT_EQ(run(file.lock(Lock{LockType::write, 0, 0, 2, "you"})).value(), LockStatus::blocked);
        EXPECT_EQ(run(file.conflicting_lock(Lock{LockType::write, 0, 0, 2, "you"})).value().proc_id, 1u);
    }
}

TEST_P(ClientTest, names_that_nothing_may_bear_are_refused_before_they_are_sent) {
    const std::size_t before = server().requests();
    expect_errno(22, run(client.root().mkdir("..", 0755)));
    expect_errno(22, run(client.root().mkdir("a/b", 0755)));
    expect_errno(36, run(client.root().mkdir(std::string(256, 'x'), 0755)));
    expect_errno(22, run(client.root().unlink(".", true)));
    expect_errno(22, run(client.root().rename("file", client.root(), "")));
    EXPECT_EQ(server().requests(), before);
}

INSTANTIATE_TEST_SUITE_P(Dialects, ClientTest, ::testing::Values(Dialect::base, Dialect::unix_, Dialect::linux_),
                         [](const auto& each) {
                             return each.param == Dialect::base ? "base" : each.param == Dialect::unix_ ? "u" : "L";
                         });

TEST(ClientPaths, split) {
    using Names = std::vector<std::string>;
    EXPECT_EQ(split_path(""), Names{});
    EXPECT_EQ(split_path("/"), Names{});
    EXPECT_EQ(split_path("/a//b/./c/"), (Names{"a", "b", "c"}));
    EXPECT_EQ(split_path("a/../b"), Names{"b"});
    EXPECT_EQ(split_path("../../a"), Names{"a"});
    EXPECT_EQ(split_path("a/.../..b"), (Names{"a", "...", "..b"}));
}

}  // namespace
}  // namespace p9::test
