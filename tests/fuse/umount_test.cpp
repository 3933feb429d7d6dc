// What begins with the mountpoint's attributes - umount(8), ls of the folder above - needs no server.

#include "tests/fuse/faked.hpp"

#include <dirent.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include <set>

namespace p9::test {
namespace {

/// What has become of the server.
enum class Fate { stopped, silent, gone, given_up };

class Unanswered : public FakedMountTest, public testing::WithParamInterface<Fate> {
protected:
    /// A mount whose kernel remembers nothing, and then what becomes of its server.
    void mount_and_lose() {
        trace_ = (scratch_ / "trace").string();
        const std::string patience = GetParam() == Fate::given_up ? "0" : "30";
        ASSERT_NO_FATAL_FAILURE(mount(
            {"lie=falls-silent"}, "attr_timeout=0,entry_timeout=0,trace=" + trace_ + ",reconnect_timeout=" + patience));
        ASSERT_EQ(told(::chmod(mounted_->path().c_str(), 0751)), 0);
        ASSERT_EQ(told(::stat(mounted_->path().c_str(), &before_)), 0);
        switch (GetParam()) {
            case Fate::stopped:
                ::kill(server_, SIGSTOP);
                break;
            case Fate::silent:
                fall_silent();
                break;
            case Fate::gone:
            case Fate::given_up:
                ::kill(server_, SIGKILL);
                while (status().find("connection: lost") == std::string::npos) ::poll(nullptr, 0, 2);
        }
    }
    void fall_silent() {
        const pid_t asker = ::fork();
        if (asker == 0) {
            (void)::access(here("silence").c_str(), F_OK);
            ::_exit(0);
        }
        while (contents_of(trace_).find("\"silence\"") == std::string::npos) ::poll(nullptr, 0, 2);
        ::kill(asker, SIGKILL);
        ::waitpid(asker, nullptr, 0);
    }
    std::string status() {
        const std::string out = (scratch_ / "status").string();
        run_program({"sh", "-c", p9fuse() + " --status " + mounted_->path() + " >" + out}, errors());
        return contents_of(out);
    }
    /// Runs a program, which must end with 0.
    void runs(const std::vector<std::string>& words) {
        const Outcome outcome = run_program(words, errors());
        EXPECT_EQ(outcome.status, 0) << words.front() << ": " << outcome.errors;
    }
    void expect_ended() {
        EXPECT_FALSE(mounted_->is_mounted());
        EXPECT_EQ(mounted_->wait_for_end(), 0);
    }
    std::string errors() { return (scratch_ / "errors").string(); }

