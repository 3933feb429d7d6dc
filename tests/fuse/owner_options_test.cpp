// Owners and permissions as the mount shows them: idmap=, uid=, gid=, umask=, dfltuid=, and set-user-ID bits.

#include "tests/fuse/served.hpp"

#include <sys/stat.h>

namespace p9::test {
namespace {

constexpr uid_t SOMEBODY = 12345, ANOTHER = 23456;

class OwnerOptions : public ServedMountTest {
protected:
    void SetUp() override {
        ServedMountTest::SetUp();
        if (IsSkipped()) return;
        if (::geteuid() != 0) GTEST_SKIP() << "chown needs root";
        exported_ = scratch_.make("export");
        std::ofstream(there("mine")) << "x";
        std::ofstream(there("other")) << "x";
        std::filesystem::create_directory(there("folder"));
        ASSERT_EQ(::chown(exported_.c_str(), SOMEBODY, SOMEBODY + 1), 0);
        ASSERT_EQ(::chown(there("mine").c_str(), SOMEBODY, SOMEBODY + 1), 0);
        ASSERT_EQ(::chown(there("other").c_str(), ANOTHER, ANOTHER), 0);
    }
    static struct stat status_of(const std::string& path) {
        struct stat status{};
        EXPECT_EQ(::lstat(path.c_str(), &status), 0) << path << ": " << std::strerror(errno);
        return status;
    }
};

TEST_F(OwnerOptions, TheServersUserIsShownAsTheOneWhoMounts) {
    ASSERT_NO_FATAL_FAILURE(mount("idmap=user"));
    EXPECT_EQ(status_of(here("mine")).st_uid, ::geteuid());
    EXPECT_EQ(status_of(here("mine")).st_gid, ::getegid());
    EXPECT_EQ(status_of(here("other")).st_uid, ANOTHER);
    EXPECT_EQ(status_of(here("other")).st_gid, ANOTHER);
}

TEST_F(OwnerOptions, AndTheOneWhoMountsIsTheServersUser) {
    ASSERT_NO_FATAL_FAILURE(mount("idmap=user"));
    ASSERT_EQ(told(::chown(here("other").c_str(), ::geteuid(), ::getegid())), 0);
    EXPECT_EQ(status_of(there("other")).st_uid, SOMEBODY);
    EXPECT_EQ(status_of(there("other")).st_gid, SOMEBODY + 1);
    ASSERT_EQ(told(::chown(here("mine").c_str(), ANOTHER, static_cast<gid_t>(-1))), 0);
    EXPECT_EQ(status_of(there("mine")).st_uid, ANOTHER);
    EXPECT_EQ(status_of(there("mine")).st_gid, SOMEBODY + 1);
    std::ofstream(here("new")) << "x";
    EXPECT_EQ(status_of(here("new")).st_gid, ::getegid());
    EXPECT_EQ(status_of(there("new")).st_gid, SOMEBODY + 1);
}

TEST_F(OwnerOptions, TheServersUserMayBeNamedByNumber) {
    ASSERT_NO_FATAL_FAILURE(mount("idmap=user,n_uname=" + std::to_string(ANOTHER)));
    EXPECT_EQ(status_of(here("mine")).st_uid, SOMEBODY);
    EXPECT_EQ(status_of(here("other")).st_uid, ::geteuid());
}

TEST_F(OwnerOptions, WithoutThemTheServersNumbersAreShown) {
    ASSERT_NO_FATAL_FAILURE(mount(""));
    EXPECT_EQ(status_of(here("mine")).st_uid, SOMEBODY);
    EXPECT_EQ(status_of(here("other")).st_gid, ANOTHER);
}

TEST_F(OwnerOptions, AFixedOwnerIsShownOfEverything) {
    ASSERT_NO_FATAL_FAILURE(mount("uid=4000,gid=5000"));
    for (const char* name : {"mine", "other", "folder", "."}) {
        EXPECT_EQ(status_of(here(name)).st_uid, 4000u) << name;
        EXPECT_EQ(status_of(here(name)).st_gid, 5000u) << name;
    }
    EXPECT_EQ(told(::chown(here("mine").c_str(), 4000, 5000)), 0);
    EXPECT_EQ(status_of(there("mine")).st_uid, SOMEBODY);
    EXPECT_EQ(told(::chown(here("mine").c_str(), 4001, static_cast<gid_t>(-1))), -EPERM);
    std::ofstream(here("new")) << "x";
    EXPECT_NE(status_of(there("new")).st_gid, 5000u);
}

TEST_F(OwnerOptions, MasksSetThePermissionsThatAreShown) {
    ::chmod(there("mine").c_str(), 0400);
    ASSERT_NO_FATAL_FAILURE(mount("umask=027"));
    EXPECT_EQ(status_of(here("mine")).st_mode, mode_t{S_IFREG | 0750});
    EXPECT_EQ(status_of(here("folder")).st_mode, mode_t{S_IFDIR | 0750});
    ASSERT_NO_FATAL_FAILURE(mount("fmask=133,dmask=022"));
    EXPECT_EQ(status_of(here("mine")).st_mode, mode_t{S_IFREG | 0644});
    EXPECT_EQ(status_of(here("folder")).st_mode, mode_t{S_IFDIR | 0755});
}

// 9P2000 has names for owners and no numbers.
TEST_F(OwnerOptions, OwnersThatAreNotToldAreThoseOfTheOption) {
    ASSERT_NO_FATAL_FAILURE(mount("version=9p2000,dfltuid=777,dfltgid=888"));
    EXPECT_EQ(status_of(here("mine")).st_uid, 777u);
    EXPECT_EQ(status_of(here("mine")).st_gid, 888u);
}

// The kernel sends the mode without these bits before the write, since nothing in 9P does it.
TEST_F(OwnerOptions, SetUserIdBitsAreDroppedWhenSomebodyElseWrites) {
    ASSERT_NO_FATAL_FAILURE(mount("allow_other"));
    ASSERT_EQ(::chmod(scratch_.make("").c_str(), 0755), 0);
    const auto write_as = [&](uid_t uid, const std::string& name) {
        const pid_t child = ::fork();
        if (child == 0) {
            if (::setgid(uid) != 0 || ::setuid(uid) != 0) ::_exit(2);
            const int file = ::open(here(name).c_str(), O_WRONLY | O_CLOEXEC);
            ::_exit(file >= 0 && ::write(file, "y", 1) == 1 ? 0 : 1);
        }
        int status = 0;
        ::waitpid(child, &status, 0);
        return exit_status(status);
    };
    ASSERT_EQ(::chmod(there("mine").c_str(), 06777), 0);
    EXPECT_EQ(write_as(ANOTHER, "mine"), 0);
    EXPECT_EQ(status_of(there("mine")).st_mode & 07777, 0777u);
    EXPECT_EQ(contents_of(there("mine")), "y");
    ASSERT_EQ(::chmod(there("other").c_str(), 04777), 0);
    EXPECT_EQ(write_as(0, "other"), 0);
    EXPECT_EQ(status_of(there("other")).st_mode & 07777, 04777u) << "root keeps them (CAP_FSETID)";
}

TEST_F(OwnerOptions, NothingIsSetUserIdOrADeviceUnlessRootAsks) {
    const auto flags = [&] {
        const std::string mounts = contents_of("/proc/self/mounts");
        const auto at = mounts.find(" " + mounted_->path() + " ");
        return mounts.substr(at, mounts.find('\n', at) - at);
    };
    ASSERT_NO_FATAL_FAILURE(mount(""));
    EXPECT_NE(flags().find("nosuid,nodev"), std::string::npos) << flags();
    ASSERT_NO_FATAL_FAILURE(mount("suid,dev"));
    EXPECT_EQ(flags().find("nosuid"), std::string::npos) << flags();
    EXPECT_EQ(flags().find("nodev"), std::string::npos) << flags();
    ASSERT_NO_FATAL_FAILURE(mount("dev"));
    EXPECT_NE(flags().find("nosuid"), std::string::npos) << flags();
}

}  // namespace
}  // namespace p9::test
