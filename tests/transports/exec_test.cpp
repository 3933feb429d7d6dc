// Commands as servers: what they are given, and that none is left behind.
#include "tests/transports/support.hpp"

#include <boost/asio/io_context.hpp>

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

namespace {

using namespace p9;
using namespace p9::test;
namespace asio = boost::asio;
namespace fs = std::filesystem;

// True if this process has no child, running or dead.
bool childless() { return waitpid(-1, nullptr, WNOHANG) == -1 && errno == ECHILD; }

awaitable<std::string> echo(Transport& transport, std::vector<u8> bytes) {
    return carries(transport, transport, std::move(bytes));
}

class Exec : public testing::Test {
protected:
    void start(const std::string& command) {
        auto dialled = run(io_, dial(ExecAddress{command}));
        ASSERT_TRUE(dialled.has_value()) << dialled.error().message();
        transport_ = *std::move(dialled);
    }
    // The next message as text, after its size[4] and padding.
    std::string told() {
        const auto frame = run(io_, transport_->receive());
        if (!frame) return frame.error().message();
        return {frame->bytes().begin() + 4, frame->bytes().end()};
    }

    asio::io_context io_{1};
    std::unique_ptr<Transport> transport_;
};

TEST_F(Exec, CarriesMessages) {
    start("cat");
    EXPECT_EQ(transport_->peer(), "exec!cat");
    EXPECT_EQ(run(io_, echo(*transport_, message(19))), "");
    EXPECT_EQ(run(io_, echo(*transport_, message(50000))), "");
    transport_->close();
    io_.restart();
    io_.run();
    EXPECT_TRUE(childless());
}

TEST_F(Exec, GivesACommandNothingButItsOwnSocket) {
    RawPair another;
    fcntl(another.address().read, F_SETFD, 0);  // as it is inherited; dialling it has to change that
    const auto held = run(io_, dial(another.address()));
    ASSERT_TRUE(held.has_value());
    const auto link = [](int descriptor) {
        return fs::read_symlink("/proc/self/fd/" + std::to_string(descriptor)).string();
    };
    start("printf '\\010\\0\\0\\0'; ls -l /proc/$$/fd | grep -cF -e '" + link(another.address().read) + "' -e '" +
          link(another.raw()) + "' | head -c 1; printf abc");
    EXPECT_EQ(told(), "0abc");
}

TEST_F(Exec, EndsByABrokenPipeAlthoughWeIgnoreIt) {
    signal(SIGPIPE, SIG_IGN);
    start("printf '\\007\\0\\0\\0%s\\n' $(grep SigIgn /proc/self/status | tail -c 5 | head -c 1)00");
    signal(SIGPIPE, SIG_DFL);
    // Bit 12 of SigIgn is SIGPIPE's: the fourth digit from the right.
    EXPECT_EQ(told(), "000");
}

TEST_F(Exec, SaysWithWhichStatusItEnded) {
    start("exit 3");
    EXPECT_EQ(run(io_, next_error(*transport_)), "exec!exit 3: exited with status 3 before it answered");
}

TEST_F(Exec, SaysThatACommandIsMissing) {
    start("exec 2>/dev/null; p9-no-such-command");
    EXPECT_EQ(run(io_, next_error(*transport_)),
              "exec!exec 2>/dev/null; p9-no-such-command: the command was not found (status 127)");
}

TEST_F(Exec, SaysThatACommandCannotBeRun) {
    start("exec 2>/dev/null; /etc/passwd");
    EXPECT_EQ(run(io_, next_error(*transport_)),
              "exec!exec 2>/dev/null; /etc/passwd: the command cannot be run (status 126)");
}

TEST_F(Exec, WhatEndsUnreadIsNotTriedAgain) {
    start("exit 3");
    // The send fails or not, as the command is faster or slower than this.
    const auto sent = run(io_, transport_->send(message(7)));
    const Error error = sent ? run(io_, transport_->receive()).error() : sent.error();
    EXPECT_EQ(error.code, make_error_code(errc::connection_failed)) << error.message();
    EXPECT_EQ(error.message(), "exec!exit 3: exited with status 3 before it answered");
}

TEST_F(Exec, WhatEndsAtAnOfferMayBeAskedInOtherWords) {
    start("head -c 7 >/dev/null; exit 3");
    ASSERT_TRUE(run(io_, transport_->send(message(7))).has_value());
    const auto frame = run(io_, transport_->receive());
    ASSERT_FALSE(frame.has_value());
    EXPECT_EQ(frame.error().code, make_error_code(errc::connection_lost)) << frame.error().message();
}

TEST_F(Exec, SaysWhichSignalEndedItAfterItAnswered) {
    start("printf '\\007\\0\\0\\0abc'; kill -KILL $$");
    EXPECT_EQ(told(), "abc");
    EXPECT_EQ(run(io_, next_error(*transport_)),
              "exec!printf '\\007\\0\\0\\0abc'; kill -KILL $$: was killed by signal 9 (Killed)");
}

TEST_F(Exec, SaysTheSameToASend) {
    start("exit 3");
    EXPECT_EQ(run(io_, next_error(*transport_)), "exec!exit 3: exited with status 3 before it answered");
    const auto sent = run(io_, transport_->send(message(7)));
    ASSERT_FALSE(sent.has_value());
    EXPECT_EQ(sent.error().message(), "exec!exit 3: exited with status 3 before it answered");
}

TEST_F(Exec, IsReapedWhenTheLoopRunsOn) {
    start("exit 0");
    transport_.reset();
    io_.restart();
    io_.run();
    EXPECT_TRUE(childless());
}

TEST(ExecEnd, IsReapedWhenTheLoopDoesNot) {
    {
        asio::io_context io(1);
        auto dialled = run(io, dial(ExecAddress{"cat"}));
        ASSERT_TRUE(dialled.has_value());
    }
    EXPECT_TRUE(childless());
}

TEST_F(Exec, IsToldToEndIfItDoesNotByItself) {
    start("trap 'exit 0' TERM; printf '\\007\\0\\0\\0abc'; exec <&-; while :; do sleep 1; done");
    EXPECT_EQ(told(), "abc");
    transport_->close();
    io_.restart();
    io_.run();
    EXPECT_TRUE(childless());
}

TEST_F(Exec, IsKilledIfItDoesNotListen) {
    start("trap '' TERM; printf '\\007\\0\\0\\0abc'; while :; do sleep 1; done");
    EXPECT_EQ(told(), "abc");
    transport_->close();
    io_.restart();
    io_.run();
    EXPECT_TRUE(childless());
}

TEST_F(Exec, CtrlCAtTheTerminalDoesNotReachIt) {
    // In a group of its own, or with SIGINT ignored where there is a terminal to ask for passwords on.
    start(
        "printf '\\007\\0\\0\\0'; set -- $(cat /proc/$$/stat); "
        "if [ $5 = $$ ] || grep -q 'SigIgn:.*[2367abef]$' /proc/$$/status; then printf yes; else printf not; fi");
    EXPECT_EQ(told(), "yes");
}

TEST_F(Exec, LeavesNoDescriptors) {
    start("cat");
    EXPECT_EQ(run(io_, echo(*transport_, message(19))), "");
    transport_->close();
    io_.restart();
    io_.run();
    transport_.reset();
    const auto before = open_descriptors();
    start("cat");
    EXPECT_EQ(run(io_, echo(*transport_, message(19))), "");
    transport_->close();
    io_.restart();
    io_.run();
    EXPECT_EQ(open_descriptors(), before);
}

TEST(ExecDialler, RunsTheCommandAnewEachTime) {
    asio::io_context io(1);
    const Dialler again = dialler(ExecAddress{"cat"});
    for (int i = 0; i < 2; ++i) {
        auto dialled = run(io, again());
        ASSERT_TRUE(dialled.has_value());
        EXPECT_EQ(run(io, echo(**dialled, message(19))), "");
    }
}

}  // namespace
