// p9ctl new, start, stop, restart, remove, set, types and list.
#include "tests/cli/ctl.hpp"
#include "tests/support/delay_proxy.hpp"

#include <csignal>
#include <thread>

namespace p9::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class Lifecycle : public CtlTest {};
P9_IN_EACH_DIALECT(Lifecycle);

TEST_P(Lifecycle, ALife) {
    EXPECT_EQ(out_of({"types"}), "example-driver\nexample-fileserver\n");
    EXPECT_EQ(out_of({"types", "--json"}), "{\"type\":\"example-driver\"}\n{\"type\":\"example-fileserver\"}\n");
    EXPECT_EQ(out_of({"list"}), "");
    EXPECT_EQ(out_of({"new", "example-driver"}), "0\n");
    EXPECT_EQ(out_of({"list"}), "0  example-driver  configuring\n");
    EXPECT_EQ(out_of({"set", "0", "name", "ahci"}), "");
    EXPECT_EQ(out_of({"set", "ahci", "capability device"}), "");
    EXPECT_EQ(out_of({"set", "0", "mount /dev/sd"}), "");
    EXPECT_EQ(out_of({"start", "ahci"}), "");
    EXPECT_EQ(out_of({"wait", "0", "healthy"}), "");
    EXPECT_EQ(out_of({"list"}), "ahci  example-driver  healthy\n");
    EXPECT_EQ(status_of("ahci", "name"), "ahci");
    EXPECT_EQ(status_of("0", "status"), "healthy");
    EXPECT_EQ(out_of({"devices", "ahci"}), "sd0\nsd1\n");
    EXPECT_EQ(out_of({"devices", "--json", "0"}),
              "{\"server\":\"0\",\"device\":\"sd0\"}\n{\"server\":\"0\",\"device\":\"sd1\"}\n");
    EXPECT_EQ(out_of({"restart", "ahci"}), "");
    EXPECT_EQ(out_of({"wait", "ahci", "healthy"}), "");
    EXPECT_EQ(out_of({"stop", "ahci"}), "");
    EXPECT_EQ(status_of("ahci", "status"), "stopped");
    EXPECT_EQ(out_of({"remove", "ahci"}), "");
    EXPECT_EQ(out_of({"list"}), "");
}

TEST_P(Lifecycle, NewConfiguresEverything) {
    EXPECT_EQ(out_of({"new", "example-driver", "--name", "d", "--capability", "device", "--capability=dma", "--mount",
                      "/dev/sd", "--start"}),
              "d\n");
    EXPECT_EQ(out_of({"wait", "d", "healthy"}), "");
    EXPECT_EQ(out_of({"new", "example-fileserver", "--json"}), "{\"number\":1,\"type\":\"example-fileserver\"}\n");
    EXPECT_EQ(out_of({"new", "--json", "--name", "e", "example-driver"}),
              "{\"number\":2,\"name\":\"e\",\"type\":\"example-driver\"}\n");
    EXPECT_EQ(out_of({"list"}),
              "1  example-fileserver  configuring\nd  example-driver      healthy\ne  example-driver      "
              "configuring\n");
}

TEST_P(Lifecycle, NewThatFailsLeavesNothing) {
    const struct {
        Words arguments;
        std::string complaint;
    } steps[] = {
        {{"new", "example"}, "new: type example: "},
        {{"new", "example-driver", "--name", "12"}, "new: name 12: "},
        {{"new", "example-driver", "--name", "a/b"}, "new: name a/b: "},
        {{"new", "example-driver", "--name", "taken"}, "new: name taken: "},
        {{"new", "example-driver", "--capability", "dma", "--capability", "fly"}, "new: capability fly: "},
        {{"new", "example-driver", "--name", "n", "--mount", "relative"}, "new: mount relative: "},
    };
    EXPECT_EQ(out_of({"new", "example-fileserver", "--name", "taken"}), "taken\n");
    for (const auto& step : steps) {
        const Ran ran = ctl(step.arguments);
        EXPECT_EQ(ran.status, 1) << step.complaint;
        EXPECT_EQ(ran.out, "");
        EXPECT_THAT(ran.err, ::testing::StartsWith("p9ctl: " + step.complaint));
        EXPECT_EQ(std::ranges::count(ran.err, '\n'), 1) << ran.err;
        EXPECT_EQ(out_of({"list"}), "taken  example-fileserver  configuring\n");
    }
}

TEST_P(Lifecycle, SeveralServersAndOneThatFails) {
    EXPECT_EQ(out_of({"new", "example-driver", "--name", "a"}), "a\n");
    EXPECT_EQ(out_of({"new", "example-driver", "--name", "b"}), "b\n");
    const Ran ran = ctl({"start", "a", "nobody", "b"});
    EXPECT_EQ(ran.status, 1);
    EXPECT_EQ(ran.err, "p9ctl: nobody: no such server (p9ctl list shows those that there are)\n");
    EXPECT_EQ(out_of({"wait", "a", "healthy"}), "");
    EXPECT_EQ(out_of({"wait", "b", "healthy"}), "");
    EXPECT_EQ(out_of({"remove", "a", "b"}), "");
    EXPECT_EQ(out_of({"list"}), "");
}