    std::string trace_;
    struct stat before_{};
};

TEST_P(Unanswered, UmountEndsTheMount) {
    if (::geteuid() != 0) GTEST_SKIP() << "umount(8) needs root";
    ASSERT_NO_FATAL_FAILURE(mount_and_lose());
    runs({"umount", mounted_->path()});
    expect_ended();
}

// As systemd ends a mount.
TEST_P(Unanswered, UmountWithoutCanonicalPathsEndsTheMount) {
    if (::geteuid() != 0) GTEST_SKIP() << "umount(8) needs root";
    ASSERT_NO_FATAL_FAILURE(mount_and_lose());
    runs({"umount", "-c", mounted_->path()});
    expect_ended();
}

TEST_P(Unanswered, FusermountEndsTheMount) {
    ASSERT_NO_FATAL_FAILURE(mount_and_lose());
    runs({"fusermount3", "-u", mounted_->path()});
    expect_ended();
}

class UnansweredRoot : public Unanswered {};

TEST_P(UnansweredRoot, ShowsWhatItWas) {
    ASSERT_NO_FATAL_FAILURE(mount_and_lose());
    for (int times = 0; times < 3; ++times) {
        struct stat now{};
        ASSERT_EQ(told(::stat(mounted_->path().c_str(), &now)), 0);
        EXPECT_EQ(now.st_mode, before_.st_mode);
        EXPECT_EQ(now.st_ino, before_.st_ino);
        EXPECT_EQ(now.st_nlink, before_.st_nlink);
    }
    runs({"mountpoint", "-q", mounted_->path()});
    const std::string above = std::filesystem::path(mounted_->path()).parent_path();
    runs({"sh", "-c", "ls -la " + above + " >/dev/null && stat -f " + mounted_->path() + " >/dev/null"});
    runs({"sh", "-c", "df " + mounted_->path() + " >/dev/null"});  // opens the directory
    EXPECT_TRUE(mounted_->unmount());
    expect_ended();
}

std::string fate_name(const testing::TestParamInfo<Fate>& info) {
    static constexpr const char* names[] = {"stopped", "silent", "gone", "given_up"};
    return names[static_cast<std::size_t>(info.param)];
}

INSTANTIATE_TEST_SUITE_P(Server, Unanswered, testing::Values(Fate::stopped, Fate::gone, Fate::given_up), fate_name);
INSTANTIATE_TEST_SUITE_P(Server, UnansweredRoot,
                         testing::Values(Fate::stopped, Fate::silent, Fate::gone, Fate::given_up), fate_name);

class AnsweredAgain : public FakedMountTest {};

TEST_F(AnsweredAgain, TheRootIsAskedForAfterASilence) {
    ASSERT_NO_FATAL_FAILURE(mount({}, "attr_timeout=0,entry_timeout=0"));
    const auto mode = [&] {
        struct stat now{};
        EXPECT_EQ(told(::stat(mounted_->path().c_str(), &now)), 0);
        return now.st_mode & 07777;
    };
    const mode_t before = mode();
    ::kill(server_, SIGSTOP);
    // Under way while the server is stopped, and done when it goes on.
    const pid_t changing = ::fork();
    if (changing == 0) ::_exit(::chmod(mounted_->path().c_str(), 0711) == 0 ? 0 : 1);
    EXPECT_EQ(mode(), before);
    EXPECT_EQ(mode(), before);
    ::kill(server_, SIGCONT);
    int status = 0;
    EXPECT_EQ(::waitpid(changing, &status, 0), changing);
    EXPECT_EQ(exit_status(status), 0);
    EXPECT_EQ(mode(), 0711u);
}

// What was opened meanwhile is no listing that is empty, and none of those that the mount or the kernel has kept.
TEST_F(AnsweredAgain, ARootThatWasOpenedInASilenceIsListedAfterIt) {
    for (const std::string cache : {"auto", "none", "loose"}) {
        ASSERT_NO_FATAL_FAILURE(mount({}, "attr_timeout=0,entry_timeout=0,cache=" + cache));
        const auto names = [](DIR* directory) {
            std::multiset<std::string> all;
            while (const dirent* entry = ::readdir(directory)) all.insert(entry->d_name);
            return all;
        };
        const std::multiset<std::string> before = list(mounted_->path()).names;
        EXPECT_EQ(before.count("file"), 1u) << cache;
        {
            Mounted other(scratch_, address_, "", "other");
            ASSERT_EQ(other.outcome().status, 0) << other.outcome().errors;
            std::ofstream(other.path("later-" + cache)) << "text";
        }
        ::kill(server_, SIGSTOP);
        DIR* const opened = ::opendir(mounted_->path().c_str());
        ASSERT_NE(opened, nullptr) << cache << ": " << std::strerror(errno);
        ::kill(server_, SIGCONT);
        const auto late = names(opened);
        ::closedir(opened);
        auto expected = before;
        expected.insert("later-" + cache);
        EXPECT_TRUE(late == expected) << cache << " " << testing::PrintToString(late);
    }
}

// Without any other answer that would tell of the end of the silence.
TEST_F(AnsweredAgain, AnAnswerThatComesLateEndsTheSilence) {
    ASSERT_NO_FATAL_FAILURE(mount({}, "attr_timeout=0,entry_timeout=0,trace=" + (scratch_ / "trace").string()));
    struct stat now{};
    ::kill(server_, SIGSTOP);
    EXPECT_EQ(told(::stat(mounted_->path().c_str(), &now)), 0);
    const auto asked = [&] {
        const std::string trace = contents_of(scratch_ / "trace");
        std::size_t count = 0;
        for (auto at = trace.find("-> Tgetattr"); at != trace.npos; at = trace.find("-> Tgetattr", at + 1)) ++count;
        return count;
    };
    const std::size_t before = asked();
    ::kill(server_, SIGCONT);
    while (asked() == before) EXPECT_EQ(told(::stat(mounted_->path().c_str(), &now)), 0);
}

}  // namespace
}  // namespace p9::test
