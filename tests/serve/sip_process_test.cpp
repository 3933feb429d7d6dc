// Servers of command types: real processes.
#include "tests/serve/sip.hpp"

#include <sched.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace p9::test {
namespace {

class SipProcess : public ::testing::Test {
protected:
    SipProcess() {
        std::string pattern = std::filesystem::temp_directory_path() / "p9sip-XXXXXX";
        if (::mkdtemp(pattern.data()) == nullptr) throw ScriptFailure("mkdtemp");
        directory_ = pattern;
    }
    ~SipProcess() override {
        user_.reset();  // a client needs the io_context to the end
        served_.reset();
        std::error_code ignored;
        std::filesystem::remove_all(directory_, ignored);
    }

    /// Serves one type, `it`, and makes a server `it` of it.
    void serve(const std::string& command, std::chrono::milliseconds grace = std::chrono::seconds(30)) {
        serve::sip::SipOptions options;
        options.types.push_back({"it", command});
        options.grace = grace;
        served_.emplace(options);
        user_.emplace(*served_);
        user_->make("it", "it");
    }
    std::string path(const std::string& name) const { return directory_ / name; }
    /// The process that wrote its number to the file, once it has.
    pid_t process(const std::string& name) {
        for (const auto start = Clock::now(); Clock::now() - start < Loop::patience;) {
            std::ifstream file(path(name));
            std::string line;
            if (std::getline(file, line) && !file.eof()) return std::atoi(line.c_str());
            served_->loop.settle();
        }
        throw ScriptFailure("nothing in " + name);
    }
    /// Whether it runs: what is left of a process that nobody has reaped yet does not.
    static bool alive(pid_t pid) {
        std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
        std::string text;
        std::getline(file, text);
        const auto name = text.rfind(')');
        return name != text.npos && text.compare(name, 3, ") Z") != 0;
    }
    /// Whether it has been killed. The kernel may need a moment for the last of a group.
    static bool ends(pid_t pid) {
        for (const auto start = Clock::now(); alive(pid);) {
            if (Clock::now() - start > Loop::patience) return false;
            sched_yield();
        }
        return true;
    }

