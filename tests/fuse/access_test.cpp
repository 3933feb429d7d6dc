// access=: whose rights a caller has on the server. diod, started by root, gives each attach the rights of its user.

#include "tests/fuse/mounted.hpp"

#include <dirent.h>
#include <grp.h>
#include <sys/stat.h>

#include <functional>

namespace p9::test {
namespace {

// Users that every system has, and one that none has.
constexpr uid_t DAEMON = 1, NOBODY = 65534, UNKNOWN = 54321;

class AccessOption : public MountTest {
protected:
    void SetUp() override {
        MountTest::SetUp();
        if (IsSkipped()) return;
        if (::geteuid() != 0) GTEST_SKIP() << "several users need root";
        exported_ = scratch_.make("export");
        ::chmod(scratch_.make("").c_str(), 0755);
        ::chmod(exported_.c_str(), 01777);
        for (const char* name : {"daemons", "nobodys"}) {
            std::ofstream(there(name)) << name;
            const uid_t owner = name[0] == 'd' ? DAEMON : NOBODY;
            ASSERT_EQ(::chown(there(name).c_str(), owner, owner), 0);
            ASSERT_EQ(::chmod(there(name).c_str(), 0600), 0);
        }
    }
    /// What `call` returns, or its errno as a negative number, when this user makes it; of the low seven bits.
    static int as(uid_t uid, const std::function<long()>& call) {
        const pid_t child = ::fork();
        if (child == 0) {
            if (::setgroups(0, nullptr) != 0 || ::setgid(uid) != 0 || ::setuid(uid) != 0) ::_exit(127);
            const long result = call();
            ::_exit(result < 0 ? errno : 0);
        }
        int status = 0;
        ::waitpid(child, &status, 0);
        return -exit_status(status);
    }
    int opens(uid_t uid, const std::string& name, int flags = O_RDONLY) const {
        return as(uid, [&] { return ::open(here(name).c_str(), flags, 0644); });
    }
};

TEST_F(AccessOption, UserGivesEachHisOwnRights) {
    ASSERT_NO_FATAL_FAILURE(mount("access=user"));
    EXPECT_EQ(opens(DAEMON, "daemons"), 0);
    EXPECT_EQ(opens(NOBODY, "daemons"), -EACCES);
    EXPECT_EQ(opens(NOBODY, "nobodys"), 0);
    EXPECT_EQ(opens(DAEMON, "nobodys"), -EACCES);
    EXPECT_EQ(opens(0, "nobodys"), 0);
    EXPECT_EQ(opens(NOBODY, "new", O_CREAT | O_WRONLY), 0);
    struct stat status{};
    ASSERT_EQ(::stat(there("new").c_str(), &status), 0);
    EXPECT_EQ(status.st_uid, NOBODY);
}

TEST_F(AccessOption, WhomTheServerRefusesIsDenied) {
    ASSERT_NO_FATAL_FAILURE(mount("access=user,attr_timeout=0,entry_timeout=0"));
    EXPECT_EQ(as(UNKNOWN, [&] { return ::access(here("daemons").c_str(), F_OK); }), -EACCES);
    EXPECT_EQ(opens(UNKNOWN, "new", O_CREAT | O_WRONLY), -EACCES);
    EXPECT_EQ(opens(DAEMON, "daemons"), 0);
}

TEST_F(AccessOption, AnOpenFileIsWhoeverUsesIts) {
    ASSERT_NO_FATAL_FAILURE(mount("access=user"));
    const int file = ::open(here("daemons").c_str(), O_RDONLY);
    ASSERT_GE(file, 0);
    char byte = 0;
    EXPECT_EQ(as(NOBODY, [&] { return ::pread(file, &byte, 1, 0) - 1; }), 0);
    ::close(file);
}

/// Opens a directory as one user and lists it as another: how many names there are, or a negative errno.
long list_as(const std::string& path, uid_t opener, uid_t reader, const std::function<void()>& between = [] {}) {
    // FUSE goes by the uid for files, which follows the effective one.
    const auto become = [](uid_t uid) { return ::seteuid(0) == 0 && ::seteuid(uid) == 0; };
    if (!become(opener)) return -EPERM;
    DIR* const directory = ::opendir(path.c_str());
    const int failed = errno;
    between();
    long count = directory == nullptr ? -failed : 0;
    if (directory != nullptr && become(reader)) {
        errno = 0;
        while (::readdir(directory) != nullptr) ++count;
        if (errno != 0) count = -errno;
        ::closedir(directory);
    }
    return become(0) ? count : -EPERM;
}

// The kernel lets in everybody, by the modes; it is the server that does not.
TEST_F(AccessOption, ADirectoryIsOpenedWithOnesOwnRights) {
    for (const std::string cache : {"auto", "none", "loose"}) {
        ASSERT_NO_FATAL_FAILURE(mount("access=user,attr_timeout=1000,entry_timeout=1000,cache=" + cache));
        std::filesystem::create_directories(there("open/d"));
        EXPECT_EQ(list_as(here("open"), DAEMON, DAEMON), 3) << cache;
        // Whatever is kept of that.
        EXPECT_EQ(list_as(here("open"), UNKNOWN, UNKNOWN), -EACCES) << cache;
        // What is open is the opener's, whoever has got it from him.
        EXPECT_EQ(list_as(here("open"), DAEMON, UNKNOWN), 3) << cache;
        EXPECT_EQ(list_as(here("open"), NOBODY, NOBODY), 3) << cache;
    }
}

// Then it is opened on the server only when it is read.
TEST_F(AccessOption, ARootThatWasOpenedInASilenceIsItsOpeners) {
    const auto silence = [&] { ::kill(server_->pid(), SIGSTOP); };
    const auto end_of_silence = [&] { ::kill(server_->pid(), SIGCONT); };
    for (const std::string cache : {"auto", "none", "loose"}) {
        ASSERT_NO_FATAL_FAILURE(mount("access=user,attr_timeout=1000,entry_timeout=1000,cache=" + cache));
        EXPECT_EQ(list_as(mounted_->path(), DAEMON, DAEMON), 4) << cache;
        silence();
        EXPECT_EQ(list_as(mounted_->path(), UNKNOWN, DAEMON, end_of_silence), -EACCES) << cache;
        silence();
        EXPECT_EQ(list_as(mounted_->path(), DAEMON, UNKNOWN, end_of_silence), 4) << cache;
    }
}

TEST_F(AccessOption, SetUserIdBitsGoWithAWriteOfSomebodyElse) {
    ASSERT_EQ(::chmod(there("daemons").c_str(), 04777), 0);
    ASSERT_NO_FATAL_FAILURE(mount("access=user"));
    EXPECT_EQ(as(NOBODY,
                 [&] {
                     const int file = ::open(here("daemons").c_str(), O_WRONLY);
                     return file < 0 ? -1 : ::write(file, "D", 1) - 1;
                 }),
              0);
    struct stat status{};
    ASSERT_EQ(::stat(there("daemons").c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777, 0777u);
    EXPECT_EQ(contents_of(there("daemons")), "Daemons");
}

TEST_F(AccessOption, ClientHasOneAttachForAll) {
    ASSERT_NO_FATAL_FAILURE(mount("access=client,allow_other"));
    EXPECT_EQ(opens(NOBODY, "daemons"), 0);
    EXPECT_EQ(opens(UNKNOWN, "daemons"), 0);
}

TEST_F(AccessOption, ANumberLetsInOneUserOnly) {
    ASSERT_NO_FATAL_FAILURE(mount("access=1,attr_timeout=0,entry_timeout=0"));
    EXPECT_EQ(opens(DAEMON, "daemons"), 0);
    EXPECT_EQ(opens(DAEMON, "nobodys"), -EACCES);
    EXPECT_EQ(opens(NOBODY, "nobodys"), -EACCES);
    EXPECT_EQ(opens(0, "daemons"), -EACCES);
}

}  // namespace
}  // namespace p9::test
