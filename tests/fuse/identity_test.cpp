// Which file is which: inode numbers, hard links, and symlinks that lead out of the mount.

#include "fuse/owner.hpp"
#include "fuse/symlinks.hpp"
#include "tests/fuse/served.hpp"

#include <dirent.h>
#include <sys/stat.h>

namespace p9::test {
namespace {

using fuse::contained;
using fuse::Symlinks;

class Identity : public ServedMountTest {
protected:
    static struct stat status_of(const std::string& path) {
        struct stat status{};
        EXPECT_EQ(::lstat(path.c_str(), &status), 0) << path << ": " << std::strerror(errno);
        return status;
    }
    std::string link_at(const std::string& name) const {
        char target[PATH_MAX];
        const ssize_t size = ::readlink(here(name).c_str(), target, sizeof target);
        return size < 0 ? std::strerror(errno) : std::string(target, static_cast<std::size_t>(size));
    }
};

TEST_F(Identity, HardLinksShareANumberAndCountEachOther) {
    ASSERT_NO_FATAL_FAILURE(mount(""));
    std::ofstream(here("a")) << "x";
    std::filesystem::create_directory(here("folder"));
    ASSERT_EQ(status_of(here("a")).st_nlink, 1u);
    ASSERT_EQ(told(::link(here("a").c_str(), here("folder/b").c_str())), 0);
    for (const char* name : {"a", "folder/b"}) EXPECT_EQ(status_of(here(name)).st_nlink, 2u) << name;
    EXPECT_EQ(status_of(here("a")).st_ino, status_of(here("folder/b")).st_ino);
    std::ofstream(here("c")) << "x";
    EXPECT_NE(status_of(here("a")).st_ino, status_of(here("c")).st_ino);
    ASSERT_EQ(told(::unlink(here("a").c_str())), 0);
    EXPECT_EQ(status_of(here("folder/b")).st_nlink, 1u);
}

TEST_F(Identity, ListingsShowTheNumbersThatStatDoesAndARemountToo) {
    ASSERT_NO_FATAL_FAILURE(mount(""));
    std::ofstream(here("a")) << "x";
    std::filesystem::create_directory(here("folder"));
    std::filesystem::create_symlink("a", here("link"));
    const auto before = status_of(here("a")).st_ino;
    ASSERT_NO_FATAL_FAILURE(mount(""));
    EXPECT_EQ(status_of(here("a")).st_ino, before);
    DIR* const directory = ::opendir(mounted_->path().c_str());
    ASSERT_NE(directory, nullptr);
    int seen = 0;
    for (const dirent* entry = ::readdir(directory); entry != nullptr; entry = ::readdir(directory)) {
        if (std::string(entry->d_name) == "..") continue;
        EXPECT_EQ(entry->d_ino, status_of(here(entry->d_name)).st_ino) << entry->d_name;
        ++seen;
    }
    ::closedir(directory);
    EXPECT_EQ(seen, 4);
}

TEST(ShownNumber, EqualQidsOfDifferentTypesAreDifferentFiles) {
    std::set<u64> numbers;
    const FileType types[] = {FileType::file,      FileType::directory, FileType::symlink, FileType::block,
                              FileType::character, FileType::fifo,      FileType::socket};
    for (const FileType type : types) numbers.insert(fuse::shown_number(77, type, 5));
    EXPECT_EQ(numbers.size(), 7u);
    EXPECT_EQ(fuse::shown_number(77, FileType::file, 5), fuse::shown_number(77, FileType::file, 6));
    // A server that has no numbers at all.
    EXPECT_EQ(fuse::shown_number(0, FileType::file, 5), 5u);
}

TEST_F(Identity, SymlinksAreKeptUnlessSomebodyAsks) {
    ASSERT_NO_FATAL_FAILURE(mount(""));
    std::filesystem::create_symlink("/etc/passwd", there("out"));
    EXPECT_EQ(link_at("out"), "/etc/passwd");
}

TEST_F(Identity, SymlinksCanBeHeldInside) {
    ASSERT_NO_FATAL_FAILURE(mount("symlinks=inside"));
    std::filesystem::create_directories(there("a/b"));
    std::ofstream(there("target")) << "inside";
    std::filesystem::create_symlink("/target", there("a/b/absolute"));
    std::filesystem::create_symlink("../../../../../target", there("a/b/up"));
    std::filesystem::create_symlink("../../target", there("a/b/plain"));
    EXPECT_EQ(link_at("a/b/absolute"), "../../target");
    for (const char* name : {"a/b/absolute", "a/b/up", "a/b/plain"})
        EXPECT_EQ(contents_of(here(name)), "inside") << name;
    // Made here and read here: the server keeps what was written.
    std::filesystem::create_symlink("/target", here("new"));
    EXPECT_EQ(std::filesystem::read_symlink(there("new")), "/target");
    EXPECT_EQ(link_at("new"), "target");
}

TEST_F(Identity, SymlinksThatLeaveCanBeDenied) {
    ASSERT_NO_FATAL_FAILURE(mount("symlinks=deny"));
    std::filesystem::create_directory(there("a"));
    std::ofstream(there("target")) << "inside";
    std::filesystem::create_symlink("/etc/passwd", there("a/absolute"));
    std::filesystem::create_symlink("../../etc/passwd", there("a/up"));
    std::filesystem::create_symlink("../target", there("a/plain"));
    EXPECT_EQ(contents_of(here("a/plain")), "inside");
    for (const char* name : {"a/absolute", "a/up"}) {
        EXPECT_EQ(link_at(name), std::strerror(EPERM)) << name;
        EXPECT_EQ(told(::open(here(name).c_str(), O_RDONLY)), -EPERM) << name;
        EXPECT_TRUE(S_ISLNK(status_of(here(name)).st_mode)) << name;
    }
}

// s leads to the root, so that s/.. would lead out of it although it looks as if it stayed inside.
TEST_F(Identity, NoChainOfSymlinksLeadsOut) {
    std::ofstream(scratch_ / "secret") << "outside";
    for (const char* mode : {"symlinks=inside", "symlinks=deny"}) {
        ASSERT_NO_FATAL_FAILURE(mount(mode));
        std::filesystem::create_directory(there("d"));
        std::filesystem::create_symlink("..", there("d/s"));
        std::filesystem::create_symlink("s/../secret", there("d/chain"));
        std::filesystem::create_symlink("d/s/../secret", there("chain"));
        EXPECT_EQ(contents_of(here("d/chain")), "") << mode;
        EXPECT_EQ(contents_of(here("chain")), "") << mode;
        std::filesystem::remove_all(exported_);
    }
}

TEST(ContainedSymlink, Targets) {
    const auto inside = [](const std::string& target, std::size_t depth) {
        return contained(target, depth, Symlinks::inside).value();
    };
    EXPECT_EQ(inside("/", 0), ".");
    EXPECT_EQ(inside("/", 2), "../..");
    EXPECT_EQ(inside("//a//b/", 1), "../a/b");
    EXPECT_EQ(inside("/../../a", 1), "../a");
    EXPECT_EQ(inside("..", 0), ".");
    EXPECT_EQ(inside("../..", 1), "..");
    EXPECT_EQ(inside("a/../b", 3), "b");
    EXPECT_EQ(inside("a/../../b", 1), "../b");
    EXPECT_EQ(inside("./a//b/", 1), "./a//b/") << "what stays inside is kept to the byte";
    EXPECT_EQ(contained("/a", 0, Symlinks::keep).value(), "/a");
    EXPECT_FALSE(contained("/a", 0, Symlinks::deny));
    EXPECT_FALSE(contained("..", 0, Symlinks::deny));
    EXPECT_FALSE(contained("a/../..", 0, Symlinks::deny));
    EXPECT_EQ(contained("../b", 1, Symlinks::deny).value(), "../b");
}

}  // namespace
}  // namespace p9::test
