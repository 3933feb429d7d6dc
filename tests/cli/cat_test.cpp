// p9cat against diod.
#include "tests/cli/tool.hpp"

#include <gmock/gmock.h>

#include <csignal>
#include <fstream>

namespace p9::test {
namespace {

using ::testing::HasSubstr;

std::string contents_of(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

/// `size` bytes of which no two neighbouring blocks are alike.
std::string pattern(std::size_t size) {
    std::string out(size, '\0');
    unsigned x = 1;
    for (auto& c : out) c = static_cast<char>((x = x * 1664525 + 1013904223) >> 24);
    return out;
}

using Cat = ServedTest;

TEST_F(Cat, FilesInOrder) {
    write("a", "one\n");
    write("b", "");
    write("c", "three\n");
    const Ran ran = run("p9cat", {"/a", "b", "/c"});
    EXPECT_EQ(ran.status, 0) << ran.err;
    EXPECT_EQ(ran.out, "one\nthree\n");
}

TEST_F(Cat, GoesOnAfterAFileThatFails) {
    write("a", "one\n");
    write("c", "three\n");
    const Ran ran = run("p9cat", {"/a", "/missing", "/c"});
    EXPECT_EQ(ran.status, 1);
    EXPECT_EQ(ran.out, "one\nthree\n");
    EXPECT_EQ(ran.err, "p9cat: /missing: No such file or directory\n");
}

TEST_F(Cat, ALargeFileAndRangesOfIt) {
    const std::string data = pattern(5'000'001);
    write("big", data);
    EXPECT_TRUE(run("p9cat", {"/big"}).out == data);
    EXPECT_TRUE(run("p9cat", {"--msize", "8K", "/big"}).out == data);
    EXPECT_TRUE(run("p9cat", {"--offset", "1M", "--length", "300000", "/big"}).out == data.substr(1 << 20, 300'000));
    EXPECT_EQ(run("p9cat", {"--offset", "6M", "/big"}).out, "");
    EXPECT_EQ(run("p9cat", {"--length", "0", "/big"}).out, "");
}

TEST_F(Cat, ADirectoryIsRefused) {
    const Ran ran = run("p9cat", {"/"});
    EXPECT_EQ(ran.status, 1);
    EXPECT_EQ(ran.err, "p9cat: /: Is a directory\n");
}

TEST_F(Cat, OutputAppearsOnlyWhenWhole) {
    write("a", "new\n");
    const auto target = folder_ / "target";
    std::ofstream(target) << "old\n";
    const Ran failed = run("p9cat", {"-o", target, "/a", "/missing"});
    EXPECT_EQ(failed.status, 1);
    EXPECT_EQ(contents_of(target), "old\n");
    const Ran done = run("p9cat", {"-o", target, "/a"});
    EXPECT_EQ(done.status, 0) << done.err;
    EXPECT_EQ(done.out, "");
    EXPECT_EQ(contents_of(target), "new\n");
    std::size_t files = 0;
    for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(folder_)) ++files;
    EXPECT_EQ(files, 2u) << "a temporary file was left behind";
}

TEST_F(Cat, AReaderThatGoesAwayEndsItQuietly) {
    write("big", pattern(8'000'000));
    Program program(words("p9cat", {"/big"}));
    EXPECT_TRUE(program.wait_for_output(""));
    program.close_output();
    const Ran ran = program.finish();
    EXPECT_EQ(ran.status, 0);
    EXPECT_EQ(ran.err, "");
}

TEST_F(Cat, FollowsUntilInterrupted) {
    const auto path = write("log", "first\n");
    Program program(words("p9cat", {"-f", "/log"}));
    ASSERT_TRUE(program.wait_for_output("first\n"));
    std::ofstream(path, std::ios::app) << "second\n";
    ASSERT_TRUE(program.wait_for_output("second\n"));
    std::ofstream(path, std::ios::trunc) << "new\n";
    ASSERT_TRUE(program.wait_for_errors("truncated"));
    ASSERT_TRUE(program.wait_for_output("new\n"));
    program.signal(SIGINT);
    EXPECT_EQ(program.finish().status, 130);
}

TEST_F(Cat, AServerThatDies) {
    write("log", "first\n");
    Program program(words("p9cat", {"-f", "/log"}));
    ASSERT_TRUE(program.wait_for_output("first\n"));
    server_->kill();
    const Ran ran = program.finish();
    EXPECT_EQ(ran.status, 3);
    EXPECT_THAT(ran.err, HasSubstr("/log"));
    EXPECT_EQ(std::ranges::count(ran.err, '\n'), 1) << ran.err;
}

TEST_F(Cat, OutOfTime) {
    write("log", "first\n");
    const Ran ran = run("p9cat", {"--timeout", "0.2", "-f", "/log"});
    EXPECT_EQ(ran.status, 4);
    EXPECT_EQ(ran.out, "first\n");
    EXPECT_THAT(ran.err, HasSubstr("out of time"));
}

TEST_F(Cat, NoRoom) {
    write("a", "one\n");
    const Ran ran =
        run_program({"/bin/sh", "-c",
                     tool("p9cat") + " -a '" + server_->address() + "' -A '" + server_->aname() + "' /a > /dev/full"});
    EXPECT_EQ(ran.status, 1);
    EXPECT_THAT(ran.err, HasSubstr("No space left on device"));
}

TEST_F(Cat, TheServerLivesOn) {
    // diod -f is ended by SIGPIPE if a client leaves before its clunks are answered.
    write("a", "one\n");
    for (int i = 0; i < 20; ++i) ASSERT_EQ(run("p9cat", {"/a"}).status, 0);
    EXPECT_EQ(::kill(server_->pid(), 0), 0);
}

}  // namespace
}  // namespace p9::test