    std::filesystem::path directory_;
    std::optional<ServedSip> served_;
    std::optional<SipUser> user_;
};

TEST_F(SipProcess, ItsExitDecidesStatusAndHealth) {
    serve("exit 3");
    EXPECT_EQ(user_->command("it", "start"), "");
    ASSERT_TRUE(user_->comes_to("it", "failed"));
    EXPECT_TRUE(user_->health("it").starts_with("failed\nLast error: exited with status 3 at ")) << user_->health("it");
    EXPECT_EQ(user_->command("it", "stop"), "! server \"it\" is not running");
    EXPECT_EQ(user_->command("it", "start"), "") << "it may try again";
}

TEST_F(SipProcess, ASuccessfulEndIsAStop) {
    serve("exit 0");
    EXPECT_EQ(user_->command("it", "start"), "");
    EXPECT_TRUE(user_->comes_to("it", "stopped"));
    EXPECT_EQ(user_->health("it"), "stopped\n");
}

TEST_F(SipProcess, ASignalIsAFailure) {
    serve("kill -9 $$");
    EXPECT_EQ(user_->command("it", "start"), "");
    ASSERT_TRUE(user_->comes_to("it", "failed"));
    EXPECT_TRUE(user_->health("it").starts_with("failed\nLast error: killed by signal 9 at ")) << user_->health("it");
}

TEST_F(SipProcess, FindsItsEnvironmentAndItsConnection) {
    const std::string out = path("out");
    serve(
        "{ echo $P9_SIP_NAME; echo $P9_SIP_CAPABILITIES; echo $P9_UNAME; echo $P9_ADDRESS; echo ${P9_ANAME-none}; "
        "readlink /proc/self/fd/0; ls /proc/$$/fd >" +
        path("descriptors") + "; wc -l <" + path("descriptors") + "; } >" + out + "; test -S /proc/self/fd/3");
    setenv("P9_ANAME", "/elsewhere", 1);
    user_->command("it", "capability dma");
    user_->command("it", "capability interrupt");
    EXPECT_EQ(user_->command("it", "start"), "");
    unsetenv("P9_ANAME");
    ASSERT_TRUE(user_->comes_to("it", "stopped")) << user_->health("it");
    std::ifstream file(out);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    EXPECT_EQ(text, "it\ninterrupt dma\nit\nfd!3\nnone\n/dev/null\n6\n")
        << "0 to 3, and the two outputs that sh has put aside";
    EXPECT_EQ(served_->connected, std::vector<std::string>{"0"});
}

TEST_F(SipProcess, StopEndsTheWholeGroup) {
    serve("sleep 1000 & echo $! >" + path("pid") + "; wait");
    EXPECT_EQ(user_->command("it", "start"), "");
    const pid_t sleeper = process("pid");
    EXPECT_TRUE(alive(sleeper));
    EXPECT_EQ(user_->command("it", "stop"), "");
    EXPECT_EQ(user_->status("it"), "stopped");
    EXPECT_TRUE(ends(sleeper));
    EXPECT_EQ(user_->health("it"), "stopped\n") << "it was told to";
}

// A child that made a session of its own survived stop, remove and the end of p9serve.
TEST_F(SipProcess, WhatLeftTheGroupEndsToo) {
    const std::string leave = "setsid sh -c 'trap \"\" TERM; echo $$ >" + path("pid") + "; exec sleep 1000' & ";
    serve(leave + "wait");
    EXPECT_EQ(user_->command("it", "start"), "");
    const pid_t stopped = process("pid");
    EXPECT_EQ(user_->command("it", "stop"), "");
    EXPECT_TRUE(ends(stopped));
    std::filesystem::remove(path("pid"));
    EXPECT_EQ(user_->command("it", "start"), "");
    const pid_t removed = process("pid");
    EXPECT_EQ(user_->command("it", "remove"), "");
    EXPECT_TRUE(ends(removed));
}

TEST_F(SipProcess, WhatIgnoresSigtermIsKilled) {
    serve("trap '' TERM; echo $$ >" + path("pid") + "; while :; do sleep 1000; done", std::chrono::milliseconds(50));
    EXPECT_EQ(user_->command("it", "start"), "");
    const pid_t shell = process("pid");
    EXPECT_EQ(user_->command("it", "stop"), "");
    EXPECT_EQ(user_->status("it"), "stopped");
    EXPECT_TRUE(ends(shell));
}

TEST_F(SipProcess, RestartIsAnotherProcess) {
    serve("echo $$ >" + path("pid") + "; exec sleep 1000");
    EXPECT_EQ(user_->command("it", "start"), "");
    const pid_t first = process("pid");
    std::filesystem::remove(path("pid"));
    EXPECT_EQ(user_->command("it", "restart"), "");
    EXPECT_NE(process("pid"), first);
    EXPECT_TRUE(user_->comes_to("it", "healthy"));
    EXPECT_EQ(served_->connected.size(), 2u);
}

TEST_F(SipProcess, RemoveStopsFirst) {
    serve("echo $$ >" + path("pid") + "; exec sleep 1000");
    EXPECT_EQ(user_->command("it", "start"), "");
    const pid_t pid = process("pid");
    EXPECT_EQ(user_->command("it", "remove"), "");
    EXPECT_EQ(user_->list("/dev/sip/servers"), std::vector<std::string>{});
    EXPECT_TRUE(ends(pid));
}

// What has left the process group keeps the connection. It had the rights of whoever got the server's name, and was the
// operator once nobody had it.
TEST_F(SipProcess, WhatAProcessLeavesBehindIsNobodyElse) {
    serve("exit 0");
    EXPECT_EQ(user_->command("it", "start"), "");
    ASSERT_TRUE(user_->comes_to("it", "stopped")) << user_->health("it");
    ASSERT_EQ(served_->connected.size(), 1u);
    const std::string only_user = served_->connected[0];
    SipUser survivor(*served_, Dialect::unix_, "glenda", only_user);
    EXPECT_EQ(survivor.command("it", "capability dma"), "! permission denied: only the operator gives capabilities");

    EXPECT_EQ(user_->command("it", "name other"), "");
    user_->make("it", "it");
    EXPECT_EQ(survivor.command("it", "start"), "! permission denied: \"0\" is no operator of server \"it\"");
    EXPECT_EQ(SipUser(*served_, Dialect::unix_, "it", only_user).command("it", "start"),
              "! permission denied: \"0\" is no operator of server \"it\"");

    EXPECT_EQ(survivor.command("other", "remove"), "") << "its own server";
    EXPECT_EQ(survivor.command("it", "remove"), "! permission denied: server \"0\" was removed");
    try {
        SipUser again(*served_, Dialect::unix_, "glenda", only_user);
        ADD_FAILURE() << "attached: " << again.command("it", "remove");
    } catch (const ScriptFailure& refused) {
        EXPECT_NE(std::string(refused.what()).find("server \"0\" was removed"), std::string::npos) << refused.what();
    }
}

TEST_F(SipProcess, AFlushedStopGoesOn) {
    // It ends when it is told to, and only then.
    serve("trap 'read line <" + path("go") + "; exit' TERM; echo $$ >" + path("pid") +
          "; while :; do sleep 1000 & wait; done");
    ASSERT_EQ(::mkfifo(path("go").c_str(), 0600), 0);
    EXPECT_EQ(user_->command("it", "start"), "");
    process("pid");
    const auto ctl = must(user_->open("/dev/sip/servers/it/ctl"));
    auto stopping = served_->loop.start(ctl.write(0, SipUser::bytes("stop")));
    EXPECT_EQ(user_->command("it", "start"), "! server \"it\" is being stopped");
    EXPECT_NE(user_->health("it").find("Stopping: "), std::string::npos) << user_->health("it");
    stopping.cancel();
    EXPECT_FALSE(stopping.get());
    std::ofstream(path("go")) << "now\n";
    EXPECT_TRUE(user_->comes_to("it", "stopped"));
}

TEST_F(SipProcess, TheTreeLeavesNothingBehind) {
    serve("sleep 1000 & echo $! >" + path("pid") + "; wait");
    EXPECT_EQ(user_->command("it", "start"), "");
    const pid_t stopped = process("pid");
    served_->loop.run(served_->tree.stop());
    EXPECT_TRUE(ends(stopped));
    EXPECT_EQ(user_->command("it", "start"), "! the tree is shutting down: no server starts any more");
}

TEST_F(SipProcess, NotEvenWhenItsProgramIsKilled) {
    // A program of its own: a fork that serves a tree, and is killed.
    const std::string command = "sleep 1000 & echo $! >" + path("pid") + "; wait";
    const pid_t program = fork();
    ASSERT_GE(program, 0);
    if (program == 0) {
        serve(command);
        user_->command("it", "start");
        while (true) served_->loop.run_until([] { return false; });
    }
    served_.emplace();
    const pid_t sleeper = process("pid");
    EXPECT_TRUE(alive(sleeper));
    kill(program, SIGKILL);
    waitpid(program, nullptr, 0);
    EXPECT_TRUE(ends(sleeper));
}

}  // namespace
}  // namespace p9::test
