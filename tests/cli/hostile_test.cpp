// Servers that mean harm, as far as a few bytes of a shell command can play one.
#include "tests/cli/tool.hpp"

#include <gmock/gmock.h>

#include <algorithm>

namespace p9::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

/// A command for exec! that says `bytes` (for printf(1), in octal) and then reads until it is closed.
std::string server_that_says(const std::string& bytes) { return "exec!printf '" + bytes + "'; cat >/dev/null"; }

TEST(Hostile, WordsOfTheServerCannotDriveTheTerminal) {
    // Rerror to Tversion, with a terminal's title and a second line as its words: \e]0;x\a\\y\nz
    const std::string rerror = "\\023\\000\\000\\000\\153\\377\\377\\012\\000\\033]0;x\\007\\134y\\012z";
    for (const std::string name : {"p9ls", "p9cat"}) {
        const Ran ran = run_program({tool(name), "-a", server_that_says(rerror), "--dialect", "9P2000", "/file"});
        EXPECT_EQ(ran.status, 3) << ran.err;
        EXPECT_THAT(ran.err, HasSubstr("\\x1b]0;x\\x07\\y\\nz"));
        EXPECT_THAT(ran.err, Not(HasSubstr("\x1b")));
        EXPECT_EQ(std::ranges::count(ran.err, '\n'), 1) << ran.err;
    }
}

TEST(Hostile, GarbageIsABrokenProtocol) {
    const Ran ran = run_program({tool("p9cat"), "-a", server_that_says("HTTP/1.1 400 Bad Request"), "/file"});
    EXPECT_EQ(ran.status, 5) << ran.err;
    EXPECT_THAT(ran.err, HasSubstr("a message of 1347703880 bytes"));
}

class HostileTreeOfDiod : public ServedTest {};

TEST_F(HostileTreeOfDiod, MoreDirectoriesThanAreFetchedAhead) {
    // More than a server that keeps a descriptor for each may have open at a time.
    // The listings of the last of them begin when their parent's has been printed and is gone. Names that do not fit
    // into a std::string itself, so that using them too late shows.
    const std::string many = "many/a-directory-with-a-name-of-some-length-";
    for (int i = 1000; i < 2500; ++i) write(many + std::to_string(i) + "/file", "");
    const Ran ran = run("p9ls", {"-R", "/"});
    EXPECT_EQ(ran.status, 0) << ran.err;
    for (int i = 1000; i < 2500; ++i) ASSERT_THAT(ran.out, HasSubstr("/" + many + std::to_string(i) + ":\nfile\n"));
}

}  // namespace
}  // namespace p9::test
