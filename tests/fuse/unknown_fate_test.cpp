// Changes that were sent when the connection ended before the answer: nobody knows whether they were made.

#include "tests/fuse/faked.hpp"
#include "tests/fuse/trace.hpp"

#include <sys/stat.h>
#include <sys/xattr.h>

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

class UnknownFate : public FakedMountTest, public testing::WithParamInterface<Change> {};

// The server ends the connection when it has got the message: so it was sent for sure.
TEST_P(UnknownFate, IsTheCallersErrorAndInTheLogAndNothingIsSentAgain) {
    const std::string trace = (scratch_ / "trace").string();
    ASSERT_NO_FATAL_FAILURE(mount({std::string("missing=") + GetParam().message, "missing-answer=hang-up"},
                                  "reconnect_timeout=5,trace=" + trace, Runs::in_the_foreground));
    EXPECT_EQ(GetParam().make(here("file")), -EIO);
    const std::string line = std::string("p9fuse: ") + GetParam().what +
                             ": the connection ended before the answer, so it may have been done or not; the caller "
                             "was told \"Input/output error\"\n";
    EXPECT_EQ(occurrences(mounted_->log(), line), 1u) << mounted_->log();
    EXPECT_EQ(contents_of(here("file")), "text\n") << "the mount goes on with the next connection";
    EXPECT_EQ(occurrences(contents_of(trace), std::string("-> ") + GetParam().message + " "), 1u);
}

INSTANTIATE_TEST_SUITE_P(Of, UnknownFate, testing::ValuesIn(CHANGES),
                         [](const auto& each) { return std::string(each.param.message); });

}  // namespace
}  // namespace p9::test
