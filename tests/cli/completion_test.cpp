// The completions of bash, zsh and fish, in these shells on a terminal.
#include "p9/transports/address.hpp"
#include "tests/cli/help.hpp"
#include "tests/cli/terminal.hpp"
#include "tests/cli/tool.hpp"

#include <gmock/gmock.h>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

namespace p9::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

/// A shell, and how it is made to load the completions and to show the line that is being typed: with Ctrl-X Ctrl-B.
struct Shell {
    std::string name;
    std::vector<std::string> words;
    std::string setup;

    friend void PrintTo(const Shell& shell, std::ostream* out) { *out << shell.name; }
};

const std::string completions = std::string(P9_SOURCE_DIR) + "/completions";

Shell bash() {
    return {
        "bash",
        {"bash", "--norc", "--noprofile", "-i"},
        "source " + completions +
            R"(/p9.bash; bind 'set bell-style none'; bind 'set completion-query-items 0'; bind 'set page-completions off'; )"
            R"(bind 'set enable-bracketed-paste off'; bind -x '"\C-x\C-b": printf "\nline[%s]\n" "$READLINE_LINE"')"};
}

Shell zsh() {
    return {"zsh",
            {"zsh", "-f", "-i"},
            "unset zle_bracketed_paste; unsetopt beep prompt_sp; fpath=(" + completions +
                " $fpath); autoload -Uz compinit; compinit -u -D; LISTMAX=10000; "
                R"(show() { print -r -- $'\n'"line[$BUFFER]" }; zle -N show; bindkey '^X^B' show)"};
}

Shell fish() {
    return {"fish",
            {"fish", "--no-config", "-i"},
            "source " + completions +
                R"(/p9.fish; set fish_greeting; set -g fish_autosuggestion_enabled 0; )"
                R"x(bind \cx\cb 'echo; echo "line["(commandline)"]"'; function fish_prompt; echo "> "; end)x"};
}

bool is_installed(const std::string& program) {
    return std::system(("command -v " + program + " >/dev/null 2>&1").c_str()) == 0;
}

class Completion : public ToolTest, public ::testing::WithParamInterface<Shell> {
protected:
    void SetUp() override {
        if (!is_installed(GetParam().name)) GTEST_SKIP() << GetParam().name << " is not installed";
        for (const char* name : {"alpha", "directory/inner", "with space/it's \"here\"", "with space/other",
                                 "dollar$sign", "colon:one", "colon:two", ".hidden", "[x]*", "-dash"})
            write(name, "contents of " + std::string(name) + "\n");
        address_ = "unix:" + (folder_ / "socket").string();
        server_ = std::make_unique<Program>(
            std::vector<std::string>{tool("p9serve"), "--listen", address_, "--dir", exported_});
        ASSERT_TRUE(server_->wait_for_output("\n")) << server_->finish().err;
        start({"P9_ADDRESS=" + address_});
    }
    void start(std::vector<std::string> environment) {
        environment.push_back("PATH=" + std::string(P9_BINARY_DIR) + ":" + std::getenv("PATH"));
        environment.emplace_back("TERM=xterm");
        environment.emplace_back("LC_ALL=C.UTF-8");
        environment.push_back("HOME=" + folder_.string());
        terminal_ = std::make_unique<Terminal>(GetParam().words, environment);
        terminal_->type(GetParam().setup + "; cd " + folder_.string() + "; echo ready''now\n");
        ASSERT_TRUE(terminal_->wait_for("readynow"));
    }
    /// What becomes of `typed` by the tab keys in it; the line is then thrown away.
    std::string line_of(const std::string& typed) {
        terminal_->type(typed + "\x18\x02");
        if (!terminal_->wait_for("line[")) return "";
        const auto at = terminal_->seen().rfind("line[") + 5;
        if (!terminal_->wait_for("]")) return "";
        std::string line = terminal_->seen().substr(at);
        line = line.substr(0, line.rfind(']'));
        terminal_->type("\x15");
        return line;
    }
    /// Runs what is typed and waits for `output`.
    void expect_output(const std::string& typed, const std::string& output) {
        terminal_->type(typed + "\n");
        EXPECT_TRUE(terminal_->wait_for(output)) << typed;
    }

