// p9sh on a terminal: prompt, completion, Ctrl-C, history, and servers that are slow or gone.
#include "tests/cli/sh.hpp"
#include "tests/cli/terminal.hpp"

#include <gmock/gmock.h>

#include <csignal>
#include <fstream>

namespace p9::test {
namespace {

using ::testing::HasSubstr;

class ShellOnTerminal : public ShellTest {
protected:
    std::unique_ptr<Terminal> terminal_on(const std::string& address) const {
        // What a person has set must not decide what a test sees.
        return std::make_unique<Terminal>(std::vector<std::string>{tool("p9sh"), "-a", address},
                                          std::vector<std::string>{"TERM=dumb", "INPUTRC=/dev/null",
                                                                   "XDG_STATE_HOME=" + (folder_ / "state").string()});
    }
    std::unique_ptr<Terminal> terminal() const { return terminal_on(address_); }
    std::string prompt(const std::string& directory = "/") const { return address_ + ":" + directory + "> "; }

    /// A server that misbehaves as `knobs` say.
    std::string start_fake(const std::vector<std::string>& knobs) {
        const std::string address = "unix!" + (folder_ / "fake").string();
        const auto program = std::filesystem::read_symlink("/proc/self/exe").parent_path() / "fake_server";
        std::vector<std::string> all{program, "--listen", address};
        for (const auto& knob : knobs) {
            all.emplace_back("--knob");
            all.push_back(knob);
        }
        fake_ = std::make_unique<Program>(all);
        EXPECT_TRUE(fake_->wait_for_output("\n"));
        return address;
    }
    std::unique_ptr<Program> fake_;
};

TEST_F(ShellOnTerminal, PromptsWithServerAndDirectory) {
    write("notes/list", "milk\n");
    const auto shell = terminal();
    ASSERT_TRUE(shell->wait_for(prompt()));
    shell->type("cd notes\n");
    ASSERT_TRUE(shell->wait_for(prompt("/notes")));
    shell->type("cat list; nonsense\n");
    ASSERT_TRUE(shell->wait_for("milk\r\n"));
    ASSERT_TRUE(shell->wait_for("p9sh: unknown command \"nonsense\""));
    ASSERT_TRUE(shell->wait_for(prompt("/notes")));
    shell->type("cat nothing\n");
    ASSERT_TRUE(shell->wait_for("cat: nothing: No such file or directory"));
}

TEST_F(ShellOnTerminal, CompletesWithTab) {
    write("hello world", "hello\n");
    write("notes/one", "1\n");
    write("notes/other", "2\n");
    std::ofstream(folder_ / "local-file") << "local\n";
    const auto shell = terminal();
    ASSERT_TRUE(shell->wait_for(prompt()));
    shell->type("cat he\t");
    ASSERT_TRUE(shell->wait_for("cat hello\\ world "));
    shell->type("\n");
    ASSERT_TRUE(shell->wait_for("hello\r\n"));
    shell->type("cat no\to\t\t");
    ASSERT_TRUE(shell->wait_for("one    other"));
    shell->type("n\t\n");
    ASSERT_TRUE(shell->wait_for("1\r\n"));
    shell->type("trunc\t-s 0 hel\t\n");
    ASSERT_TRUE(shell->wait_for("truncate -s 0 hello\\ world "));
    shell->type("lcd " + folder_.string() + "\nput loc\t\n");
    ASSERT_TRUE(shell->wait_for("put local-file "));
    shell->type("cat local\t\n");
    ASSERT_TRUE(shell->wait_for("local\r\n"));
    shell->type("raw Tatta\tfi\t7\n");
    ASSERT_TRUE(shell->wait_for("Tattach fid="));
    ASSERT_TRUE(shell->wait_for("-> Tattach tag=1 fid=7"));
}

TEST_F(ShellOnTerminal, CtrlCGivesThePromptBack) {
    const std::string address = start_fake({});
    const auto shell = terminal_on(address);
    ASSERT_TRUE(shell->wait_for("> "));
    shell->type("abc");
    ASSERT_TRUE(shell->wait_for("abc"));
    shell->type("\x03");
    ASSERT_TRUE(shell->wait_for("^C"));
    ASSERT_TRUE(shell->wait_for("> "));
    // A read that waits for an event is flushed.
    shell->type("trace on\ncat event\n");
    ASSERT_TRUE(shell->wait_for("-> Tread"));
    shell->type("\x03");
    ASSERT_TRUE(shell->wait_for("-> Tflush"));
    ASSERT_TRUE(shell->wait_for("<- Rflush"));
    // The prompt does not wait for this one.
    ASSERT_TRUE(shell->wait_for("<- Rclunk"));
    shell->type("trace off; tags; cat file\n");
    ASSERT_TRUE(shell->wait_for("session: 0 requests"));
    ASSERT_TRUE(shell->wait_for("text\r\n"));
}

TEST_F(ShellOnTerminal, ASlowServerHoldsUpTabForASecondAtMost) {
    const std::string address = start_fake({"missing=Treaddir", "missing-answer=silence"});
    const auto shell = terminal_on(address);
    ASSERT_TRUE(shell->wait_for("> "));
    // The listing never comes; what is typed after TAB does.
    shell->type("cat fi\tle\n");
    ASSERT_TRUE(shell->wait_for("text\r\n"));
    // Ctrl-C ends the wait, too.
    shell->type("trace on\n");
    ASSERT_TRUE(shell->wait_for("trace on\r\n"));
    ASSERT_TRUE(shell->wait_for(address + ":/> "));
    shell->type("cat fi\t");
    ASSERT_TRUE(shell->wait_for("-> Treaddir"));
    shell->type("\x03");
    ASSERT_TRUE(shell->wait_for("^C\r\n"));
    shell->type("pwd\n");
    ASSERT_TRUE(shell->wait_for("\r\n/\r\n"));
}

// The loop told of the input first, and the next command, or a part of its line, was taken for what Ctrl-C ends.
TEST_F(ShellOnTerminal, WhatIsTypedAfterCtrlCIsNotEndedByIt) {
    const auto shell = terminal();
    ASSERT_TRUE(shell->wait_for(prompt()));
    shell->hold();
    shell->type("nonsense\x03pwd\n");
    shell->go_on();
    ASSERT_TRUE(shell->wait_for("^C\r\n"));
    ASSERT_TRUE(shell->wait_for("pwd\r\n/\r\n"));
}

// It waited within readline then, deaf to everything but a key.
TEST_F(ShellOnTerminal, WhatWasTypedAfterCtrlZMayBeSomebodyElses) {
    const auto shell = terminal();
    ASSERT_TRUE(shell->wait_for(prompt()));
    shell->type("\x1aq");
    ASSERT_TRUE(shell->wait_until_stopped());
    shell->forget_what_was_typed();
    shell->go_on();
    ASSERT_TRUE(shell->wait_for(prompt()));
    shell->type("\x03");
    ASSERT_TRUE(shell->wait_for("^C\r\n"));
    shell->type("pwd\n");
    ASSERT_TRUE(shell->wait_for("\r\n/\r\n"));
}

TEST_F(ShellOnTerminal, RemembersWhatWasTyped) {
    {
        const auto shell = terminal();
        ASSERT_TRUE(shell->wait_for(prompt()));
        shell->type("echo the first\n echo a secret\n");
        ASSERT_TRUE(shell->wait_for("a secret\r\na secret\r\n"));
        shell->type("exit\n");
        ASSERT_TRUE(shell->wait_for("exit\r\n"));
    }
    std::ifstream file(folder_ / "state/p9sh/history");
    const std::string history{std::istreambuf_iterator<char>(file), {}};
    EXPECT_THAT(history, HasSubstr("echo the first\n"));
    EXPECT_EQ(history.find("secret"), std::string::npos);
    const auto permissions = std::filesystem::status(folder_ / "state/p9sh/history").permissions();
    EXPECT_EQ(permissions & std::filesystem::perms(077), std::filesystem::perms::none);
    const auto shell = terminal();
    ASSERT_TRUE(shell->wait_for(prompt()));
    shell->type("\x12the fir\r");  // Ctrl-R; a newline would end the search only
    ASSERT_TRUE(shell->wait_for("\r\nthe first\r\n"));
}

TEST_F(ShellOnTerminal, AServerThatDiesLeavesThePrompt) {
    write("f", "contents\n");
    const auto shell = terminal();
    ASSERT_TRUE(shell->wait_for(prompt()));
    server_->signal(SIGKILL);
    server_->finish();
    shell->type("ls\n");
    ASSERT_TRUE(shell->wait_for("ls: "));
    ASSERT_TRUE(shell->wait_for("(no connection)> "));
    shell->type("cat f\n");
    ASSERT_TRUE(shell->wait_for("; reconnect dials again"));
    std::filesystem::remove(folder_ / "socket");
    start();
    shell->type("reconnect\n");
    ASSERT_TRUE(shell->wait_for(prompt()));
    shell->type("cat f\n");
    ASSERT_TRUE(shell->wait_for("contents\r\n"));
}

TEST_F(ShellOnTerminal, NamesCannotDriveTheTerminal) {
    write("x\x1b[2Jy", "");
    const auto shell = terminal();
    ASSERT_TRUE(shell->wait_for(prompt()));
    shell->type("ls; find\n");
    ASSERT_TRUE(shell->wait_for("x\\x1b[2Jy"));
    ASSERT_TRUE(shell->wait_for("./x\\x1b[2Jy"));
    shell->type("cat x\t");
    ASSERT_TRUE(shell->wait_for("$'x\\x1b[2Jy'"));
}

}  // namespace
}  // namespace p9::test
