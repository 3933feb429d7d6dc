// What random operations (operations_test.cpp) found, each in as few calls as show it.

#include "tests/fuse/served.hpp"

#include <dirent.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <set>

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

class FoundByReading : public MountTest {};

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

// What was empty when it was opened was taken for a ctl file, of which one read is one message.
TEST_F(FoundByReading, a_file_that_was_empty_is_read_whole) {
    ASSERT_NO_FATAL_FAILURE(mount("cache=none,msize=8192"));
    const std::string contents(20'000, 'x');
    std::string seen(30'000, '\0');
    std::ofstream(there("f")).flush();
    const int file = ::open(here("f").c_str(), O_RDWR | O_CLOEXEC);
    EXPECT_EQ(::pwrite(file, contents.data(), contents.size(), 0), 20'000);
    EXPECT_EQ(::pread(file, seen.data(), seen.size(), 0), 20'000);
    ::close(file);
    // The same where there is no name any more to ask for.
    const int unnamed = ::open(here("g").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    EXPECT_EQ(::unlink(here("g").c_str()), 0);
    EXPECT_EQ(::pwrite(unnamed, contents.data(), contents.size(), 0), 20'000);
    EXPECT_EQ(::pread(unnamed, seen.data(), seen.size(), 0), 20'000);
    ::close(unnamed);
}

// Each name is an inode to the kernel, which appended at the length that this one had before.
TEST_F(FoundByReading, what_is_appended_after_a_change_by_another_name_is_where_the_file_ends) {
    ASSERT_NO_FATAL_FAILURE(mount("cache=auto"));
    const auto append_to = [&](const std::string& name) {
        const int file = ::open(here(name).c_str(), O_WRONLY | O_APPEND | O_CLOEXEC);
        EXPECT_EQ(told(::write(file, "end", 3)), 3);
        const off_t position = ::lseek(file, 0, SEEK_CUR);
        ::close(file);
        return position;
    };
    std::ofstream(here("a")) << "0123456789";
    ASSERT_EQ(::link(here("a").c_str(), here("b").c_str()), 0);
    EXPECT_EQ(contents_of(here("b")), "0123456789");
    EXPECT_EQ(::truncate(here("a").c_str(), 4), 0);
    EXPECT_EQ(append_to("b"), 7);
    EXPECT_EQ(contents_of(here("b")), "0123end");
    EXPECT_EQ(append_to("a"), 10);
    std::ofstream(there("a"), std::ios::app) << "theirs";
    EXPECT_EQ(append_to("b"), 19);
    EXPECT_EQ(contents_of(here("a")), "0123endendtheirsend");
    EXPECT_EQ(contents_of(there("b")), "0123endendtheirsend");
    EXPECT_EQ(::truncate(here("a").c_str(), 4), 0);
    const int writer = ::open(here("b").c_str(), O_WRONLY | O_CLOEXEC);  // which sees it, and does not tell the kernel
    EXPECT_EQ(append_to("b"), 7);
    ::close(writer);
}

/// What a listing has not shown yet.
std::multiset<std::string> rest_of(DIR* directory) {
    std::multiset<std::string> names;
    while (const dirent* entry = ::readdir(directory)) names.insert(entry->d_name);
    return names;
}

class FoundInListings : public ServedMountTest, public testing::WithParamInterface<const char*> {};

// Positions in one listing were those in a later one, which somebody else had made and the kernel kept for all.
TEST_P(FoundInListings, names_are_listed_once_while_others_list_and_change_the_directory) {
    ASSERT_NO_FATAL_FAILURE(mount(GetParam()));
    std::multiset<std::string> expected{".", ".."};
    for (int i = 0; i < 40; ++i) {
        expected.insert("stays" + std::to_string(i));
        std::ofstream(here("stays" + std::to_string(i))) << i;
    }
    DIR* const cached = ::opendir(mounted_->path().c_str());
    EXPECT_TRUE(rest_of(cached) == expected);
    ::closedir(cached);
    DIR* const first = ::opendir(mounted_->path().c_str());
    std::multiset<std::string> names{::readdir(first)->d_name};
    for (int i = 0; i < 30; ++i) names.insert(::readdir(first)->d_name);
    for (int i = 0; i < 40; ++i) std::ofstream(here("comes" + std::to_string(i))) << i;
    DIR* const second = ::opendir(mounted_->path().c_str());
    EXPECT_EQ(rest_of(second).size(), 82u);
    ::closedir(second);
    names.merge(rest_of(first));
    ::closedir(first);
    std::erase_if(names, [](const std::string& name) { return name.starts_with("comes"); });
    EXPECT_TRUE(names == expected);
}

INSTANTIATE_TEST_SUITE_P(Caches, FoundInListings, testing::Values("cache=auto", "cache=none", "cache=loose"),
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

TEST_F(FoundWithDiod, a_file_that_was_empty_and_was_renamed_is_read_whole) {
    ASSERT_NO_FATAL_FAILURE(mount("cache=none"));
    std::ofstream(there("f")).close();
    const int file = ::open(here("f").c_str(), O_RDWR | O_CLOEXEC);
    std::filesystem::rename(here("f"), here("g"));
    const std::string bytes(100'000, 'b');
    ASSERT_EQ(::write(file, bytes.data(), bytes.size()), 100'000);
    std::string read(bytes.size() + 1, '\0');
    EXPECT_EQ(told(::pread(file, read.data(), read.size(), 0)), 100'000) << "not only what one message holds";
    read.resize(bytes.size());
    EXPECT_TRUE(read == bytes);
    ::close(file);
}

}  // namespace
}  // namespace p9::test
