// Set-user-ID and set-group-ID bits go when somebody writes to a file, whichever way the bytes take (write(2)).

#include "tests/fuse/served.hpp"

#include <sys/stat.h>

namespace p9::test {
namespace {

constexpr uid_t ANOTHER = 23456;

class SetId : public ServedMountTest, public testing::WithParamInterface<const char*> {
protected:
    void SetUp() override {
        ServedMountTest::SetUp();
        if (IsSkipped()) return;
        if (::geteuid() != 0) GTEST_SKIP() << "becoming another user needs root";
        ASSERT_NO_FATAL_FAILURE(mount(std::string("allow_other,cache=") + GetParam()));
        ASSERT_EQ(::chmod(scratch_.make("").c_str(), 0755), 0);
    }
    /// The modes on the server and in the mount, as he finds it who looks next, once `uid` has opened the file with
    /// these flags and written so many bytes.
    std::pair<mode_t, mode_t> after_writing(uid_t uid, mode_t mode, int flags, std::size_t bytes,
                                            std::string_view old) {
        const std::string name = "file" + std::to_string(++files_);
        std::ofstream(there(name)) << old;
        EXPECT_EQ(::chmod(there(name).c_str(), mode), 0);
        const pid_t child = ::fork();
        if (child == 0) {
            if (::setgid(uid) != 0 || ::setuid(uid) != 0) ::_exit(2);
            alignas(4096) static char page[4096];
            const int file = ::open(here(name).c_str(), flags | O_CLOEXEC);
            if (file < 0) ::_exit(3);
            ::_exit(bytes == 0 || ::write(file, page, bytes) == static_cast<ssize_t>(bytes) ? 0 : 1);
        }
        int status = 0;
        ::waitpid(child, &status, 0);
        EXPECT_EQ(exit_status(status), 0);
        struct stat on_server{}, in_mount{};
        EXPECT_EQ(::stat(there(name).c_str(), &on_server), 0);
        EXPECT_EQ(::stat(here(name).c_str(), &in_mount), 0);
        return {on_server.st_mode & 07777, in_mount.st_mode & 07777};
    }
    static std::pair<mode_t, mode_t> both(mode_t mode) { return {mode, mode}; }

    int files_ = 0;
};

TEST_P(SetId, BitsGoWhenSomebodyElseWrites) {
    for (const std::string_view old : {"text", ""}) {
        EXPECT_EQ(after_writing(ANOTHER, 06777, O_WRONLY, 4, old), both(0777)) << '"' << old << '"';
        EXPECT_EQ(after_writing(ANOTHER, 06777, O_WRONLY | O_APPEND, 4, old), both(0777)) << '"' << old << '"';
        EXPECT_EQ(after_writing(ANOTHER, 06777, O_WRONLY | O_DIRECT, 4096, old), both(0777)) << '"' << old << '"';
    }
    EXPECT_EQ(after_writing(ANOTHER, 02666, O_WRONLY, 4, "text"), both(02666)) << "those were mandatory locks once";
}

TEST_P(SetId, BitsGoWhenAnOpenTruncates) {
    EXPECT_EQ(after_writing(ANOTHER, 06777, O_WRONLY | O_TRUNC, 0, "text"), both(0777));
    EXPECT_EQ(after_writing(ANOTHER, 06777, O_WRONLY | O_TRUNC, 4, "text"), both(0777));
}

TEST_P(SetId, BitsStayForRootAndWhereNothingIsWritten) {
    EXPECT_EQ(after_writing(0, 06777, O_WRONLY, 4, "text"), both(06777));
    EXPECT_EQ(after_writing(0, 06777, O_WRONLY | O_TRUNC, 4, "text"), both(06777));
    EXPECT_EQ(after_writing(ANOTHER, 06777, O_RDWR, 0, "text"), both(06777));
}

INSTANTIATE_TEST_SUITE_P(Modes, SetId, testing::Values("none", "auto", "loose"),
                         [](const auto& each) { return std::string(each.param); });

}  // namespace
}  // namespace p9::test
