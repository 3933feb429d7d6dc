// What a client does with files, by lib9pclient, the same in all three dialects.
#include "tests/serve/served.hpp"
#include "tools/p9serve/memory.hpp"

#include <algorithm>
#include <set>

namespace p9::test {
namespace {

class EngineDialects : public ::testing::TestWithParam<Dialect> {
protected:
    template <class T>
    T run(awaitable<Result<T>> work) {
        return must(served_.loop.run(std::move(work)));
    }
    void run(awaitable<Result<void>> work) { must(served_.loop.run(std::move(work))); }
    template <class T>
    int errno_of(awaitable<Result<T>> work) {
        auto result = served_.loop.run(std::move(work));
        return result ? 0 : result.error().to_errno();
    }
    std::set<std::string> list(const std::string& path) {
        std::set<std::string> names;
        for (auto& entry : run(client_.list(path)).entries) names.insert(entry.name);
        return names;
    }
    bool base() const { return GetParam() == Dialect::base; }

    Served<serve::MemoryTree> served_;
    Client client_ = served_.client(GetParam());
};

TEST_P(EngineDialects, WritesAndReads) {
    const std::string text = std::string(300'000, 'x') + "end";
    run(client_.write_file("file", text));
    EXPECT_EQ(run(client_.read_file("file")), text);
    const Attributes a = run(client_.attributes("file"));
    EXPECT_EQ(a.size, text.size());
    EXPECT_EQ(a.type(), FileType::file);
    run(client_.write_file("file", "short"));
    EXPECT_EQ(run(client_.read_file("file")), "short");
}

TEST_P(EngineDialects, DirectoriesOfManyEntriesAreListedWhole) {
    run(client_.mkdir("many", 0755));
    std::set<std::string> made;
    for (int i = 0; i < 1000; ++i) {
        const std::string name = "file-with-a-longer-name-" + std::to_string(i);
        run(client_.write_file("many/" + name, ""));
        made.insert(name);
    }
    EXPECT_EQ(list("many"), made);
    EXPECT_EQ(list(""), std::set<std::string>{"many"});
}

TEST_P(EngineDialects, RenamesAndRemoves) {
    run(client_.mkdir("dir", 0750));
    run(client_.write_file("dir/one", "1"));
    run(client_.rename("dir/one", "dir/two"));
    EXPECT_EQ(list("dir"), std::set<std::string>{"two"});
    if (base() || GetParam() == Dialect::unix_) {
        EXPECT_EQ(errno_of(client_.rename("dir/two", "three")), EXDEV);
    } else {
        run(client_.rename("dir/two", "three"));
        run(client_.rename("three", "dir/two"));
    }
    EXPECT_EQ(errno_of(client_.remove("dir")), ENOTEMPTY);
    run(client_.remove("dir/two"));
    run(client_.remove("dir"));
    EXPECT_TRUE(list("").empty());
    EXPECT_EQ(errno_of(client_.attributes("dir")), ENOENT);
}

TEST_P(EngineDialects, ARenameOntoAFileIsAsTheDialectHasIt) {
    run(client_.write_file("a", "A"));
    run(client_.write_file("b", "B"));
    if (GetParam() == Dialect::linux_) {
        run(client_.rename("a", "b"));
        EXPECT_EQ(run(client_.read_file("b")), "A");
    } else {
        EXPECT_EQ(errno_of(client_.rename("a", "b")), EEXIST);
        EXPECT_EQ(run(client_.read_file("b")), "B");
    }
}

TEST_P(EngineDialects, ChangesAttributes) {
    run(client_.write_file("file", "0123456789"));
    AttributeChange change;
    change.mode = 0640;
    change.size = 4;
    change.mtime = TimeChange{Time{1'000'000'000, 0}};
    run(client_.change("file", change));
    const Attributes a = run(client_.attributes("file"));
    EXPECT_EQ(a.mode & 0777, 0640u);
    EXPECT_EQ(a.size, 4u);
    EXPECT_EQ(a.mtime.seconds, 1'000'000'000);
    EXPECT_EQ(run(client_.read_file("file")), "0123");
    if (base()) return;
    AttributeChange owner;
    owner.uid = 1234;
    owner.gid = 4321;
    run(client_.change("file", owner));
    EXPECT_EQ(run(client_.attributes("file")).uid, 1234u);
    EXPECT_EQ(run(client_.attributes("file")).gid, 4321u);
}

TEST_P(EngineDialects, LinksAndSpecialFiles) {
    if (base()) {
        EXPECT_EQ(errno_of(client_.symlink("link", "target")), EOPNOTSUPP);
        return;
    }
    run(client_.write_file("target", "text"));
    run(client_.symlink("link", "target"));
    EXPECT_EQ(run(client_.readlink("link")), "target");
    EXPECT_EQ(run(client_.attributes("link", Follow::no)).type(), FileType::symlink);
    EXPECT_EQ(run(client_.read_file("link")), "text");
    run(client_.link("target", "second"));
    EXPECT_EQ(run(client_.attributes("second")).qid.path, run(client_.attributes("target")).qid.path);
    run(client_.mknod("fifo", P9_S_IFIFO | 0600, 0, 0));
    EXPECT_EQ(run(client_.attributes("fifo")).type(), FileType::fifo);
}

TEST_P(EngineDialects, RefusalsCarryTheirWordsWhereTheDialectHasRoom) {
    auto result = served_.loop.run(client_.attributes("no\x1bthing"));
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().to_errno(), ENOENT);
    auto node = run(client_.walk(""));
    auto stuck = served_.loop.run(node.session().rpc<Tclunk>(Fid{4711}));
    ASSERT_FALSE(stuck);
    EXPECT_EQ(stuck.error().message(), GetParam() == Dialect::linux_ ? "Bad file descriptor" : "unknown fid 4711");
}

TEST_P(EngineDialects, ReadsOfADirectoryBeginAtTheStartOrGoOn) {
    if (GetParam() == Dialect::linux_) return;
    run(client_.write_file("one", ""));
    Peer peer = served_.raw(GetParam());
    EXPECT_TRUE(peer.rpc(1, Topen{Fid{0}, OREAD}).starts_with("Ropen"));
    EXPECT_TRUE(peer.rpc(1, Tread{Fid{0}, 0, 4000}).starts_with("Rread"));
    EXPECT_TRUE(peer.rpc(1, Tread{Fid{0}, 7, 4000}).starts_with("Rerror"));
    EXPECT_TRUE(peer.rpc(1, Tread{Fid{0}, 0, 20}).starts_with("Rerror"));  // not even one record fits
}

INSTANTIATE_TEST_SUITE_P(All, EngineDialects, ::testing::Values(Dialect::base, Dialect::unix_, Dialect::linux_),
                         [](const auto& which) {
                             return std::string(which.param == Dialect::base    ? "9P2000"
                                                : which.param == Dialect::unix_ ? "9P2000u"
                                                                                : "9P2000L");
                         });

}  // namespace
}  // namespace p9::test
