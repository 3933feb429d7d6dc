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
    // Once when it is made; the kernel asks again before it lets somebody change the owner.
    EXPECT_LE(sent("Tgetattr") - before, 2u);
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
