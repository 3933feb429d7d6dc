// cache=none and cache=loose, and what all modes have in common.

#include "tests/fuse/cached.hpp"

namespace p9::test {
namespace {

// --- cache=none -----------------------------------------------------------------------------------------------------

TEST_F(Cache, NoneReachesTheServerWithEveryCall) {
    ASSERT_NO_FATAL_FAILURE(mount_traced("cache=none"));
    put(there("f"), "text");
    const int file = ::open(here("f").c_str(), O_RDWR);
    ASSERT_GE(file, 0);
    for (const std::string text : {"text", "next", "more"}) {
        put(there("f"), text);
        const auto reads = sent("Tread"), looks = sent("Tgetattr");
        char bytes[10] = {};
        EXPECT_EQ(::pread(file, bytes, sizeof bytes, 0), 4);
        EXPECT_EQ(std::string(bytes), text);
        EXPECT_GT(sent("Tread"), reads);
        struct stat status{};
        EXPECT_EQ(::stat(here("f").c_str(), &status), 0);
        EXPECT_EQ(status.st_size, 4);
        EXPECT_GT(sent("Tgetattr"), looks);
    }
    ::close(file);
    std::filesystem::remove(there("f"));
    EXPECT_EQ(::access(here("f").c_str(), F_OK), -1);
}

// --- cache=loose ----------------------------------------------------------------------------------------------------

TEST_F(Cache, LooseAsksNothingTwice) {
    std::filesystem::create_directory(scratch_ / "export");
    put((scratch_ / "export").string() + "/f", "text");
    ASSERT_NO_FATAL_FAILURE(mount_traced("cache=loose"));
    struct stat status{};
    EXPECT_EQ(contents_of(here("f")), "text");
    ASSERT_EQ(::stat(here("f").c_str(), &status), 0);
    EXPECT_EQ(::access(here("none").c_str(), F_OK), -1);
    const auto looks = sent("Tgetattr"), walks = sent("Twalk"), reads = sent("Tread");
    put(there("f"), "another");  // nobody should
    for (int i = 0; i < 5; ++i) {
        ASSERT_EQ(::stat(here("f").c_str(), &status), 0);
        EXPECT_EQ(status.st_size, 4);
        EXPECT_EQ(::access(here("none").c_str(), F_OK), -1);
    }
    EXPECT_EQ(sent("Tgetattr"), looks);
    EXPECT_EQ(sent("Twalk"), walks);
    EXPECT_EQ(contents_of(here("f")), "text");
    EXPECT_EQ(sent("Tread"), reads);
}

TEST_F(Cache, LooseGathersWritesAndLosesNone) {
    ASSERT_NO_FATAL_FAILURE(mount_traced("cache=loose"));
    std::string expected;
    {
        const int file = ::open(here("f").c_str(), O_CREAT | O_WRONLY | O_APPEND, 0644);
        for (int i = 0; i < 2000; ++i) {
            const std::string line = "line " + std::to_string(i) + "\n";
            ASSERT_EQ(::write(file, line.data(), line.size()), static_cast<ssize_t>(line.size()));
            expected += line;
        }
        EXPECT_LT(sent("Twrite"), 100u);
        ::close(file);
    }
    EXPECT_TRUE(contents_of(there("f")) == expected);
    EXPECT_TRUE(contents_of(here("f")) == expected);
    // Parts of pages of a file that is opened for writing only.
    const int file = ::open(here("f").c_str(), O_WRONLY);
    ASSERT_EQ(::pwrite(file, "LINE", 4, 7000), 4);
    ASSERT_EQ(::fsync(file), 0);
    expected.replace(7000, 4, "LINE");
    EXPECT_TRUE(contents_of(there("f")) == expected);
    ::close(file);
    const int end = ::open(here("f").c_str(), O_WRONLY | O_APPEND);
    ASSERT_EQ(::write(end, "end", 3), 3);
    ::close(end);
    EXPECT_TRUE(contents_of(there("f")) == expected + "end");
}

TEST_F(Cache, LooseWritesAFileThatMayNotBeRead) {
    ASSERT_NO_FATAL_FAILURE(mount("cache=loose"));
    put(here("f"), "0123456789");
    ASSERT_EQ(::chmod(here("f").c_str(), 0200), 0);
    const int file = ::open(here("f").c_str(), O_WRONLY);
    ASSERT_GE(file, 0) << std::strerror(errno);
    EXPECT_EQ(::pwrite(file, "ab", 2, 3), 2);
    EXPECT_EQ(::close(file), 0);
    EXPECT_EQ(contents_of(there("f")), "012ab56789");
}

// --- all modes ------------------------------------------------------------------------------------------------------

TEST_F(Cache, AnEmptyFileThatGrowsIsReadRight) {
    for (const std::string mode : {"auto", "none", "loose"}) {
        ASSERT_NO_FATAL_FAILURE(mount("cache=" + mode));
        const std::string name = "grows-" + mode;
        put(there(name), "");
        const int file = ::open(here(name).c_str(), O_RDONLY);
        ASSERT_GE(file, 0);
        char bytes[20] = {};
        EXPECT_EQ(::read(file, bytes, sizeof bytes), 0) << mode;
        put(there(name), "grown");
        EXPECT_EQ(::read(file, bytes, sizeof bytes), 5) << mode;
        EXPECT_STREQ(bytes, "grown");
        std::string large(300'000, 'x');
        put(there(name), large);
        std::string all(large.size() + 1, '\0');
        std::size_t got = 0;
        for (ssize_t n = 1; n > 0; got += static_cast<std::size_t>(n))
            n = ::pread(file, all.data() + got, all.size() - got, static_cast<off_t>(got));
        EXPECT_EQ(got, large.size()) << mode;
        ::close(file);
    }
}

TEST_F(Cache, TimesThatAreGivenWinOverTheMode) {
    ASSERT_NO_FATAL_FAILURE(mount("negative_timeout=60,entry_timeout=60,attr_timeout=60"));
    EXPECT_EQ(::access(here("f").c_str(), F_OK), -1);
    put(there("f"), "text");
    EXPECT_EQ(::access(here("f").c_str(), F_OK), -1);  // believed
    put(here("f"), "made here");                       // but not where it matters
    EXPECT_EQ(contents_of(here("f")), "made here");
    ASSERT_NO_FATAL_FAILURE(mount("attr_timeout=0,entry_timeout=0,cache=loose"));
    struct stat status{};
    ASSERT_EQ(::stat(here("f").c_str(), &status), 0);
    std::filesystem::remove(there("f"));
    EXPECT_EQ(::access(here("f").c_str(), F_OK), -1);
}

// Who opens an empty file goes past the kernel's cache, which may hold what somebody else writes meanwhile.
TEST_F(Cache, WhatIsWrittenToAFileThatWasEmptyIsSeenByAllWhoHaveItOpen) {
    for (const std::string mode : {"none", "auto", "loose"}) {
        ASSERT_NO_FATAL_FAILURE(mount_traced("cache=" + mode));
        std::filesystem::remove(there("f"));
        put(there("f"), "");
        const int first = ::open(here("f").c_str(), O_RDWR);
        EXPECT_EQ(::pwrite(first, "text", 4, 0), 4);
        const int second = ::open(here("f").c_str(), O_RDWR);
        EXPECT_EQ(::pwrite(second, "end", 3, 200'000), 3);
        char hole[10] = "no zeros";
        EXPECT_EQ(::pread(first, hole, sizeof hole, 100'000), static_cast<ssize_t>(sizeof hole)) << mode;
        EXPECT_EQ(std::string(hole, sizeof hole), std::string(sizeof hole, '\0')) << mode;
        EXPECT_EQ(::pread(first, hole, 3, 200'000), 3) << mode;
        EXPECT_EQ(std::string(hole, 3), "end") << mode;
        ::close(first);
        ::close(second);
    }
}

}  // namespace
}  // namespace p9::test
