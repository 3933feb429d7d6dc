// Paths on the command line of p9ls and p9cat that are easily misread.
#include "tests/cli/tool.hpp"

#include <gmock/gmock.h>

namespace p9::test {
namespace {

using ::testing::HasSubstr;

using Paths = ServedTest;

TEST_F(Paths, ABracketedPatternIsOnePattern) {
    // CLI11 makes a list of what stands in brackets.
    write("a", "one\n");
    write("b", "two\n");
    write("[a,b]", "three\n");
    EXPECT_EQ(run("p9ls", {"-d", "[ab]"}).out, "a\nb\n");
    EXPECT_EQ(run("p9cat", {"[ab]"}).out, "one\ntwo\n");
    EXPECT_EQ(run("p9cat", {"[a,b]"}).out, "three\n");
    EXPECT_EQ(run_program({"/bin/sh", "-c",
                           "cd '" + folder_.string() + "' && " + tool("p9cat") + " -a '" + server_->address() +
                               "' -A '" + server_->aname() + "' -o '[x]' a && cat '[x]'"})
                  .out,
              "one\n");
}

TEST_F(Paths, ADanglingLinkIsListed) {
    std::filesystem::create_symlink("nowhere", exported_ / "dangling");
    for (const std::string path : {"dangling", "*"}) {
        const Ran ran = run("p9ls", {path});
        EXPECT_EQ(ran.status, 0) << ran.err;
        EXPECT_EQ(ran.out, "dangling\n");
    }
    EXPECT_EQ(run("p9cat", {"dangling"}).err, "p9cat: dangling: No such file or directory\n");
}

TEST_F(Paths, ASlashAtTheEndMeansTheDirectory) {
    write("dir/one", "1");
    std::filesystem::create_directory_symlink("dir", exported_ / "link");
    EXPECT_THAT(run("p9ls", {"-l", "link/"}).out, HasSubstr(" one\n"));
    EXPECT_THAT(run("p9ls", {"-ld", "link/"}).out, ::testing::StartsWith("d"));
    EXPECT_EQ(run("p9ls", {"dir/one/"}).err, "p9ls: dir/one/: Not a directory\n");
    EXPECT_EQ(run("p9cat", {"dir/one/"}).err, "p9cat: dir/one/: Not a directory\n");
}

TEST_F(Paths, AnEmptyPathNamesNothing) {
    // What a script's unset variable leaves.
    write("a", "one\n");
    for (const std::string name : {"p9ls", "p9cat"}) {
        const Ran ran = run(name, {"", "a"});
        EXPECT_EQ(ran.status, 1);
        EXPECT_THAT(ran.err, ::testing::StartsWith(name + ": an empty path names no file"));
        EXPECT_EQ(ran.out, name == "p9ls" ? "a\n" : "one\n");
    }
}

}  // namespace
}  // namespace p9::test