    std::string address_;
    std::unique_ptr<Program> server_;
    std::unique_ptr<Terminal> terminal_;
};

INSTANTIATE_TEST_SUITE_P(Of, Completion, ::testing::Values(bash(), zsh(), fish()));

TEST_P(Completion, RemotePaths) {
    EXPECT_EQ(line_of("p9cat /al\t"), "p9cat /alpha ");
    EXPECT_EQ(line_of("p9cat al\t"), "p9cat alpha ");
    EXPECT_EQ(line_of("p9cat /dir\t"), "p9cat /directory/");
    EXPECT_EQ(line_of("p9cat /dir\tin\t"), "p9cat /directory/inner ");
    EXPECT_EQ(line_of("p9cat /nothing\t"), "p9cat /nothing");
    EXPECT_EQ(line_of("p9ls -l /.h\t"), "p9ls -l /.hidden ");
    // Each of these is one file, whatever it took to write its name; the shell and p9cat read the line back.
    expect_output("p9cat /wi\tit\t", "contents of with space/it's \"here\"");
    expect_output("p9cat '/with sp\tot\t", "contents of with space/other");
    expect_output("p9cat \"/with sp\tot\t", "contents of with space/other");
    expect_output("p9cat /do\t", "contents of dollar$sign");
    expect_output("p9cat /col\tt\t", "contents of colon:two");
    expect_output("p9cat /\\[\t", "contents of [x]*");
    expect_output("p9cat /-d\t", "contents of -dash");
}

TEST_P(Completion, ServersThatTheLineNames) {
    start({"P9_ADDRESS=unix:/nonexistent/socket"});
    const std::string quoted = "'unix!" + address_.substr(5) + "'";
    EXPECT_EQ(line_of("p9cat -a " + address_ + " /al\t"), "p9cat -a " + address_ + " /alpha ");
    EXPECT_EQ(line_of("p9cat -a" + address_ + " /al\t"), "p9cat -a" + address_ + " /alpha ");
    EXPECT_EQ(line_of("p9ls -la " + quoted + " /al\t"), "p9ls -la " + quoted + " /alpha ");
    EXPECT_EQ(line_of("p9ls --address=" + address_ + " /al\t"), "p9ls --address=" + address_ + " /alpha ");
    terminal_->type((GetParam().name == "fish" ? "set server " : "server=") + address_ + "\n");
    EXPECT_EQ(line_of("p9cat -a $server /al\t"), "p9cat -a $server /alpha ");
}

TEST_P(Completion, TheServersAddressAndTree) {
    EXPECT_EQ(line_of("p9cat -A directory /in\t"), "p9cat -A directory /inner ");
    EXPECT_EQ(line_of("p9ls -a ws:\t"), "p9ls -a ws://");
    EXPECT_EQ(line_of("p9doctor " + folder_.string() + "/sock\t"), "p9doctor " + folder_.string() + "/socket ");
}

TEST_P(Completion, NobodyListens) {
    start({"P9_ADDRESS=unix:/nonexistent/socket"});
    EXPECT_EQ(line_of("p9cat /al\t"), "p9cat /al");
    start({});
    EXPECT_EQ(line_of("p9cat /al\t"), "p9cat /al");
    EXPECT_THAT(terminal_->seen(), Not(HasSubstr("p9ls:")));
}

TEST_P(Completion, AServerThatNeverAnswersIsWaitedForNoLongerThanASecond) {
    const int listening = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un name{};
    name.sun_family = AF_UNIX;
    (folder_ / "silent").string().copy(name.sun_path, sizeof name.sun_path - 1);
    ASSERT_EQ(::bind(listening, reinterpret_cast<sockaddr*>(&name), sizeof name), 0);
    ASSERT_EQ(::listen(listening, 8), 0);
    start({"P9_ADDRESS=unix:" + (folder_ / "silent").string(), "P9_TRACE=1"});
    EXPECT_EQ(line_of("p9cat /al\t"), "p9cat /al");
    EXPECT_THAT(terminal_->seen(), Not(HasSubstr("p9ls:")));
    EXPECT_THAT(terminal_->seen(), Not(HasSubstr("Tversion")));
    ::close(listening);
}

