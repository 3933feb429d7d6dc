// What programs do with files and directories of a mount beyond single calls.

#include "tests/fuse/mounted.hpp"

#include <dirent.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <algorithm>
#include <set>

namespace p9::test {
namespace {

class MountIo : public MountTest {};

std::string noise(std::size_t size, unsigned seed) {
    std::string bytes(size, '\0');
    for (char& c : bytes) c = static_cast<char>((seed = seed * 1103515245 + 12345) >> 16);
    return bytes;
}

void write_file(const std::string& path, const std::string& contents) {
    std::ofstream(path, std::ios::binary) << contents;
}

/// A directory's names as they come, "." and ".." included.
std::vector<std::string> listed(const std::string& path) {
    std::vector<std::string> names;
    DIR* directory = ::opendir(path.c_str());
    if (directory == nullptr) return names;
    while (const dirent* entry = ::readdir(directory)) names.emplace_back(entry->d_name);
    ::closedir(directory);
    return names;
}

TEST_F(MountIo, a_big_directory_is_listed_whole_and_once) {
    ASSERT_NO_FATAL_FAILURE(mount());
    std::multiset<std::string> expected{".", ".."};
    std::filesystem::create_directory(there("many"));
    for (int i = 0; i < 5000; ++i) {
        const std::string name = "file-with-a-name-of-some-length-" + std::to_string(i);
        write_file(there("many/" + name), "");
        expected.insert(name);
    }
    const auto names = listed(here("many"));
    EXPECT_EQ(names.size(), expected.size());
    EXPECT_TRUE(std::multiset<std::string>(names.begin(), names.end()) == expected);
    // With attributes too, and again.
    std::size_t regular = 0;
    for (const auto& entry : std::filesystem::directory_iterator(here("many"))) regular += entry.is_regular_file();
    EXPECT_EQ(regular, 5000u);
}

TEST_F(MountIo, seeking_in_a_directory_finds_the_same_names) {
    ASSERT_NO_FATAL_FAILURE(mount());
    for (int i = 0; i < 600; ++i) write_file(there("n" + std::to_string(i)), "");
    DIR* directory = ::opendir(mounted_->path().c_str());
    ASSERT_NE(directory, nullptr);
    std::vector<std::pair<long, std::string>> seen;
    for (;;) {
        const long at = ::telldir(directory);
        const dirent* entry = ::readdir(directory);
        if (entry == nullptr) break;
        seen.emplace_back(at, entry->d_name);
    }
    ASSERT_EQ(seen.size(), 602u);
    for (std::size_t i = 0; i < seen.size(); i += 37) {
        ::seekdir(directory, seen[i].first);
        const dirent* entry = ::readdir(directory);
        ASSERT_NE(entry, nullptr);
        EXPECT_EQ(seen[i].second, entry->d_name);
    }
    // rewinddir(3) sees what was made meanwhile.
    write_file(there("new"), "");
    ::rewinddir(directory);
    std::set<std::string> names;
    while (const dirent* entry = ::readdir(directory)) names.insert(entry->d_name);
    EXPECT_EQ(names.count("new"), 1u);
    ::closedir(directory);
}

TEST_F(MountIo, names_removed_while_a_directory_is_read) {
    ASSERT_NO_FATAL_FAILURE(mount());
    for (int i = 0; i < 2000; ++i) write_file(there("n" + std::to_string(i)), "");
    DIR* directory = ::opendir(mounted_->path().c_str());
    ASSERT_NE(directory, nullptr);
    std::size_t removed = 0;
    while (const dirent* entry = ::readdir(directory))
        if (entry->d_name[0] == 'n') removed += ::unlinkat(::dirfd(directory), entry->d_name, 0) == 0;
    ::closedir(directory);
    EXPECT_EQ(removed, 2000u);
    EXPECT_TRUE(std::filesystem::is_empty(exported_));
}

TEST_F(MountIo, a_large_file_makes_the_round_trip) {
    ASSERT_NO_FATAL_FAILURE(mount());
    const std::string bytes = noise(20'000'003, 7);
    write_file(here("large"), bytes);
    EXPECT_TRUE(contents_of(there("large")) == bytes);
    EXPECT_TRUE(contents_of(here("large")) == bytes);
}

TEST_F(MountIo, a_small_msize_splits_reads_and_writes) {
    ASSERT_NO_FATAL_FAILURE(mount("msize=8192"));
    const std::string bytes = noise(3'000'001, 9);
    write_file(here("large"), bytes);
    EXPECT_TRUE(contents_of(there("large")) == bytes);
    EXPECT_TRUE(contents_of(here("large")) == bytes);
    const int file = ::open(here("appended").c_str(), O_CREAT | O_WRONLY | O_APPEND, 0644);
    ASSERT_EQ(::write(file, bytes.data(), 300'000), 300'000);
    ASSERT_EQ(::write(file, bytes.data() + 300'000, 100'000), 100'000);
    ::close(file);
    EXPECT_TRUE(contents_of(there("appended")) == bytes.substr(0, 400'000));
}

TEST_F(MountIo, without_caches_every_call_reaches_the_server) {
    ASSERT_NO_FATAL_FAILURE(mount("cache=none"));
    write_file(there("f"), "text");
    EXPECT_EQ(contents_of(here("f")), "text");
    write_file(there("f"), "another");
    EXPECT_EQ(contents_of(here("f")), "another");
}

TEST_F(MountIo, an_unlinked_file_lives_on_while_it_is_open) {
    ASSERT_NO_FATAL_FAILURE(mount());
    const int file = ::open(here("f").c_str(), O_CREAT | O_RDWR, 0600);
    ASSERT_GE(file, 0);
    ASSERT_EQ(::write(file, "before", 6), 6);
    ASSERT_EQ(::unlink(here("f").c_str()), 0);
    struct stat status{};
    ASSERT_EQ(::fstat(file, &status), 0) << std::strerror(errno);
    EXPECT_EQ(status.st_size, 6);
    // Another file takes the name: the open one is not it.
    write_file(here("f"), "quite another");
    ASSERT_EQ(::fstat(file, &status), 0) << std::strerror(errno);
    EXPECT_EQ(status.st_size, 6);
    EXPECT_EQ(::pwrite(file, "after", 5, 6), 5);
    char text[20] = {};
    EXPECT_EQ(::pread(file, text, sizeof text, 0), 11);
    EXPECT_STREQ(text, "beforeafter");
    ::close(file);
    EXPECT_EQ(contents_of(there("f")), "quite another");
}

TEST_F(MountIo, an_open_file_follows_a_rename) {
    ASSERT_NO_FATAL_FAILURE(mount());
    std::filesystem::create_directories(here("a/b"));
    const int file = ::open(here("a/b/f").c_str(), O_CREAT | O_RDWR, 0600);
    ASSERT_EQ(::write(file, "1", 1), 1);
    std::filesystem::rename(here("a"), here("z"));
    EXPECT_EQ(::write(file, "2", 1), 1);
    struct stat status{};
    EXPECT_EQ(::fstat(file, &status), 0) << std::strerror(errno);
    EXPECT_EQ(::fchmod(file, 0640), 0) << std::strerror(errno);
    ::close(file);
    EXPECT_EQ(contents_of(here("z/b/f")), "12");
    EXPECT_EQ(contents_of(there("z/b/f")), "12");
}

TEST_F(MountIo, changes_behind_the_mount_are_seen) {
    ASSERT_NO_FATAL_FAILURE(mount());
    write_file(there("f"), "one");
    EXPECT_EQ(contents_of(here("f")), "one");
    write_file(there("f"), "second");
    EXPECT_EQ(contents_of(here("f")), "second");
    std::filesystem::remove(there("f"));
    std::filesystem::create_directory(there("f"));
    EXPECT_TRUE(std::filesystem::is_directory(here("f")));
    std::filesystem::remove(there("f"));
    EXPECT_FALSE(std::filesystem::exists(here("f")));
}

TEST_F(MountIo, files_of_length_0_yield_their_data) {
    if (::geteuid() != 0) GTEST_SKIP() << "exporting /proc/sys needs root";
    Diod kernel("/proc/sys/kernel");
    Mounted there_mounted(scratch_, kernel.address(), "aname=/proc/sys/kernel", "proc");
    ASSERT_EQ(there_mounted.outcome().status, 0) << there_mounted.outcome().errors;
    for (const char* name : {"ostype", "osrelease", "pid_max"}) {
        EXPECT_EQ(std::filesystem::file_size(there_mounted.path(name)), 0u);
        EXPECT_EQ(contents_of(there_mounted.path(name)), contents_of(std::string("/proc/sys/kernel/") + name));
        EXPECT_NE(contents_of(there_mounted.path(name)), "");
    }
}

TEST_F(MountIo, a_file_that_was_empty_can_be_mapped_once_it_is_written) {
    ASSERT_NO_FATAL_FAILURE(mount("entry_timeout=60,attr_timeout=60"));
    write_file(here("f"), "");
    write_file(here("f"), "0123456789");
    const int file = ::open(here("f").c_str(), O_RDWR);
    ASSERT_GE(file, 0);
    void* memory = ::mmap(nullptr, 10, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    ASSERT_NE(memory, MAP_FAILED) << std::strerror(errno);
    std::memcpy(static_cast<char*>(memory) + 3, "xyz", 3);
    EXPECT_EQ(::munmap(memory, 10), 0);
    ::close(file);
    EXPECT_EQ(contents_of(there("f")), "012xyz6789");
}

}  // namespace
}  // namespace p9::test
