// What archivers do: times, owner and mode of a file that they have just made, one after the other, by its handle.

#include "tests/fuse/cached.hpp"

#include <fcntl.h>
#include <sys/sendfile.h>
#include <unistd.h>

namespace p9::test {
namespace {

struct stat status_of(int file) {
    struct stat status{};
    EXPECT_EQ(::fstat(file, &status), 0);
    return status;
}

class Archiver : public Cache {
protected:
    int unpack(const std::string& name, mode_t mode) const {
        const int file = ::open(here(name).c_str(), O_CREAT | O_EXCL | O_WRONLY, 0600);
        EXPECT_GE(file, 0);
        EXPECT_EQ(::write(file, "text", 4), 4);
        const timespec times[2] = {{0, UTIME_OMIT}, {1'000'000'000, 5}};
        EXPECT_EQ(::futimens(file, times), 0);
        EXPECT_EQ(::fchown(file, ::geteuid(), ::getegid()), 0);
        EXPECT_EQ(::fchmod(file, mode), 0);
        return file;
    }
};

TEST_F(Archiver, TheServerIsNotAskedWhatItHasJustBeenTold) {
    ASSERT_NO_FATAL_FAILURE(mount_traced("attr_timeout=600"));
    const auto before = sent("Tgetattr");
    ::close(unpack("f", 0640));
    EXPECT_EQ(sent("Tsetattr"), 3u);
    // Once when it is made. Before it lets somebody change the owner the kernel asks again, for itself.
    EXPECT_LE(sent("Tgetattr") - before, 1u);
}

TEST_F(Archiver, ManyFilesAreMadeWithFewMessages) {
    ASSERT_NO_FATAL_FAILURE(mount_traced(""));
    for (int i = 0; i < 4; ++i) ::close(unpack("before" + std::to_string(i), 0640));
    const auto walks = sent("Twalk"), asked = sent("Tgetattr");
    constexpr unsigned files = 50;
    for (unsigned i = 0; i < files; ++i) ::close(unpack("f" + std::to_string(i), 0640));
    EXPECT_EQ(sent("Tgetattr"), asked);
    // One to look for the name, one for the next file's fid.
    EXPECT_LE(sent("Twalk") - walks, 2 * files + 1);
    for (unsigned i = 0; i < files; ++i) {
        const std::string name = "f" + std::to_string(i);
        struct stat ours{}, theirs{};
        ASSERT_EQ(::stat(here(name).c_str(), &ours), 0);
        ASSERT_EQ(::stat(there(name).c_str(), &theirs), 0);
        EXPECT_EQ(ours.st_mode, theirs.st_mode);
        EXPECT_EQ(ours.st_uid, theirs.st_uid);
        EXPECT_EQ(ours.st_gid, theirs.st_gid);
        EXPECT_EQ(ours.st_size, 4);
        EXPECT_EQ(ours.st_ctim.tv_nsec, theirs.st_ctim.tv_nsec);
        EXPECT_EQ(contents_of(there(name)), "text");
    }
}

TEST_F(Archiver, WhoLooksAtANewFileIsToldWhatTheServerHas) {
    ASSERT_NO_FATAL_FAILURE(mount_traced("attr_timeout=600"));
    for (int i = 0; i < 4; ++i) ::close(unpack("before" + std::to_string(i), 0640));
    // The next is made in the same way, and yet another way for the server: files get the directory's group.
    ASSERT_EQ(::chown(there("").c_str(), ::geteuid(), 4711), 0);
    ASSERT_EQ(::chmod(there("").c_str(), 02755), 0);
    for (const std::string name : {"f", "g"}) {
        const int file = ::open(here(name).c_str(), O_CREAT | O_EXCL | O_WRONLY, 0600);
        ASSERT_GE(file, 0);
        struct stat theirs{};
        ASSERT_EQ(::stat(there(name).c_str(), &theirs), 0);
        const auto ours = status_of(file);
        EXPECT_EQ(ours.st_gid, theirs.st_gid) << name;
        EXPECT_EQ(ours.st_ino, status_of(file).st_ino) << name;
        EXPECT_EQ(ours.st_ctim.tv_nsec, theirs.st_ctim.tv_nsec) << name;
        EXPECT_EQ(ours.st_mtim.tv_nsec, theirs.st_mtim.tv_nsec) << name;
        ::close(file);
    }
}

TEST_F(Archiver, WhoLooksAtEachNewFileCostsNoMessageMore) {
    ASSERT_NO_FATAL_FAILURE(mount_traced("attr_timeout=600"));
    const auto asked = sent("Tgetattr");
    constexpr unsigned files = 20;
    for (unsigned i = 0; i < files; ++i) {
        const int file = ::open(here("f" + std::to_string(i)).c_str(), O_CREAT | O_EXCL | O_WRONLY, 0600);
        ASSERT_GE(file, 0);
        EXPECT_EQ(status_of(file).st_size, 0);
        ::close(file);
    }
    EXPECT_LE(sent("Tgetattr") - asked, files + 1);
}

TEST_F(Archiver, ADirectoryThatWasMovedGetsTheNextFile) {
    ASSERT_NO_FATAL_FAILURE(mount_traced(""));
    std::filesystem::create_directory(here("a"));
    for (int i = 0; i < 4; ++i) ::close(unpack("a/f" + std::to_string(i), 0640));
    std::filesystem::rename(here("a"), here("b"));
    std::filesystem::create_directory(here("a"));
    ::close(unpack("a/new", 0640));
    ::close(unpack("b/last", 0640));
    EXPECT_EQ(contents_of(there("a/new")), "text");
    EXPECT_EQ(contents_of(there("b/last")), "text");
}

TEST_F(Archiver, ANameThatSomebodyElseTookIsRefused) {
    ASSERT_NO_FATAL_FAILURE(mount_traced(""));
    for (int i = 0; i < 4; ++i) ::close(unpack("before" + std::to_string(i), 0640));
    put(there("taken"), "theirs");
    EXPECT_EQ(::open(here("taken").c_str(), O_CREAT | O_EXCL | O_WRONLY, 0600), -1);
    EXPECT_EQ(errno, EEXIST);
    std::filesystem::remove(there("taken"));
    ASSERT_EQ(::chmod(there("").c_str(), 0555), 0);
    if (::geteuid() != 0) {
        EXPECT_EQ(::open(here("denied").c_str(), O_CREAT | O_EXCL | O_WRONLY, 0600), -1);
        EXPECT_EQ(errno, EACCES);
    }
    ASSERT_EQ(::chmod(there("").c_str(), 0755), 0);
    ::close(unpack("after", 0640));
    EXPECT_EQ(contents_of(there("after")), "text");
}

TEST_F(Archiver, AClosedFileIsClosedOnTheServerSoon) {
    ASSERT_NO_FATAL_FAILURE(mount_traced(""));
    const int file = unpack("f", 0640);
    const auto before = sent("Rclunk");
    ASSERT_EQ(sent("Tclunk"), before) << "something else is being closed";
    ::close(file);
    wait_for_trace(trace_, " Rclunk ", before + 1);
}

TEST_F(Archiver, WhoLooksAfterwardsSeesWhatTheServerHas) {
    for (const std::string mode : {"none", "auto", "loose"}) {
        std::filesystem::remove_all(scratch_ / "export");
        ASSERT_NO_FATAL_FAILURE(mount_traced("attr_timeout=600,cache=" + mode));
        const int file = unpack("f", 0640);
        // Somebody else changes it too: the handle's own idea of the file is not to hide that.
        ASSERT_EQ(::chmod(there("f").c_str(), 0444), 0);
        struct stat theirs{};
        ASSERT_EQ(::stat(there("f").c_str(), &theirs), 0);
        const auto ours = status_of(file);
        EXPECT_EQ(ours.st_mode & 07777, 0444u) << mode;
        EXPECT_EQ(ours.st_size, 4) << mode;
        EXPECT_EQ(ours.st_mtim.tv_sec, 1'000'000'000) << mode;
        // With a writeback cache the kernel keeps this time itself.
        if (mode != "loose") {
            EXPECT_EQ(ours.st_ctim.tv_nsec, theirs.st_ctim.tv_nsec) << mode;
        }
        ::close(file);
    }
}

TEST_F(Archiver, WhatIsWrittenBetweenTheChangesCounts) {
    ASSERT_NO_FATAL_FAILURE(mount_traced("attr_timeout=600"));
    const int file = unpack("f", 0600);
    EXPECT_EQ(::write(file, " and more", 9), 9);
    EXPECT_EQ(::fchmod(file, 0644), 0);
    EXPECT_EQ(status_of(file).st_size, 13);
    EXPECT_EQ(::ftruncate(file, 2), 0);
    EXPECT_EQ(::fchmod(file, 0600), 0);
    EXPECT_EQ(status_of(file).st_size, 2);
    EXPECT_EQ(::lseek(file, 0, SEEK_END), 2);
    ::close(file);
    EXPECT_EQ(contents_of(there("f")), "te");
}

// With cache=none the mount does not keep the length of a file that it has made.
TEST_F(Archiver, WhatWasWrittenIsThereAfterAChange) {
    ASSERT_NO_FATAL_FAILURE(mount_traced("cache=none"));
    const int file = ::open(here("f").c_str(), O_CREAT | O_EXCL | O_RDWR, 0600);
    EXPECT_EQ(::write(file, "text", 4), 4);
    EXPECT_EQ(::fchmod(file, 0640), 0);
    int copied[2];
    ASSERT_EQ(::pipe2(copied, O_CLOEXEC), 0);
    off_t from = 0;
    EXPECT_EQ(::sendfile(copied[1], file, &from, 4), 4);
    for (const int end : {file, copied[0], copied[1]}) ::close(end);
}

}  // namespace
}  // namespace p9::test
