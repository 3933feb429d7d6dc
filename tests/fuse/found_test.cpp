// What random operations (operations_test.cpp) found, each in as few calls as show it.

#include "tests/fuse/served.hpp"

#include <sys/mman.h>
#include <sys/stat.h>

namespace p9::test {
namespace {

/// Stores `text` into a shared map of a file of two pages or more, at its second page; 0 or an errno.
int store_in_second_page(int file, const std::string& text) {
    void* const at = ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 4096);
    if (at == MAP_FAILED) return errno;
    std::memcpy(at, text.data(), text.size());
    const int failed = ::msync(at, 4096, MS_SYNC) == 0 ? 0 : errno;
    ::munmap(at, 4096);
    return failed;
}

class FoundInMaps : public ServedMountTest, public testing::WithParamInterface<const char*> {
protected:
    static constexpr int FLAGS = O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC;
};

// The kernel writes pages back by any descriptor of the file. If that one appends, the server put the page at the end.
TEST_P(FoundInMaps, pages_are_not_appended) {
    ASSERT_NO_FATAL_FAILURE(mount(GetParam()));
    std::string contents(5000, 'x');
    const int file = ::open(here("f").c_str(), FLAGS, 0644);
    ASSERT_EQ(::write(file, contents.data(), contents.size()), 5000);
    const int failed = store_in_second_page(file, "stored");
    ::close(file);
    if (failed == ENODEV) GTEST_SKIP() << "this kernel maps no files past its cache";
    ASSERT_EQ(failed, 0);
    EXPECT_EQ(contents_of(there("f")), contents.replace(4096, 6, "stored"));
}

TEST_P(FoundInMaps, pages_of_a_file_that_appends_and_has_lost_its_name) {
    ASSERT_NO_FATAL_FAILURE(mount(GetParam()));
    const std::string contents(5000, 'x');
    const int file = ::open(here("f").c_str(), FLAGS, 0644);
    ASSERT_EQ(::write(file, contents.data(), contents.size()), 5000);
    ASSERT_EQ(::unlink(here("f").c_str()), 0);
    const int failed = store_in_second_page(file, "stored");
    std::string seen(6000, '\0');
    const ssize_t got = ::pread(file, seen.data(), seen.size(), 0);
    ::close(file);
    if (failed == ENODEV) GTEST_SKIP() << "this kernel maps no files past its cache";
    EXPECT_EQ(failed, 0);
    EXPECT_EQ(got, 5000);
    EXPECT_EQ(seen.substr(4090, 16), "xxxxxxstoredxxxx");
}

INSTANTIATE_TEST_SUITE_P(Caches, FoundInMaps, testing::Values("cache=auto", "cache=none", "cache=loose"),
                         [](const auto& each) { return std::string(each.param).substr(6); });

class FoundWithDiod : public MountTest {};

// diod keeps a path for each fid: after a rename of the directory it finds nothing there, or another file.
TEST_F(FoundWithDiod, an_open_file_is_truncated_after_its_directory_was_renamed) {
    ASSERT_NO_FATAL_FAILURE(mount("cache=none"));
    std::filesystem::create_directory(here("d"));
    const int file = ::open(here("d/f").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    ASSERT_EQ(::write(file, "0123456789", 10), 10);
    std::filesystem::rename(here("d"), here("e"));
    EXPECT_EQ(told(::ftruncate(file, 5)), 0);
    EXPECT_EQ(contents_of(there("e/f")), "01234");
    std::filesystem::create_directory(here("d"));
    std::ofstream(here("d/f")) << "another";
    EXPECT_EQ(told(::ftruncate(file, 3)), 0);
    struct stat status{};
    EXPECT_EQ(told(::fstat(file, &status)), 0);
    EXPECT_EQ(status.st_size, 3);
    ::close(file);
    EXPECT_EQ(contents_of(there("e/f")), "012");
    EXPECT_EQ(contents_of(there("d/f")), "another");
}

}  // namespace
}  // namespace p9::test
