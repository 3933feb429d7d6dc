// p9sh without a terminal: scripts, their errors, and each command.
#include "tests/cli/sh.hpp"

#include <gmock/gmock.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <fstream>

namespace p9::test {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;

std::string text_of_file(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

using Sh = ShellTest;

TEST_F(Sh, WalksAboutAndReads) {
    write("notes/list", "milk\n");
    write("hello", "hello\n");
    const Ran ran = run("pwd; cd notes; pwd; cat list; ls; ls ..; cd -; cat notes/list hello; cd; pwd");
    EXPECT_EQ(ran.status, 0) << ran.err;
    EXPECT_EQ(ran.out, "/\n/notes\nmilk\nlist\nhello\nnotes\n/\nmilk\nhello\n/\n");
}

TEST_F(Sh, PatternsQuotesAndStrangeNames) {
    write("a b", "1\n");
    write("a*b", "2\n");
    write("x\x01\ny", "3\n");
    write("d/one.c", "");
    write("d/two.c", "");
    EXPECT_EQ(run("cat 'a*b'").out, "2\n");
    EXPECT_EQ(run("cat a*b").out, "1\n2\n");
    EXPECT_EQ(run("cat a\\ b \"a*b\"").out, "1\n2\n");
    EXPECT_EQ(run("cat $'x\\x01\\ny'").out, "3\n");
    EXPECT_EQ(run("cd d; ls *.c; ls ../d/t*").out, "one.c\ntwo.c\n../d/two.c\n");
    const Ran none = run("ls *.h");
    EXPECT_EQ(none.status, 1);
    EXPECT_EQ(none.err, "p9sh: line 1: ls: *.h: nothing matches this pattern\n");
}

TEST_F(Sh, PipesAndFilesOfThisMachine) {
    write("log", "one\ntwo\nthree\n");
    const auto out = folder_ / "out";
    const Ran ran = run("cat log | grep t > " + out.string() + "; ls | tr a-z A-Z\ncat log >> " + out.string() +
                        "\n!echo local; echo more");
    EXPECT_EQ(ran.status, 0) << ran.err;
    EXPECT_EQ(ran.out, "LOG\nlocal\nmore\n");
    EXPECT_EQ(text_of_file(out), "two\nthree\none\ntwo\nthree\n");
    // A reader that has seen enough is no error.
    write("big", std::string(3'000'000, 'x'));
    EXPECT_EQ(run("cat big | head -c 3").out, "xxx");
    const Ran failed = run("cat log | grep nothing; pwd");
    EXPECT_EQ(failed.status, 1);
    EXPECT_EQ(failed.out, "");
    EXPECT_EQ(failed.err, "p9sh: line 1: sh: the command of this machine ended with status 1\n");
}

TEST_F(Sh, ASemicolonAfterAFileIsOursAgain) {
    // Issue: `ls > out; rm x` handed to the local shell would remove a local file.
    write("x", "");
    const auto local = folder_ / "x";
    std::ofstream(local) << "local\n";
    const Ran ran = run("lcd " + folder_.string() + "; ls > out; rm x");
    EXPECT_EQ(ran.status, 0) << ran.err;
    EXPECT_FALSE(std::filesystem::exists(exported_ / "x"));
    EXPECT_EQ(text_of_file(local), "local\n");
    EXPECT_EQ(text_of_file(folder_ / "out"), "x\n");
}

TEST_F(Sh, AScriptEndsAtItsFirstError) {
    const Ran ends = run("pwd\ncat nothing\npwd");
    EXPECT_EQ(ends.status, 1);
    EXPECT_EQ(ends.out, "/\n");
    EXPECT_EQ(ends.err, "p9sh: line 2: cat: nothing: No such file or directory\n");
    const Ran goes_on = run_program(words({"-k", "-c", "cat nothing\npwd; rmdir nothing"}));
    EXPECT_EQ(goes_on.status, 1);
    EXPECT_EQ(goes_on.out, "/\n");
    EXPECT_EQ(run("exit 7; pwd").status, 7);
    EXPECT_EQ(run("").status, 0);
}

TEST_F(Sh, AScriptWithAMistakeDoesNothing) {
    const Ran quote = run("touch made\ncat 'x");
    EXPECT_EQ(quote.status, 2);
    EXPECT_EQ(quote.err, "p9sh: line 2: a quote ' without its end\n");
    EXPECT_FALSE(std::filesystem::exists(exported_ / "made"));
    const auto script = folder_ / "script";
    std::ofstream(script) << "touch made\nnonsense\n";
    const Ran unknown = run_program(words({"-f", script}));
    EXPECT_EQ(unknown.status, 2);
    EXPECT_THAT(unknown.err, HasSubstr("script: line 2: unknown command \"nonsense\""));
    EXPECT_FALSE(std::filesystem::exists(exported_ / "made"));
    std::ofstream(script) << "touch made\n";
    EXPECT_EQ(run_program(words({"-f", script})).status, 0);
    EXPECT_TRUE(std::filesystem::exists(exported_ / "made"));
    const Ran missing = run_program(words({"-f", folder_ / "missing"}));
    EXPECT_EQ(missing.status, 2);
    EXPECT_THAT(missing.err, HasSubstr("missing: No such file or directory"));
    const Ran binary = run_program(words({"-f", "/bin/sh"}));
    EXPECT_EQ(binary.status, 2);
    EXPECT_THAT(binary.err, HasSubstr("line 1: "));
    EXPECT_EQ(run_program(words({"-c", "pwd", "-f", script})).status, 2);
}

TEST_F(Sh, StandardInputIsTakenALineAtATime) {
    const Ran ran = run_program(
        {"/bin/sh", "-c", "printf 'pwd\\n# no\\n\\ncat nothing\\npwd' | " + tool("p9sh") + " -a " + address_});
    EXPECT_EQ(ran.status, 1);
    EXPECT_EQ(ran.out, "/\n");
    EXPECT_EQ(ran.err, "p9sh: line 4: cat: nothing: No such file or directory\n");
    const Ran unknown =
        run_program({"/bin/sh", "-c", "printf 'pwd\\nsl\\npwd\\n' | " + tool("p9sh") + " -k -a " + address_});
    EXPECT_EQ(unknown.status, 2);
    EXPECT_EQ(unknown.out, "/\n/\n");
    EXPECT_THAT(unknown.err, HasSubstr("line 2: unknown command \"sl\"; did you mean ls?"));
}

TEST_F(Sh, ChangesFiles) {
    const Ran done = run(
        "mkdir -p a/b/c; touch a/f; write a/f one two; write -a a/f three; cat a/f; mv a/f a/b; ls a/b; ln -s b a/l; "
        "truncate -s 3 a/b/f; cat a/b/f; echo; chmod u=rwx,go= a/b/f; ls -l a/b/f | cut -c1-10");
    EXPECT_EQ(done.status, 0) << done.err;
    EXPECT_EQ(done.out, "one two\nthree\nc\nf\none\n-rwx------\n");
    EXPECT_EQ(std::filesystem::read_symlink(exported_ / "a/l"), "b");
    const Ran tree = run("tree a; find a -type f; find a -name '?' -maxdepth 1");
    EXPECT_EQ(tree.out, "a\n├── b\n│   ├── c\n│   └── f\n└── l\n\n2 directories, 2 files\na/b/f\na\na/b\na/l\n");
    EXPECT_EQ(run("rm a").err, "p9sh: line 1: rm: a: Is a directory; rm -r removes it with all that is in it\n");
    EXPECT_EQ(run("rmdir a").status, 1);
    EXPECT_EQ(run("rm /").status, 1);
    EXPECT_EQ(run("rm -f nothing").status, 0);
    EXPECT_EQ(run("rm -r a; ls").out, "");
    EXPECT_FALSE(std::filesystem::exists(exported_ / "a"));
}

TEST_F(Sh, RemovesNothingThroughASymlink) {
    write("keep/file", "");
    std::filesystem::create_directory(exported_ / "d");
    std::filesystem::create_symlink("../keep", exported_ / "d/link");
    EXPECT_EQ(run("rm -r d").status, 0);
    EXPECT_TRUE(std::filesystem::exists(exported_ / "keep/file"));
}

TEST_F(Sh, TellsWhatAFileIs) {
    write("f", "12345");
    const Ran ran = run("stat f; touch -d @1000000000 f; stat -j f; stat -f /");
    EXPECT_EQ(ran.status, 0) << ran.err;
    EXPECT_THAT(ran.out, HasSubstr("     Type: file\n"));
    EXPECT_THAT(ran.out, HasSubstr("     Size: 5\n"));
    EXPECT_THAT(ran.out, HasSubstr("\"mtime\":1000000000"));
    EXPECT_THAT(ran.out, HasSubstr("  Longest: "));
}

TEST_F(Sh, CopiesOneFile) {
    write("f", "there\n");
    std::ofstream(folder_ / "g") << "here\n";
    const Ran ran = run("lcd " + folder_.string() + "; get f; get f h; put g; put g i; cat g i");
    EXPECT_EQ(ran.status, 0) << ran.err;
    EXPECT_EQ(ran.out, "here\nhere\n");
    EXPECT_EQ(text_of_file(folder_ / "f"), "there\n");
    EXPECT_EQ(text_of_file(folder_ / "h"), "there\n");
}

TEST_F(Sh, RepeatsAndMeasures) {
    write("f", "x\n");
    const Ran ran = run("watch -n 0 -c 3 cat f; ping -c 2 -i 0");
    EXPECT_EQ(ran.status, 0) << ran.err;
    EXPECT_THAT(ran.out, HasSubstr("x\nx\nx\n"));
    EXPECT_THAT(ran.out, HasSubstr("answer: seq=2 time="));
    EXPECT_THAT(ran.out, HasSubstr("2 sent, 2 answered, min/avg/max "));
}

TEST_F(Sh, TracesWhenItIsTold) {
    const Ran ran = run("trace; pwd; trace on; stat /; trace off; stat /");
    EXPECT_THAT(ran.out, HasSubstr("off\n"));
    EXPECT_THAT(ran.err, HasSubstr("-> Tgetattr"));
    EXPECT_EQ(ran.err.find("Tattach"), std::string::npos);
    EXPECT_THAT(run_program(words({"--trace", "-c", "pwd"})).err, HasSubstr("Tattach"));
}

/// p9sh with its standard input in a test's hands.
class Fed {
public:
    Fed(const std::filesystem::path& folder, const std::string& command) : path_(folder / "fifo") {
        ::mkfifo(path_.c_str(), 0600);
        program_ =
            std::make_unique<Program>(std::vector<std::string>{"/bin/sh", "-c", "exec " + command + " < " + path_});
        fd_ = ::open(path_.c_str(), O_WRONLY | O_CLOEXEC);
    }
    ~Fed() { ::close(fd_); }
    Program& say(const std::string& text) {
        EXPECT_EQ(::write(fd_, text.data(), text.size()), static_cast<ssize_t>(text.size()));
        return *program_;
    }
    Ran finish() {
        ::close(std::exchange(fd_, -1));
        return program_->finish();
    }

private:
    std::string path_;
    std::unique_ptr<Program> program_;
    int fd_ = -1;
};

TEST_F(Sh, AServerThatDies) {
    Fed shell(folder_, tool("p9sh") + " -k -a " + address_);
    ASSERT_TRUE(shell.say("raw Tattach fid=1\n").wait_for_output("<- Rattach"));
    server_->signal(SIGKILL);
    server_->finish();
    // Whether the first command sees the end or knows of it already: the second one knows.
    ASSERT_TRUE(shell.say("ls\nls\n").wait_for_errors("line 3: ls: "));
    ASSERT_TRUE(shell.say("echo\n").wait_for_errors("; reconnect dials again\n"));
    ASSERT_TRUE(shell.say("reconnect\n").wait_for_errors("line 5: reconnect: "));
    std::filesystem::remove(folder_ / "socket");
    start();
    write("f", "");
    ASSERT_TRUE(shell.say("reconnect\nls\n").wait_for_output("f\n"));
    ASSERT_TRUE(shell.say("raw Tattach fid=1\n").wait_for_output("<- Rattach"));
    EXPECT_EQ(shell.finish().status, 3);
}

TEST_F(Sh, NoServer) {
    server_.reset();
    const Ran ran = run("pwd");
    EXPECT_EQ(ran.status, 3);
    EXPECT_EQ(ran.out, "");
}

TEST_F(Sh, TimeAndInterruptions) {
    const Ran late = run_program(words({"--timeout", "0.2", "-c", "pwd\nping -i 60"}));
    EXPECT_EQ(late.status, 4);
    EXPECT_THAT(late.err, HasSubstr("line 2: out of time"));
    Program program(words({"-c", "ping -i 0.01 -c 1000000; pwd"}));
    ASSERT_TRUE(program.wait_for_output("seq=2"));
    program.signal(SIGINT);
    EXPECT_EQ(program.finish().status, 130);
}

TEST_F(Sh, ControlFiles) {
    const std::string sip = "unix!" + (folder_ / "sip").string();
    Program server({tool("p9serve"), "--listen", sip, "--sip"});
    ASSERT_TRUE(server.wait_for_output("\n"));
    const Ran ran =
        run_program({tool("p9sh"), "-a", sip, "-k", "-c", "ask /dev/io inb 0x3F8\nctl /dev/irq/ctl nonsense"});
    EXPECT_EQ(ran.status, 1);
    EXPECT_THAT(ran.out, MatchesRegex("0x[0-9a-f]+\n"));
    EXPECT_THAT(ran.err, HasSubstr("line 2: ctl: /dev/irq/ctl: "));
}

}  // namespace
}  // namespace p9::test
