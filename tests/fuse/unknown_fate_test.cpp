// Changes that were sent when the connection ended before the answer: nobody knows whether they were made.

#include "tests/fuse/faked.hpp"
#include "tests/fuse/trace.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

namespace p9::test {
namespace {

/// A change of the file of this path, and the message that asks for it.
struct Change {
    const char* what;  ///< in the log
    const char* message;
    long (*make)(const std::string& path);
};

constexpr Change CHANGES[] = {
    {"unlink file", "Tunlinkat", [](const std::string& path) { return told(::unlink(path.c_str())); }},
    {"rename file", "Trenameat",
     [](const std::string& path) { return told(::rename(path.c_str(), (path + ".new").c_str())); }},
    {"truncate", "Tsetattr", [](const std::string& path) { return told(::truncate(path.c_str(), 2)); }},
    {"mkdir file.new", "Tmkdir", [](const std::string& path) { return told(::mkdir((path + ".new").c_str(), 0755)); }},
    {"setxattr user.a", "Txattrcreate",
     [](const std::string& path) { return told(::setxattr(path.c_str(), "user.a", "x", 1, 0)); }},
};

class LostAnswer : public FakedMountTest {
protected:
    void hang_up_at(const std::string& message) {
        ASSERT_NO_FATAL_FAILURE(mount({"missing=" + message, "missing-answer=hang-up"},
                                      "reconnect_timeout=5,trace=" + trace(), Runs::in_the_foreground));
    }
    void expect_one(const std::string& message, const std::string& what) {
        const std::string line = "p9fuse: " + what +
                                 ": the connection ended before the answer, so it may have been done or not; the "
                                 "caller was told \"Input/output error\"\n";
        EXPECT_EQ(occurrences(mounted_->log(), line), 1u) << mounted_->log();
        EXPECT_EQ(occurrences(contents_of(trace()), "-> " + message + " "), 1u);
    }
    std::string trace() const { return (scratch_ / "trace").string(); }
};

class UnknownFate : public LostAnswer, public testing::WithParamInterface<Change> {};

// The server ends the connection when it has got the message: so it was sent for sure.
TEST_P(UnknownFate, IsTheCallersErrorAndInTheLogAndNothingIsSentAgain) {
    ASSERT_NO_FATAL_FAILURE(hang_up_at(GetParam().message));
    EXPECT_EQ(GetParam().make(here("file")), -EIO);
    expect_one(GetParam().message, GetParam().what);
    EXPECT_EQ(contents_of(here("file")), "text\n") << "the mount goes on with the next connection";
}

// It may be a ctl file, to which the same bytes twice are two commands.
TEST_F(LostAnswer, ToAWriteToAFileOfLengthZero) {
    ASSERT_NO_FATAL_FAILURE(hang_up_at("Twrite"));
    ASSERT_EQ(::truncate(here("file").c_str(), 0), 0);
    const int file = ::open(here("file").c_str(), O_WRONLY);
    EXPECT_EQ(told(::write(file, "command", 7)), -EIO);
    ::close(file);
    expect_one("Twrite", "write");
}

TEST_F(LostAnswer, ToAWriteAtTheEnd) {
    ASSERT_NO_FATAL_FAILURE(hang_up_at("Twrite"));
    const int file = ::open(here("file").c_str(), O_WRONLY | O_APPEND);
    EXPECT_EQ(told(::write(file, "more", 4)), -EIO);
    ::close(file);
    expect_one("Twrite", "write");
}

INSTANTIATE_TEST_SUITE_P(Of, UnknownFate, testing::ValuesIn(CHANGES),
                         [](const auto& each) { return std::string(each.param.message); });

}  // namespace
}  // namespace p9::test
