// Files that change behind the mount with cache=auto: what may be seen when.

#include "tests/fuse/cached.hpp"

#include <sys/mman.h>

namespace p9::test {
namespace {

// --- cache=auto -----------------------------------------------------------------------------------------------------

TEST_F(Cache, AutoSeesAtOpenWhatWasClosedBefore) {
    ASSERT_NO_FATAL_FAILURE(mount(""));
    put(there("f"), "first");
    EXPECT_EQ(contents_of(here("f")), "first");
    // Of the same length, and within the time for which the kernel believes attributes.
    put(there("f"), "other");
    EXPECT_EQ(contents_of(here("f")), "other");
    put(there("f"), "longer than before");
    EXPECT_EQ(contents_of(here("f")), "longer than before");
    put(there("f"), "short");
    EXPECT_EQ(contents_of(here("f")), "short");
    put(there("f"), "");
    EXPECT_EQ(contents_of(here("f")), "");
    put(there("f"), "again");
    EXPECT_EQ(contents_of(here("f")), "again");
}

TEST_F(Cache, AutoIsNotFooledByQuickChangesOfTheSameLength) {
    ASSERT_NO_FATAL_FAILURE(mount(""));
    for (int i = 1000; i < 1200; ++i) {
        put(there("f"), std::to_string(i));
        ASSERT_EQ(contents_of(here("f")), std::to_string(i));
    }
}

TEST_F(Cache, AutoIsNotFooledByATimeThatWasSetBack) {
    ASSERT_NO_FATAL_FAILURE(mount(""));
    const timespec when[2] = {{1'600'000'000, 7}, {1'600'000'000, 7}};
    put(there("f"), "one");
    ::utimensat(AT_FDCWD, there("f").c_str(), when, 0);
    let_ticks_pass();
    EXPECT_EQ(contents_of(here("f")), "one");
    put(there("f"), "two");
    ::utimensat(AT_FDCWD, there("f").c_str(), when, 0);
    EXPECT_EQ(contents_of(here("f")), "two");
}

TEST_F(Cache, AutoOpensTheFileThatHasTheNameNow) {
    ASSERT_NO_FATAL_FAILURE(mount(""));
    put(there("f"), "old");
    put(there("g"), "new");
    struct stat status{};
    ASSERT_EQ(::stat(here("f").c_str(), &status), 0);  // the kernel knows the name for a second from here
    std::filesystem::rename(there("g"), there("f"));
    EXPECT_EQ(contents_of(here("f")), "new");
    std::filesystem::remove(there("f"));
    EXPECT_EQ(::open(here("f").c_str(), O_RDONLY), -1);
    EXPECT_EQ(errno, ENOENT);
    put(there("f"), "back");
    EXPECT_EQ(contents_of(here("f")), "back");
}

TEST_F(Cache, AutoNeverTruncatesAFileThatLostTheName) {
    ASSERT_NO_FATAL_FAILURE(mount(""));
    put(there("f"), "precious");
    struct stat status{};
    ASSERT_EQ(::stat(here("f").c_str(), &status), 0);
    std::filesystem::rename(there("f"), there("kept"));
    put(there("f"), "worthless");
    put(here("f"), "x");
    EXPECT_EQ(contents_of(there("kept")), "precious");
    EXPECT_EQ(contents_of(there("f")), "x");
}

TEST_F(Cache, AutoTellsTheNewLengthOnceAFileIsOpen) {
    ASSERT_NO_FATAL_FAILURE(mount(""));
    put(there("f"), "123");
    struct stat status{};
    ASSERT_EQ(::stat(here("f").c_str(), &status), 0);
    put(there("f"), "123456");
    const int file = ::open(here("f").c_str(), O_RDONLY);
    ASSERT_EQ(::fstat(file, &status), 0);
    EXPECT_EQ(status.st_size, 6);
    void* memory = ::mmap(nullptr, 6, PROT_READ, MAP_PRIVATE, file, 0);
    ASSERT_NE(memory, MAP_FAILED);
    EXPECT_EQ(std::string(static_cast<char*>(memory), 6), "123456");
    ::munmap(memory, 6);
    ::close(file);
}

TEST_F(Cache, AutoReadsAnUnchangedFileOnce) {
    put((scratch_ / "f").string(), "");
    ASSERT_NO_FATAL_FAILURE(mount_traced(""));
    put(there("f"), "text");
    let_ticks_pass();
    put(there("later"), "so that the server's clock is known");
    EXPECT_EQ(contents_of(here("later")), "so that the server's clock is known");
    EXPECT_EQ(contents_of(here("f")), "text");
    const auto reads = sent("Tread");
    EXPECT_GT(reads, 0u);
    for (int i = 0; i < 5; ++i) EXPECT_EQ(contents_of(here("f")), "text");
    EXPECT_EQ(sent("Tread"), reads);
    put(there("f"), "txet");
    EXPECT_EQ(contents_of(here("f")), "txet");
    EXPECT_GT(sent("Tread"), reads);
}

TEST_F(Cache, AutoSeesWhatAnotherWroteBetweenOwnWritesAndClose) {
    ASSERT_NO_FATAL_FAILURE(mount(""));
    put(there("f"), "aaaaaaaa");
    let_ticks_pass();
    const int file = ::open(here("f").c_str(), O_RDWR);
    ASSERT_EQ(::pwrite(file, "MMMM", 4, 0), 4);
    const int other = ::open(there("f").c_str(), O_RDWR);
    ASSERT_EQ(::pwrite(other, "SSSS", 4, 0), 4);
    ::close(other);
    ASSERT_EQ(::pwrite(file, "EEEE", 4, 4), 4);
    ::close(file);
    EXPECT_EQ(contents_of(here("f")), "SSSSEEEE");
}

TEST_F(Cache, AutoSeesNewNamesAtOnce) {
    ASSERT_NO_FATAL_FAILURE(mount(""));
    EXPECT_EQ(::access(here("f").c_str(), F_OK), -1);
    put(there("f"), "there");
    EXPECT_EQ(::access(here("f").c_str(), F_OK), 0);
    EXPECT_EQ(contents_of(here("f")), "there");
}

TEST_F(Cache, SyntheticFilesAreReadAnewEachTime) {
    // Files whose length says more than is in them: sysfs shows 4096 bytes for all.
    if (::access("/sys/kernel/mm/transparent_hugepage/enabled", R_OK) != 0) GTEST_SKIP() << "no sysfs";
    const std::string server = "exec!" + std::string(P9_BINARY_DIR) + "/p9serve --stdio --dir /sys/kernel/mm";
    const std::string trace = (scratch_ / "trace").string();
    Mounted sys(scratch_, server, "trace=" + trace, "sys");
    ASSERT_EQ(sys.outcome().status, 0) << sys.outcome().errors;
    const std::string name = "transparent_hugepage/enabled";
    for (int i = 0; i < 4; ++i) {
        const auto before = occurrences(contents_of(trace), " Tread ");
        EXPECT_EQ(contents_of(sys.path(name)), contents_of("/sys/kernel/mm/" + name));
        EXPECT_GT(occurrences(contents_of(trace), " Tread "), before) << "read " << i << " came from the cache";
    }
}

}  // namespace
}  // namespace p9::test