TEST_P(Lifecycle, TheServersOwnWords) {
    EXPECT_EQ(out_of({"new", "example-driver", "--name", "d"}), "d\n");
    expect_failure({"set", "d", "strat"}, 1,
                   "d: " + words_or("unknown command \"strat\": expected name, capability, mount, start, stop, restart "
                                    "or remove",
                                    "Invalid argument"));
    EXPECT_EQ(status_of("d", "status"), "configuring");
}

TEST_P(Lifecycle, ACommandTooLongForOneWriteIsNotSent) {
    EXPECT_EQ(out_of({"new", "example-driver", "--name", "d"}), "d\n");
    const std::string trace = folder_ / "trace";
    const std::string text(9000, 'x');
    expect_failure({"--trace=" + trace, "set", "d", text}, 1,
                   "d: the command has 9000 bytes, and one write to this file carries at most 4096; nothing was sent");
    std::ifstream lines(trace);
    const std::string all{std::istreambuf_iterator<char>(lines), {}};
    EXPECT_THAT(all, HasSubstr("Twalk"));
    EXPECT_THAT(all, Not(HasSubstr("Twrite")));
    // The same for new: the slot that opening clone has made is gone.
    const Ran ran = ctl({"new", "example-driver", "--mount", "/" + text});
    EXPECT_EQ(ran.status, 1);
    EXPECT_EQ(ran.err,
              "p9ctl: new: mount...: the command has 9007 bytes, and one write to this file carries at most 4096; "
              "nothing was sent\n");
    EXPECT_EQ(out_of({"list"}), "d  example-driver  configuring\n");
}

TEST_P(Lifecycle, OneCommandIsOneWrite) {
    const std::string trace = folder_ / "trace";
    EXPECT_EQ(out_of({"--trace=" + trace, "new", "example-driver", "--name", "d", "--capability", "dma", "--start"}),
              "d\n");
    std::ifstream lines(trace);
    std::vector<std::string> writes;
    for (std::string line; std::getline(lines, line);)
        if (const auto at = line.find("bytes \""); line.find("-> Twrite") != line.npos)
            writes.push_back(line.substr(at + 7, line.rfind('"') - at - 7));
    EXPECT_EQ(writes, (Words{"example-driver", "name d", "capability dma", "start"}));
}

class Interrupted : public SipTest {
protected:
    /// Makes every message take a while, so that there is time to interrupt.
    void slow_down() {
        const std::string slow = folder_ / "slow";
        proxy_ = std::make_unique<DelayProxy>(io_, stream_endpoint(slow), stream_endpoint(socket_),
                                              std::chrono::milliseconds(20));
        thread_ = std::thread([this] { io_.run(); });
        direct_ = std::exchange(socket_, slow);
    }
    void TearDown() override {
        io_.stop();
        if (thread_.joinable()) thread_.join();
    }
    std::string direct_;

private:
    boost::asio::io_context io_{1};
    std::unique_ptr<DelayProxy> proxy_;
    std::thread thread_;
};

TEST_F(Interrupted, ACommandIsFlushed) {
    const std::string up = folder_ / "up";
    ASSERT_EQ(::mkfifo(up.c_str(), 0600), 0);
    serve({"--sip", "--type", "stubborn=trap '' TERM; echo up > " + up + "; sleep 1000", "--grace", "3600"});
    EXPECT_EQ(out_of({"new", "stubborn", "--name", "s", "--start"}), "s\n");
    std::string line;
    std::ifstream fifo(up);
    ASSERT_TRUE(std::getline(fifo, line));  // the trap is set
    Program program(ctl_words({"--trace", "stop", "s"}));
    ASSERT_TRUE(program.wait_for_errors("-> Twrite"));
    program.signal(SIGINT);
    const Ran ran = program.finish();
    EXPECT_EQ(ran.status, 130);
    EXPECT_THAT(ran.err, HasSubstr("-> Tflush"));
    EXPECT_THAT(ran.err, HasSubstr("<- Rflush"));
}

TEST_F(Interrupted, NewLeavesNothing) {
    serve();
    slow_down();
    for (const char* step :
         {"-> Tlopen", "-> Topen", "bytes \"example-driver\"", "-> Tread", "bytes \"name d\"", "bytes \"start\""}) {
        dialect_ = std::string_view(step) == "-> Tlopen" ? "9P2000.L" : "9P2000.u";
        const bool last = std::string_view(step).find("start") != std::string_view::npos;
        Words words{"--trace", "new", "example-driver", "--name", "d", "--start"};
        for (int i = 0; i < (last ? 0 : 100); ++i) words.insert(words.end(), {"--capability", "all"});
        Program program(ctl_words(words));
        ASSERT_TRUE(program.wait_for_errors(step));
        program.signal(SIGINT);
        const Ran ran = program.finish();
        if (last && ran.status == 0) {
            // A busy machine: the signal came when all was done.
            EXPECT_EQ(ran.out, "d\n");
            continue;
        }
        EXPECT_EQ(ran.status, 130) << step;
        EXPECT_EQ(ran.out, "");
        EXPECT_THAT(ran.err, Not(HasSubstr("p9ctl:"))) << step;
        const std::string slow = std::exchange(socket_, direct_);
        // A slot without a type vanishes with its connection, which ends a moment after the program.
        std::string list = "?";
        for (int tries = 0; tries < 100 && !list.empty(); ++tries) list = out_of({"list"});
        EXPECT_EQ(list, "") << step;
        socket_ = slow;
    }
}