TEST_P(Completion, ValuesAndCommands) {
    EXPECT_EQ(line_of("p9ls --dialect 9P2000.L\t"), "p9ls --dialect 9P2000.L ");
    EXPECT_EQ(line_of("p9ls --dialect=au\t"), "p9ls --dialect=auto ");
    EXPECT_EQ(line_of("p9ls --col\t"), GetParam().name == "zsh" ? "p9ls --color " : "p9ls --color ");
    EXPECT_EQ(line_of("p9ctl mem re\t"), "p9ctl mem read ");
    EXPECT_EQ(line_of("p9ctl irq wait --ex\t"), "p9ctl irq wait --exec ");
    EXPECT_EQ(line_of("p9ctl write /al\t"), "p9ctl write /alpha ");
    EXPECT_EQ(line_of("p9ctl wait ahci hea\t"), "p9ctl wait ahci healthy ");
    EXPECT_THAT(line_of("p9fuse -o ro,cache=no\t"), ::testing::StartsWith("p9fuse -o ro,cache=none"));
    EXPECT_THAT(line_of("p9fuse -o dialect=9P2000.L,anam\t"),
                ::testing::StartsWith("p9fuse -o dialect=9P2000.L,aname="));
    std::ofstream(folder_ / "local file") << "";
    EXPECT_EQ(line_of("p9cat -o loc\t"), "p9cat -o local\\ file ");
    EXPECT_EQ(line_of("p9serve --memory --siz\t"), "p9serve --memory --size ");
}

TEST_P(Completion, LocalAndRemotePathsOfP9cp) {
    std::ofstream(folder_ / "local file") << "";
    EXPECT_EQ(line_of("p9cp loc\t"), "p9cp local\\ file ");
    EXPECT_EQ(line_of("p9cp local :/al\t"), "p9cp local :/alpha ");
    EXPECT_EQ(line_of("p9cp :dir\t"), "p9cp :directory/");
}

/// A script of the shell that prints what it offers for the options of $1, a word or more a line.
std::string offers(const std::string& shell) {
    if (shell == "bash")
        return "source " + completions +
               "/p9.bash; compopt() { :; }; COMP_LINE=\"$1 -\" COMP_POINT=$((${#1} + 2)) COMP_WORDBREAKS=$' \\n'; _p9; "
               "printf '%s\\n' ${COMPREPLY[@]}";
    if (shell == "zsh")
        return "setopt extendedglob; functions[load]=\"$(sed '$d' " + completions +
               "/_p9)\"; load; typeset -A takes means; _p9_options ${=1}; print -rl -- ${(k)takes}";
    return "source " + completions + "/p9.fish; complete -C \"$argv[1] -\" | string replace -r '\\t.*' ''";
}

class CompletionOfOptions : public ::testing::TestWithParam<std::string> {};

INSTANTIATE_TEST_SUITE_P(Of, CompletionOfOptions, ::testing::Values("bash", "zsh", "fish"));

TEST_P(CompletionOfOptions, OffersWhatHelpLists) {
    const std::string& shell = GetParam();
    if (!is_installed(shell)) GTEST_SKIP() << shell << " is not installed";
    std::vector<std::string> commands = installed_tools();
    commands.emplace_back("p9ctl new");
    for (const auto& command : commands) {
        std::vector<std::string> words{"/usr/bin/env", shell};
        if (shell == "zsh") words.emplace_back("-f");
        if (shell == "fish") words.emplace_back("--no-config");
        words.insert(words.end(), {"-c", offers(shell)});
        if (shell != "fish") words.push_back(shell);
        words.push_back(tool(command));
        Options offered = options_in(printed(words), "(-[^ \n]+)");
        const auto blank = command.find(' ');
        Options listed = options_of_help(printed({tool(command.substr(0, blank)), "--help"}));
        if (blank != command.npos) {
            const Options own = options_of_help(printed({tool("p9ctl"), command.substr(blank + 1), "--help"}));
            // zsh's were asked for those of the command alone.
            if (shell == "zsh") listed.clear();
            listed.insert(own.begin(), own.end());
        }
        EXPECT_EQ(offered, listed) << shell << ": " << command;
    }
}

}  // namespace
}  // namespace p9::test
