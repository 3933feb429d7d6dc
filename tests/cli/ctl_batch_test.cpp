// p9ctl batch, write and ask.
#include "tests/cli/ctl.hpp"

#include <fcntl.h>
#include <csignal>

namespace p9::test {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::StartsWith;

class Raw : public CtlTest {};
P9_IN_EACH_DIALECT(Raw);

TEST_P(Raw, WriteAndAsk) {
    EXPECT_EQ(out_of({"write", "/dev/io", "outb", "0x10", "0x22"}), "");
    EXPECT_EQ(out_of({"ask", "/dev/io", "inb 0x10"}), "0x22\n");
    EXPECT_EQ(out_of({"ask", "-n", "dev/io", "inb", "0x10"}), "0x22\n");
    const Ran ran = ctl({"ask", "/dev/io", "outb 0x10 1"});
    EXPECT_EQ(ran.status, 1);
    EXPECT_EQ(ran.err, "p9ctl: /dev/io: the server took the words and gave no reply\n");
    expect_failure({"write", "/nowhere", "x"}, 1, "/nowhere: No such file or directory");
    expect_failure({"write", "/dev", "x"}, 1, "/dev: Is a directory");
    EXPECT_EQ(ctl({"write", "/dev/io", "--", "-x"}).status, 1);
}

TEST_P(Raw, TheTextIsSentAsItIs) {
    const Ran ran = ctl({"--trace", "write", "--newline", "/dev/io", "outb", "0x10", "1"});
    EXPECT_THAT(ran.err, HasSubstr("[12 bytes \"outb 0x10 1\\n\"]")) << ran.err;
}

class Batch : public CtlTest {};
P9_IN_EACH_DIALECT(Batch);

TEST_P(Batch, AWholeLife) {
    const Ran ran = batch(
        "# a life\n"
        "new example-driver --name d --capability 'all'\n"
        "\n"
        "   start d   # and so on\n"
        "wait d healthy --timeout 20\n"
        "set d 'mount /dev/sd'\n"
        "io outb 0x10 0x41\n"
        "io inb 0x10\n"
        "ask /dev/io \"inb 0x10\"\n"
        "health d\n"
        "stop d\n"
        "remove d\n"
        "list");
    EXPECT_EQ(ran.status, 0) << ran.err << ran.out;
    EXPECT_EQ(ran.err, "");
    EXPECT_EQ(ran.out,
              "out 2 d\nok 2\nok 4\nok 5\nok 6\nok 7\nout 8 0x41\nok 8\nout 9 0x41\nok 9\nout 10 healthy\nok 10\n"
              "ok 11\nok 12\nok 13\n");
}

TEST_P(Batch, TheFirstFailureEndsIt) {
    const Ran ran = batch("new example-driver --name a\nstart nobody\nremove a\n");
    EXPECT_EQ(ran.status, 1);
    EXPECT_EQ(ran.err, "");
    EXPECT_EQ(ran.out, "out 1 a\nok 1\nerror 2 nobody: no such server (p9ctl list shows those that there are)\n");
    EXPECT_EQ(out_of({"list"}), "a  example-driver  configuring\n");
}

TEST_P(Batch, KeepGoing) {
    const Ran ran =
        batch("stats\nstart a b\nnew example-driver 'x\nstatus --check a\nbatch\nnew example-driver\n", {"-k"});
    EXPECT_EQ(ran.status, 2);
    EXPECT_EQ(ran.out,
              "error 1 unknown command \"stats\"; did you mean \"status\"? (p9ctl --help lists the commands)\n"
              "error 2 a: no such server (p9ctl list shows those that there are); "
              "b: no such server (p9ctl list shows those that there are)\n"
              "error 3 a quote ' without its end\n"
              "error 4 a: no such server (p9ctl list shows those that there are)\n"
              "error 5 a batch cannot hold a batch\n"
              "out 6 0\nok 6\n");
}

TEST_P(Batch, Json) {
    const Ran ran = batch("new example-driver --name d\nstatus d\nask /dev/io 'inb 1'\nstart\n", {"--json", "-k"});
    EXPECT_EQ(ran.status, 2);
    EXPECT_THAT(ran.out,
                StartsWith("{\"line\":1,\"output\":{\"number\":0,\"name\":\"d\",\"type\":\"example-driver\"}}\n"
                           "{\"line\":1,\"ok\":true}\n{\"line\":2,\"output\":{\"server\":\"d\",\"name\":\"d\""));
    EXPECT_THAT(ran.out, HasSubstr("{\"line\":3,\"output\":\"0x00\"}\n{\"line\":3,\"ok\":true}\n"
                                   "{\"line\":4,\"ok\":false,\"status\":2,\"error\":\"start: too few words"));
}

TEST_P(Batch, WhatIsWrittenOftenIsOpenedOnce) {
    const std::string trace = folder_ / "trace";
    std::string lines;
    for (int i = 0; i < 100; ++i) lines += "write /dev/io outb 0x10 " + std::to_string(i) + "\n";
    const Ran ran = batch(lines + "io inb 0x10\n", {"--trace=" + trace});
    EXPECT_THAT(ran.out, HasSubstr("out 101 0x63\nok 101\n"));
    std::ifstream file(trace);
    std::size_t opens = 0, writes = 0;
    for (std::string line; std::getline(file, line);) {
        opens += line.find("-> Topen") != line.npos || line.find("-> Tlopen") != line.npos ? 1 : 0;
        writes += line.find("-> Twrite") != line.npos ? 1 : 0;
    }
    EXPECT_EQ(opens, 2u);
    EXPECT_EQ(writes, 101u);
}

/// Takes the commands of a test one at a time.
class Slowly : public CtlTest {
protected:
    std::unique_ptr<Program> start(const Words& options = {}) {
        const std::string fifo = folder_ / "fifo";
        EXPECT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
        Words words{"/bin/sh", "-c", "exec \"$@\" <\"$0\"", fifo};
        for (const auto& word : ctl_words({"batch"})) words.push_back(word);
        words.insert(words.end(), options.begin(), options.end());
        auto program = std::make_unique<Program>(words);
        lines_.open(fifo);
        return program;
    }
    std::ofstream lines_;
};
P9_IN_EACH_DIALECT(Slowly);

TEST_P(Slowly, EachStatusLineComesAtOnce) {
    const auto program = start();
    for (int i = 1; i <= 3; ++i) {
        lines_ << "new example-driver\n" << std::flush;
        ASSERT_TRUE(program->wait_for_output("ok " + std::to_string(i) + "\n"));
    }
    lines_.close();
    EXPECT_EQ(program->finish().status, 0);
}

TEST_P(Slowly, HalfALineHoldsNothingUp) {
    const auto program = start();
    lines_ << "new example-driver\nnew exam" << std::flush;
    ASSERT_TRUE(program->wait_for_output("ok 1\n"));
    lines_ << "ple-driver\n" << std::flush;
    ASSERT_TRUE(program->wait_for_output("ok 2\n"));
    // The last line needs no newline.
    lines_ << "list" << std::flush;
    lines_.close();
    const Ran ran = program->finish();
    EXPECT_EQ(ran.status, 0);
    EXPECT_THAT(ran.out, HasSubstr("\nok 3\n"));
}

TEST_P(Slowly, AServerThatWasMadeAgain) {
    EXPECT_EQ(out_of({"new", "example-driver", "--name", "d"}), "d\n");
    const auto program = start({"--keep-going"});
    lines_ << "set d capability dma\n" << std::flush;
    ASSERT_TRUE(program->wait_for_output("ok 1\n"));
    EXPECT_EQ(out_of({"remove", "d"}), "");
    lines_ << "set d capability dma\n" << std::flush;
    ASSERT_TRUE(
        program->wait_for_output("error 2 d: " + words_or("server \"d\" was removed", "No such file or directory")));
    lines_ << "set d capability dma\n" << std::flush;
    ASSERT_TRUE(program->wait_for_output("error 3 d: no such server"));
    EXPECT_EQ(out_of({"new", "example-driver", "--name", "d"}), "d\n");
    lines_ << "set d capability dma\n" << std::flush;
    ASSERT_TRUE(program->wait_for_output("ok 4\n"));
    EXPECT_EQ(out_of({"remove", "d"}), "");
    EXPECT_EQ(out_of({"new", "example-driver", "--name", "d"}), "d\n");
    // The fid of line 4 belongs to the server that is gone; nothing of this command can have reached the new one.
    lines_ << "set d start\n" << std::flush;
    ASSERT_TRUE(program->wait_for_output("ok 5\n"));
    EXPECT_EQ(out_of({"wait", "d", "healthy"}), "");
    lines_.close();
    EXPECT_EQ(program->finish().status, 1);
}

TEST_P(Slowly, CtrlCBetweenCommandsAndWithinOne) {
    const auto program = start();
    lines_ << "new example-driver --name d\nwait d healthy\n" << std::flush;
    ASSERT_TRUE(program->wait_for_output("ok 1\n"));
    program->signal(SIGINT);
    const Ran ran = program->finish();
    EXPECT_EQ(ran.status, 130);
    EXPECT_THAT(ran.out, ::testing::AnyOf("out 1 d\nok 1\n", "out 1 d\nok 1\nerror 2 interrupted\n"));
}

TEST_P(Slowly, TheServerGoesAway) {
    const auto program = start({"--keep-going"});
    lines_ << "new example-driver --name d\n" << std::flush;
    ASSERT_TRUE(program->wait_for_output("ok 1\n"));
    server_.reset();
    lines_ << "start d\nstart d\n" << std::flush;
    const Ran ran = program->finish();
    EXPECT_EQ(ran.status, 3);
    EXPECT_THAT(ran.out, HasSubstr("\nerror 2 d: "));
    EXPECT_EQ(ran.out.find("error 3"), std::string::npos);
    EXPECT_THAT(ran.err, StartsWith("p9ctl: batch: line 2: "));
}

TEST_P(Slowly, HeldBuffersLiveAsLongAsTheBatch) {
    const auto program = start({"--json"});
    lines_ << "dma alloc --size 4096 --hold\ndma alloc --size 4096\n" << std::flush;
    ASSERT_TRUE(program->wait_for_output("{\"line\":2,\"ok\":true}\n"));
    lines_.close();
    const Ran ran = program->finish();
    EXPECT_EQ(ran.status, 0);
    EXPECT_EQ(ran.err, "");
}

class BatchFile : public SipTest {};

TEST_F(BatchFile, ThatCannotBeRead) {
    serve();
    expect_failure({"batch", "/no/such/file"}, 1, "/no/such/file: No such file or directory");
    expect_failure({"batch", folder_}, 1, folder_.string() + ": Is a directory");
}

}  // namespace
}  // namespace p9::test
