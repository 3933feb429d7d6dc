// p9cp against p9serve: what arrives, and what is refused.
#include "tests/cli/cp.hpp"

#include <gmock/gmock.h>

#include <fstream>

namespace p9::test {
namespace {

using ::testing::HasSubstr;
namespace fs = std::filesystem;

class Cp : public CpTest, public ::testing::WithParamInterface<const char*> {
protected:
    void SetUp() override { serve({"--dialects", GetParam()}); }
    bool has_links() const { return std::string_view(GetParam()) != "9P2000"; }
};

TEST_P(Cp, AFileThereAndBack) {
    const std::string data = varied(3'000'001);
    save("here", data);
    EXPECT_EQ(cp({local("here"), ":/there"}).status, 0);
    EXPECT_TRUE(file_text(exported_ / "there") == data);
    EXPECT_EQ(cp({":/there", local("back")}).status, 0);
    EXPECT_TRUE(file_text(local("back")) == data);
    EXPECT_EQ(cp({":there", ":copy"}).status, 0);
    EXPECT_TRUE(file_text(exported_ / "copy") == data);
    expect_no_drafts();
}

TEST_P(Cp, IntoADirectoryAndUnderAnotherName) {
    save("a", "A");
    save("b", "B");
    fs::create_directory(exported_ / "dir");
    EXPECT_EQ(cp({local("a"), local("b"), ":/dir"}).status, 0);
    EXPECT_EQ(file_text(exported_ / "dir/a") + file_text(exported_ / "dir/b"), "AB");
    EXPECT_EQ(cp({local("a"), ":/dir/"}).status, 0);
    EXPECT_EQ(cp({":/dir/*", folder_.string()}).status, 0);
    const Ran ran = cp({local("a"), local("b"), ":/none"});
    EXPECT_EQ(ran.status, 1);
    EXPECT_EQ(ran.err, "p9cp: :/none: No such file or directory\n");
    EXPECT_EQ(cp({local("a"), ":/dir/b/"}).status, 1);
}

TEST_P(Cp, ATreeThereAndBack) {
    fs::create_directories(local("tree/empty"));
    fs::create_directories(local("tree/deep/er"));
    for (int i = 0; i < 700; ++i) save("tree/file" + std::to_string(i), std::to_string(i));
    save("tree/deep/er/large", varied(2'000'000));
    save("tree/deep/none", "");
    fs::create_directory(local("back"));
    const Ran there = cp({"-r", local("tree"), ":/"});
    EXPECT_EQ(there.status, 0) << there.err;
    EXPECT_EQ(there.out + there.err, "");
    EXPECT_EQ(differences(local("tree"), exported_ / "tree"), "");
    const Ran back = cp({"-r", ":/tree", local("back")});
    EXPECT_EQ(back.status, 0) << back.err;
    EXPECT_EQ(differences(local("tree"), local("back") / fs::path("tree")), "");
    const Ran within = cp({"-r", ":/tree", ":/second"});
    EXPECT_EQ(within.status, 0) << within.err;
    EXPECT_EQ(differences(local("tree"), exported_ / "second"), "");
    // "." is what is in it.
    EXPECT_EQ(cp({"-r", ":/tree/.", local("back")}).status, 0);
    EXPECT_EQ(file_text(local("back/file7")), "7");
    expect_no_drafts();
}

TEST_P(Cp, ModesAndTimes) {
    save("tree/dir/secret", "x");
    fs::permissions(local("tree/dir/secret"), fs::perms(0640));
    fs::permissions(local("tree/dir"), fs::perms(0750));
    set_time(local("tree/dir/secret"), 1'000'000'000);
    set_time(local("tree/dir"), 1'100'000'000);
    ASSERT_EQ(cp({"-rp", local("tree"), ":/"}).status, 0);
    EXPECT_EQ(mode_of(exported_ / "tree/dir/secret"), 0640u);
    EXPECT_EQ(mode_of(exported_ / "tree/dir"), 0750u);
    EXPECT_EQ(time_of(exported_ / "tree/dir/secret"), 1'000'000'000);
    EXPECT_EQ(time_of(exported_ / "tree/dir"), 1'100'000'000);
    ASSERT_EQ(cp({"-rp", ":/tree", local("back")}).status, 0);
    EXPECT_EQ(mode_of(local("back/dir/secret")), 0640u);
    EXPECT_EQ(time_of(local("back/dir/secret")), 1'000'000'000);
    EXPECT_EQ(time_of(local("back/dir")), 1'100'000'000);
}

TEST_P(Cp, ADirectoryThatMayNotBeWritten) {
    save("tree/dir/file", "x");
    fs::permissions(local("tree/dir"), fs::perms(0500));
    ASSERT_EQ(cp({"-r", local("tree"), ":/"}).status, 0);
    EXPECT_EQ(file_text(exported_ / "tree/dir/file"), "x");
    EXPECT_EQ(mode_of(exported_ / "tree/dir"), 0500u);
    ASSERT_EQ(cp({"-r", ":/tree", local("back")}).status, 0);
    EXPECT_EQ(mode_of(local("back/dir")), 0500u);
}

TEST_P(Cp, AFileIsReplacedAndKeepsItsPermissions) {
    save("new", "new");
    write("old", "older and longer");
    fs::permissions(exported_ / "old", fs::perms(0600));
    EXPECT_EQ(cp({local("new"), ":/old"}).status, 0);
    EXPECT_EQ(file_text(exported_ / "old"), "new");
    EXPECT_EQ(mode_of(exported_ / "old"), 0600u);
    save("target", "before");
    fs::permissions(local("target"), fs::perms(0600));
    EXPECT_EQ(cp({":/old", local("target")}).status, 0);
    EXPECT_EQ(file_text(local("target")), "new");
    EXPECT_EQ(mode_of(local("target")), 0600u);
    expect_no_drafts();
}

TEST_P(Cp, SymlinksStayInTrees) {
    if (!has_links()) GTEST_SKIP() << "9P2000 has no symlinks";
    save("tree/file", "x");
    fs::create_symlink("file", local("tree/link"));
    fs::create_symlink("nowhere", local("tree/dangling"));
    EXPECT_EQ(cp({"-r", local("tree"), ":/"}).status, 0);
    EXPECT_EQ(fs::read_symlink(exported_ / "tree/dangling"), "nowhere");
    EXPECT_EQ(cp({"-r", ":/tree", local("back")}).status, 0);
    EXPECT_EQ(fs::read_symlink(local("back/link")), "file");
    // What is named is meant, without -r.
    EXPECT_EQ(cp({":/tree/link", local("plain")}).status, 0);
    EXPECT_EQ(fs::symlink_status(local("plain")).type(), fs::file_type::regular);
}

TEST_P(Cp, GoesOnAfterWhatFails) {
    write("a", "A");
    write("dir/x", "X");
    const Ran ran = cp({":/a", ":/none", ":/dir", folder_.string()});
    EXPECT_EQ(ran.status, 1);
    EXPECT_EQ(file_text(local("a")), "A");
    EXPECT_THAT(ran.err, HasSubstr("p9cp: :/none: No such file or directory\n"));
    EXPECT_THAT(ran.err, HasSubstr("p9cp: :/dir: a directory, left out (-r copies directories)\n"));
}

TEST_P(Cp, ResumeCopiesOnlyWhatIsMissing) {
    for (int i = 0; i < 20; ++i) save("tree/file" + std::to_string(i), "x");
    ASSERT_EQ(cp({"-r", "--resume", local("tree"), ":/"}).status, 0);
    // What is done is not touched again, and shows it by its inode.
    const auto before = inode_of(exported_ / "tree/file3");
    save("tree/file5", "xy");
    fs::remove(exported_ / "tree/file7");
    ASSERT_EQ(cp({"-r", "--resume", local("tree"), ":/"}).status, 0);
    EXPECT_EQ(inode_of(exported_ / "tree/file3"), before);
    EXPECT_EQ(file_text(exported_ / "tree/file5"), "xy");
    EXPECT_EQ(file_text(exported_ / "tree/file7"), "x");
    ASSERT_EQ(cp({"-r", "--resume", ":/tree", local("back")}).status, 0);
    ASSERT_EQ(cp({"-r", "--resume", ":/tree/.", local("back")}).status, 0);
    EXPECT_EQ(differences(local("tree"), local("back")), "");
}

TEST_P(Cp, SpecialFilesAreLeftOut) {
    save("tree/file", "x");
    ASSERT_EQ(::mkfifo(local("tree/fifo").c_str(), 0600), 0);
    const Ran ran = cp({"-r", local("tree"), ":/"});
    EXPECT_EQ(ran.status, 0);
    EXPECT_EQ(ran.err, "p9cp: " + local("tree") + "/fifo: a FIFO, left out\n");
    EXPECT_FALSE(fs::exists(exported_ / "tree/fifo"));
}

TEST_P(Cp, NothingIsCopiedOntoOrIntoItself) {
    write("dir/file", "x");
    Ran ran = cp({":/dir/file", ":/dir"});
    EXPECT_EQ(ran.status, 1);
    EXPECT_EQ(ran.err, "p9cp: :/dir/file: source and destination are the same\n");
    ran = cp({"-r", ":/dir", ":/dir/inner"});
    EXPECT_EQ(ran.status, 1);
    EXPECT_EQ(ran.err, "p9cp: :/dir: the destination lies below it\n");
    ran = cp({":/dir/file", ":/./dir/../dir/file", folder_.string()});
    EXPECT_EQ(ran.status, 1);
    EXPECT_THAT(ran.err, HasSubstr("another source has that name"));
}

INSTANTIATE_TEST_SUITE_P(Dialects, Cp, ::testing::Values("9P2000", "9P2000.u", "9P2000.L"), [](const auto& test) {
    std::string name = test.param;
    std::erase(name, '.');
    return name;
});

}  // namespace
}  // namespace p9::test
