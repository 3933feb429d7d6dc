// p9ls against diod, beside ls(1) where that can judge.
#include "tests/cli/tool.hpp"

#include <gmock/gmock.h>

#include <unistd.h>

namespace p9::test {
namespace {

using ::testing::HasSubstr;

class Ls : public ServedTest {
protected:
    void SetUp() override {
        ServedTest::SetUp();
        if (IsSkipped()) return;
        write("Zebra", "x");
        write("apple", std::string(1500, 'x'));
        write("dir/one", "1");
        write("dir/deep/two", "22");
        std::filesystem::create_symlink("apple", exported_ / "link");
    }
    std::string ls(const std::string& arguments) const {
        return run_program({"/bin/sh", "-c", "cd '" + exported_.string() + "' && LC_ALL=C ls " + arguments}).out;
    }
};

TEST_F(Ls, AsLsDoes) {
    for (const std::string options :
         {"-1", "-r", "-S", "-F", "-l", "-lr", "-lS", "-lh", "-lF", "-lt", "-p", "-lp", "--zero"}) {
        const Ran ran = run("p9ls", {options});
        EXPECT_EQ(ran.status, 0) << ran.err;
        EXPECT_EQ(ran.out, ls(options)) << options;
    }
    EXPECT_EQ(run("p9ls", {"-R", "dir"}).out, ls("-R dir"));
    EXPECT_EQ(run("p9ls", {"-lR", "dir"}).out, ls("-lR dir"));
    EXPECT_EQ(run("p9ls", {"dir", "apple", "Zebra"}).out, ls("dir apple Zebra"));
    EXPECT_EQ(run("p9ls", {"-ld", "dir", "link"}).out, ls("-ld dir link"));
}

TEST_F(Ls, OnePathThatFails) {
    const Ran ran = run("p9ls", {"missing", "apple"});
    EXPECT_EQ(ran.status, 1);
    EXPECT_EQ(ran.out, "apple\n");
    EXPECT_EQ(ran.err, "p9ls: missing: No such file or directory\n");
}

TEST_F(Ls, NamesForPrograms) {
    write("two\nlines", "");
    EXPECT_EQ(run("p9ls", {"-p", "--zero"}).out, std::string("Zebra\0apple\0dir/\0link\0two\nlines\0", 32));
    const Ran both = run("p9ls", {"--zero", "--json"});
    EXPECT_EQ(both.status, 2);
    EXPECT_EQ(both.err, "p9ls: --zero is for names; it does not go with -l or --json\n");
}

TEST_F(Ls, Patterns) {
    EXPECT_EQ(run("p9ls", {"-d", "*e"}).out, "apple\n");
    EXPECT_EQ(run("p9ls", {"-d", "/[A-Z]*"}).out, "/Zebra\n");
    EXPECT_EQ(run("p9ls", {"-d", "**/t?o"}).out, "dir/deep/two\n");
    EXPECT_EQ(run("p9ls", {"-d", "*/one"}).out, "dir/one\n");
    const Ran none = run("p9ls", {"*.none"});
    EXPECT_EQ(none.status, 1);
    EXPECT_EQ(none.err, "p9ls: *.none: nothing matches this pattern\n");
}

TEST_F(Ls, Json) {
    const Ran ran = run("p9ls", {"--json", "-d", "apple", "link"});
    EXPECT_EQ(ran.status, 0) << ran.err;
    EXPECT_THAT(ran.out, HasSubstr(R"({"path":"/apple","name":"apple","type":"file","mode":)"));
    EXPECT_THAT(ran.out, HasSubstr(R"("size":1500,)"));
    EXPECT_THAT(ran.out, HasSubstr(R"("target":"apple")"));
}

TEST_F(Ls, JsonOfBytesThatAreNotUtf8) {
    write("dir/odd\xff\"name", "");
    const Ran ran = run("p9ls", {"--json", "dir"});
    EXPECT_THAT(ran.out, HasSubstr(R"("name":"odd\udcff\"name")"));
}

TEST_F(Ls, NamesAreRawInAPipe) {
    write("dir/odd\x1b[31m", "");
    EXPECT_THAT(run("p9ls", {"dir"}).out, HasSubstr("odd\x1b[31m\n"));
}

TEST_F(Ls, ManyFilesInManyDirectories) {
    for (int d = 0; d < 20; ++d) {
        for (int f = 0; f < 50; ++f) write("many/" + std::to_string(d) + "/" + std::to_string(f), "");
    }
    EXPECT_EQ(run("p9ls", {"-lR", "many"}).out, ls("-lR many"));
}

}  // namespace
}  // namespace p9::test
