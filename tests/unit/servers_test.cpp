// What real servers do with files and names, and what must come of it. One test for each habit.
#include "tests/support/session_fixture.hpp"

namespace p9::test {
namespace {

class Servers : public FakeClient {
protected:
    static Knobs with(const std::vector<std::string>& settings) {
        Knobs knobs;
        for (const auto& setting : settings) EXPECT_TRUE(turn(knobs, setting)) << setting;
        return knobs;
    }
    static std::vector<std::string> names(const DirectoryBatch& batch) {
        std::vector<std::string> names;
        for (const auto& entry : batch.entries) names.push_back(entry.name);
        return names;
    }
};

TEST_F(Servers, counts_above_the_io_header_are_an_error) {
    tree().add_file("file", std::string(200'000, 'y'));
    connect(with({"strict-count", "msize=8192", "iounit=8192"}));
    EXPECT_EQ(run(client.read_file("file")).value().size(), 200'000u);
    EXPECT_TRUE(run(client.list("/")));
    expect_clean();
}

TEST_F(Servers, iounit_0_means_msize_less_the_header) {
    tree().add_file("file", "text");
    connect(with({"msize=8192"}));
    auto file = run(client.open("file", P9_O_RDONLY)).value();
    EXPECT_EQ(file.max_io(), 8192 - IOHDRSZ);
}

TEST_F(Servers, iounit_is_kept_to) {
    tree().add_file("file", "text");
    connect(with({"msize=8192", "iounit=1000"}));
    auto file = run(client.open("file", P9_O_RDONLY)).value();
    EXPECT_EQ(file.max_io(), 1000u);
}

TEST_F(Servers, short_reads_are_no_end_of_file) {
    std::string contents;
    for (int i = 0; contents.size() < 1'000'000; ++i) contents += std::to_string(i) + " ";
    tree().add_file("file", contents);
    connect(with({"msize=1048576", "read-max=16384"}));
    const auto text = run(client.read_file("file"));
    ASSERT_TRUE(text) << outcome(text);
    EXPECT_TRUE(*text == contents);
    expect_clean();
}

TEST_F(Servers, dots_are_omitted_from_listings) {
    tree().add_file("a", "");
    connect(with({"dots=omitted"}));
    EXPECT_EQ(names(run(client.list("/")).value()), std::vector<std::string>{"a"});
}
TEST_F(Servers, dots_come_last_in_listings) {
    tree().add_file("a", "");
    connect(with({"dots=last"}));
    EXPECT_EQ(names(run(client.list("/")).value()), std::vector<std::string>{"a"});
    expect_clean();
}
TEST_F(Servers, dots_come_alone_in_the_last_batch) {
    for (int i = 0; i < 5; ++i) tree().add_file("f" + std::to_string(i), "");
    connect(with({"dots=last", "entries-max=1"}));
    EXPECT_EQ(run(client.list("/")).value().entries.size(), 5u);
    expect_clean();
}
TEST_F(Servers, dots_come_alone_in_the_first_batch) {
    for (int i = 0; i < 5; ++i) tree().add_file("f" + std::to_string(i), "");
    connect(with({"dots=first", "entries-max=1"}));
    EXPECT_EQ(run(client.list("/")).value().entries.size(), 5u);
    expect_clean();
}
TEST_F(Servers, entry_types_are_zero) {
    tree().add_file("file", "");
    tree().add_directory("directory");
    connect(with({"entry-types=zero"}));
    const auto batch = run(client.list("/")).value();
    for (const auto& entry : batch.entries) {
        if (!entry.type) continue;
        EXPECT_EQ(*entry.type == FileType::directory, entry.name == "directory") << entry.name;
    }
}
TEST_F(Servers, entry_types_are_the_qids) {
    tree().add_file("file", "");
    tree().add_directory("directory");
    tree().add_symlink("link", "file");
    connect(with({"entry-types=qid"}));
    for (const auto& entry : run(client.list("/")).value().entries) {
        if (!entry.type) continue;
        EXPECT_EQ(*entry.type == FileType::directory, entry.name == "directory") << entry.name;
        EXPECT_EQ(*entry.type == FileType::symlink, entry.name == "link") << entry.name;
    }
}

TEST_F(Servers, qid_version_is_0_everywhere) {
    tree().add_file("file", "old");
    connect(with({"qid-version-zero"}));
    EXPECT_EQ(run(client.read_file("file")).value(), "old");
    tree().at("file")->data = "new!";
    EXPECT_EQ(run(client.read_file("file")).value(), "new!");
}

TEST_F(Servers, qid_type_of_directories_is_wrong) {
    tree().add_directory("d");
    tree().add_directory("d/e");
    tree().add_file("d/e/file", "text");
    connect(with({"qid-type-wrong"}));
    EXPECT_TRUE(run(client.attributes("d")).value().is_directory());
    EXPECT_EQ(run(client.read_file("d/e/file")).value(), "text");
    ASSERT_TRUE(run(client.remove("d/e/file")));
    const auto removed = run(client.remove("d/e"));
    EXPECT_TRUE(removed) << outcome(removed);
    EXPECT_FALSE(tree().has("d/e"));
    expect_clean();
}
TEST_F(Servers, qid_type_of_directories_is_wrong_and_tunlinkat_is_missing) {
    tree().add_directory("d");
    connect(with({"qid-type-wrong", "missing=Tunlinkat"}));
    const auto removed = run(client.remove("d"));
    EXPECT_TRUE(removed) << outcome(removed);
    EXPECT_FALSE(tree().has("d"));
    expect_clean();
}

TEST_F(Servers, qids_of_new_symlinks_directories_and_nodes_are_zero) {
    connect(with({"qid-zero"}));
    const auto directory = run(client.root().mkdir("d", 0755)).value();
    EXPECT_EQ(directory.qid().path, tree().at("d")->path);
    EXPECT_EQ(directory.qid().type, QTDIR);
    const auto link = run(client.root().symlink("l", "target")).value();
    EXPECT_EQ(link.qid().path, tree().at("l")->path);
    const auto fifo = run(client.root().mknod("f", P9_S_IFIFO | 0644, 0, 0)).value();
    EXPECT_EQ(fifo.qid().path, tree().at("f")->path);
}

TEST_F(Servers, qid_path_is_taken_over_by_a_new_file) {
    connect(with({"qid-path-reused"}));
    ASSERT_TRUE(run(client.write_file("a", "first")));
    const u64 path = tree().at("a")->path;
    ASSERT_TRUE(run(client.remove("a")));
    ASSERT_TRUE(run(client.write_file("b", "second")));
    ASSERT_EQ(tree().at("b")->path, path);
    EXPECT_EQ(run(client.read_file("b")).value(), "second");
    EXPECT_TRUE(run(client.attributes("a")).error().is_errno(2));
    expect_clean();
}

TEST_F(Servers, partial_walk_makes_the_new_fid_all_the_same) {
    tree().add_directory("d");
    connect(with({"partial-walk-makes-fid"}));
    const auto result = run(client.attributes("d/none/x"));
    ASSERT_FALSE(result);
    EXPECT_TRUE(result.error().is_errno(2)) << outcome(result);
    loop.settle();
    EXPECT_EQ(client.session().fids_in_use(), 1u);
    EXPECT_EQ(server().fids(), 1u);
    EXPECT_TRUE(run(client.attributes("d")));
}
TEST_F(Servers, partial_walk_that_makes_no_fid) {
    tree().add_directory("d");
    tree().add_file("file", "");
    connect();
    EXPECT_TRUE(run(client.attributes("d/none/x")).error().is_errno(2));
    EXPECT_TRUE(run(client.attributes("file/none")).error().is_errno(20));
    loop.settle();
    EXPECT_EQ(client.session().fids_in_use(), 1u);
    EXPECT_EQ(server().fids(), 1u);
}
TEST_F(Servers, error_instead_of_a_partial_walk) {
    tree().add_directory("d");
    tree().add_file("file", "");
    connect(with({"partial-walk-error"}));
    EXPECT_TRUE(run(client.attributes("d/none/x")).error().is_errno(2));
    EXPECT_TRUE(run(client.attributes("file/none")).error().is_errno(20));
    expect_clean();
}
TEST_F(Servers, walk_onto_the_same_fid_is_refused) {
    std::string path;
    for (int i = 0; i < 40; ++i) {
        path += "/d" + std::to_string(i);
        tree().add_directory(path);
    }
    connect(with({"same-fid-walk-refused"}));
    EXPECT_TRUE(run(client.attributes(path)));
    EXPECT_TRUE(run(client.attributes("/")));
    expect_clean();
}

TEST_F(Servers, replies_come_in_reverse) {
    std::string contents;
    for (int i = 0; contents.size() < 500'000; ++i) contents += std::to_string(i) + " ";
    tree().add_file("file", contents);
    connect(with({"reversed", "msize=8192"}));
    const auto text = run(client.read_file("file"));
    ASSERT_TRUE(text) << outcome(text);
    EXPECT_TRUE(*text == contents);
    ASSERT_TRUE(run(client.write_file("new", contents)));
    EXPECT_TRUE(tree().at("new")->data == contents);
    expect_clean();
}

TEST_F(Servers, dotdot_is_never_sent) {
    tree().add_directory("d");
    tree().add_file("file", "text");
    connect();
    EXPECT_EQ(run(client.read_file("/d/../../.././file")).value(), "text");
    EXPECT_TRUE(run(client.root().walk("..")).error().is_errno(22));
    expect_clean();  // the fake server complains of ".."
}

}  // namespace
}  // namespace p9::test