TEST_F(Interrupted, NewOutOfTimeLeavesNothing) {
    serve({"--sip", "--type", "t=sleep 1000"});
    slow_down();
    // Enough to begin with, too little for so many capabilities.
    Words words{"--timeout", "0.5", "new", "t", "--start"};
    for (int i = 0; i < 100; ++i) words.insert(words.end(), {"--capability", "all"});
    const Ran ran = ctl(words);
    EXPECT_EQ(ran.status, 4);
    EXPECT_EQ(ran.err, "p9ctl: out of time after 0.5 s (--timeout)\n");
    socket_ = direct_;
    EXPECT_EQ(out_of({"list"}), "");
}

class Usage : public SipTest {};

TEST_F(Usage, IsToldWithoutAServer) {
    socket_ = folder_ / "nothing listens here";
    expect_usage({}, "no command (p9ctl --help lists the commands)");
    expect_usage({"stats"}, "unknown command \"stats\"; did you mean \"status\"? (p9ctl --help lists the commands)");
    expect_usage({"xyzzy"}, "unknown command \"xyzzy\" (p9ctl --help lists the commands)");
    expect_usage({"irq"}, "irq: expected one of register, unregister, list, wait after it");
    expect_usage({"irq", "wiat"},
                 "unknown command \"irq wiat\"; did you mean \"irq wait\"? (p9ctl --help lists the commands)");
    expect_usage({"status"}, "status: too few words; expected p9ctl status SERVER...");
    expect_usage({"wait", "a", "healthy", "now"}, "wait: too many words; expected p9ctl wait SERVER STATE");
    expect_usage({"wait", "a", "helthy"},
                 "wait: expected one of configuring, starting, healthy, degraded, stopped, failed, not \"helthy\"");
    expect_usage({"status", "--jsn", "a"},
                 "unknown option --jsn; after -- words may begin with a dash (p9ctl status --help lists the options)");
    expect_usage({"new", "a", "--name"}, "--name: expected NAME after it");
    expect_usage({"status", "--json=1", "a"}, "--json takes no value");
    for (const char* server : {"a/b", "..", "."})
        expect_usage({"start", server}, std::string("SERVER must be a server's name or number, not \"") + server + '"');
    expect_usage({"start", "a b"}, "SERVER must be one word without blanks, not \"a b\"");
    expect_usage({"start", ""}, "SERVER is empty");
    expect_usage({"new", "t", "--name", "a\nb"}, "--name must be one word without blanks, not \"a\\nb\"");
    expect_usage({"new", "t", "--capability", "a b"}, "--capability must be one word without blanks, not \"a b\"");
    expect_usage({"set", "a", "  "}, "set: the command is empty");
    expect_usage({"set", "a", "start\nstop"}, "set: a command is one line");
}

TEST_F(Usage, HelpFitsAScreen) {
    const Ran all = run_program({tool("p9ctl"), "--help"});
    EXPECT_EQ(all.status, 0);
    EXPECT_EQ(all.err, "");
    EXPECT_LE(std::ranges::count(all.out, '\n'), 42);
    for (const char* command :
         {"types",    "list",     "new",      "start",     "stop",    "restart",      "remove",
          "set",      "status",   "health",   "wait",      "devices", "irq register", "irq unregister",
          "irq list", "irq wait", "mem read", "mem write", "io inb",  "io inw",       "io inl",
          "io outb",  "io outw",  "io outl",  "dma alloc", "write",   "ask",          "batch"}) {
        Words words{tool("p9ctl")};
        std::string rest = command;
        for (auto blank = rest.find(' '); blank != rest.npos; blank = rest.find(' ')) {
            words.push_back(rest.substr(0, blank));
            rest.erase(0, blank + 1);
        }
        words.push_back(rest);
        words.emplace_back("--help");
        const Ran ran = run_program(words);
        EXPECT_EQ(ran.status, 0);
        EXPECT_THAT(ran.out, HasSubstr("Usage: p9ctl " + std::string(command)));
        EXPECT_THAT(ran.out, HasSubstr("Example"));
        std::size_t longest = 0;
        for (std::size_t at = 0; at < ran.out.size();) {
            const auto end = ran.out.find('\n', at);
            longest = std::max(longest, end - at);
            at = end + 1;
        }
        EXPECT_LE(longest, 80u) << ran.out;
    }
}

}  // namespace
}  // namespace p9::test
