// How many fids a mount holds on its server: as many as its bound, or as files are open.

#include "fuse/filesystem.hpp"
#include "tests/fuse/served.hpp"
#include "tests/fuse/status.hpp"

#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>

namespace p9::test {
namespace {

class Fids : public ServedMountTest {
protected:
    static constexpr std::size_t FILES = 5500, OPEN = 5000;
    void SetUp() override {
        ServedMountTest::SetUp();
        if (IsSkipped()) return;
        ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before_), 0);
        // p9serve has two descriptors for each file that is open, and takes as many as it may have.
        if (before_.rlim_max < 3 * OPEN) GTEST_SKIP() << "at most " << before_.rlim_max << " files may be open here";
        rlimit more = before_;
        more.rlim_cur = before_.rlim_max;
        ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &more), 0);
    }
    void TearDown() override {
        for (const int file : files_) ::close(file);
        ::setrlimit(RLIMIT_NOFILE, &before_);
    }
    nlohmann::json status() { return status_of(scratch_, *mounted_); }
    std::size_t fids() { return status()["fids"].get<std::size_t>(); }
    static std::string name(std::size_t i) { return "f" + std::to_string(i); }
    /// The kernel releases files after close(2).
    void wait_until_none_is_open(const std::string& what) {
        for (const auto begun = Clock::now(); status()[what] != 0;)
            ASSERT_LT(Clock::now() - begun, std::chrono::seconds(60)) << what << " that nobody has open stay open";
    }
    void look_at_all() {
        struct stat status{};
        for (std::size_t i = 0; i < FILES; ++i) ASSERT_EQ(told(::stat(here(name(i)).c_str(), &status)), 0) << name(i);
    }
    void open_up_to(std::size_t count) {
        while (files_.size() < count) {
            files_.push_back(::open(here(name(files_.size())).c_str(), O_RDWR | O_CLOEXEC));
            ASSERT_GE(files_.back(), 0) << name(files_.size() - 1) << ": " << std::strerror(errno);
        }
    }
    /// What each open file is read and written as.
    void use_all() {
        for (std::size_t i = 0; i < files_.size(); ++i) {
            std::string text(10, '\0');
            ASSERT_EQ(told(::pread(files_[i], text.data(), text.size(), 0)), 4) << name(i);
            ASSERT_EQ(told(::pwrite(files_[i], "more", 4, 4)), 4) << name(i);
        }
    }

    rlimit before_{};
    std::vector<int> files_;
};

TEST_F(Fids, AreBoundedUnlessMoreFilesAreOpen) {
    ASSERT_NO_FATAL_FAILURE(mount(""));
    for (std::size_t i = 0; i < FILES; ++i) std::ofstream(there(name(i))) << "text";
    ASSERT_NO_FATAL_FAILURE(look_at_all());
    EXPECT_LE(fids(), fuse::MAX_FIDS);
    ASSERT_NO_FATAL_FAILURE(open_up_to(3000));
    EXPECT_LE(fids(), fuse::MAX_FIDS);
    // What is open cannot be given up; all else is.
    ASSERT_NO_FATAL_FAILURE(open_up_to(OPEN));
    const auto most = status();
    EXPECT_EQ(most["open_files"], OPEN);
    EXPECT_LE(most["fids"].get<std::size_t>(), OPEN + 100);
    ASSERT_NO_FATAL_FAILURE(use_all());
    for (const int file : files_) ::close(file);
    files_.clear();
    ASSERT_NO_FATAL_FAILURE(wait_until_none_is_open("open_files"));
    EXPECT_LE(fids(), fuse::MAX_FIDS);
    EXPECT_EQ(contents_of(there(name(OPEN - 1))), "textmore");
}

// The kernel has just looked at all of them and asks for nothing but OPENDIR.
TEST_F(Fids, OfDirectoriesThatAreOpenCountToo) {
    constexpr std::size_t DIRECTORIES = 3500, OPENED = 700;
    ASSERT_NO_FATAL_FAILURE(mount("attr_timeout=1000,entry_timeout=1000"));
    for (std::size_t i = 0; i < DIRECTORIES; ++i) std::filesystem::create_directory(there(name(i)));
    struct stat known{};
    for (std::size_t i = 0; i < DIRECTORIES; ++i) ASSERT_EQ(told(::stat(here(name(i)).c_str(), &known)), 0) << name(i);
    EXPECT_GE(fids(), DIRECTORIES) << "nothing is kept that could be given up";
    while (files_.size() < OPENED) {
        files_.push_back(::open(here(name(files_.size())).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        ASSERT_GE(files_.back(), 0) << name(files_.size() - 1) << ": " << std::strerror(errno);
    }
    EXPECT_EQ(status()["open_directories"], OPENED);
    EXPECT_LE(fids(), fuse::MAX_FIDS);
    for (const int file : files_) ::close(file);
    files_.clear();
    ASSERT_NO_FATAL_FAILURE(wait_until_none_is_open("open_directories"));
    EXPECT_LE(fids(), fuse::MAX_FIDS);
}

// The pages of a shared map of a file that appends are written through a fid of their own.
TEST_F(Fids, OfMapsThatAreWrittenBackCountToo) {
    constexpr std::size_t MAPPED = 800, SEEN = 2900;
    ASSERT_NO_FATAL_FAILURE(mount("attr_timeout=1000,entry_timeout=1000"));
    for (std::size_t i = 0; i < SEEN + MAPPED; ++i) std::ofstream(there(name(i))) << "text";
    for (std::size_t i = 0; i < MAPPED; ++i) {
        files_.push_back(::open(here(name(i)).c_str(), O_RDWR | O_APPEND | O_CLOEXEC));
        ASSERT_GE(files_.back(), 0) << std::strerror(errno);
    }
    struct stat known{};
    for (std::size_t i = MAPPED; i < MAPPED + SEEN; ++i)
        ASSERT_EQ(told(::stat(here(name(i)).c_str(), &known)), 0) << name(i);
    EXPECT_GE(fids(), 3500u) << "nothing is kept that could be given up";
    for (const int file : files_) {
        void* const map = ::mmap(nullptr, 4, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
        ASSERT_NE(map, MAP_FAILED) << std::strerror(errno);
        std::memcpy(map, "TEXT", 4);
        ASSERT_EQ(told(::msync(map, 4, MS_SYNC)), 0);
        ::munmap(map, 4);
    }
    EXPECT_GE(fids(), 2 * MAPPED) << "pages are written in another way";
    EXPECT_LE(fids(), fuse::MAX_FIDS);
    EXPECT_EQ(contents_of(there(name(MAPPED - 1))), "TEXT");
}

}  // namespace
}  // namespace p9::test
