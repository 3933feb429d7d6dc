// Reads that the server does not answer: they can be interrupted and killed, and nothing else waits for them.

#include "tests/fuse/trace.hpp"

#include <csignal>

namespace p9::test {
namespace {

/// A mount of the fake server, whose file `event` has no events, with a trace of what is sent.
class Interrupts : public MountTest {
protected:
    void SetUp() override {
        if (const auto reason = why_no_mount(); !reason.empty()) GTEST_SKIP() << reason;
        const auto program = std::filesystem::read_symlink("/proc/self/exe").parent_path() / "fake_server";
        if (!std::filesystem::exists(program)) GTEST_SKIP() << program << " is not built";
        const std::string address = "unix!" + (scratch_ / "socket").string();
        int ends[2];
        ASSERT_EQ(::pipe(ends), 0);
        fake_server_ = ::fork();
        if (fake_server_ == 0) {
            ::dup2(ends[1], STDOUT_FILENO);
            ::execl(program.c_str(), "fake_server", "--listen", address.c_str(), nullptr);
            ::_exit(127);
        }
        ::close(ends[1]);
        char line[200];
        ASSERT_GT(::read(ends[0], line, sizeof line), 0) << "fake_server does not listen";
        ::close(ends[0]);
        trace_ = (scratch_ / "trace").string();
        mounted_ = std::make_unique<Mounted>(scratch_, address, "trace=" + trace_);
        ASSERT_EQ(mounted_->outcome().status, 0) << mounted_->outcome().errors;
    }
    void TearDown() override {
        mounted_.reset();
        if (fake_server_ <= 0) return;
        ::kill(fake_server_, SIGKILL);
        ::waitpid(fake_server_, nullptr, 0);
    }

    /// A process that reads the event file and exits with the errno of that.
    pid_t start_reader() {
        const pid_t child = ::fork();
        if (child != 0) return child;
        struct sigaction action{};
        action.sa_handler = [](int) {};
        ::sigaction(SIGINT, &action, nullptr);
        const int file = ::open(here("event").c_str(), O_RDONLY);
        char byte = 0;
        ::_exit(::read(file, &byte, 1) < 0 ? errno : 0);
    }

    pid_t fake_server_ = -1;
    std::string trace_;
};

TEST_F(Interrupts, an_interrupted_read_is_flushed) {
    const pid_t reader = start_reader();
    wait_for_trace(trace_, "Tread ", 1);
    ::kill(reader, SIGINT);
    int status = 0;
    ASSERT_EQ(::waitpid(reader, &status, 0), reader);
    EXPECT_EQ(exit_status(status), EINTR);
    EXPECT_EQ(occurrences(contents_of(trace_), "Tflush "), 1u);
    EXPECT_EQ(contents_of(here("file")), "text\n");
}

TEST_F(Interrupts, many_blocked_reads_hinder_nobody) {
    constexpr std::size_t MANY = 100;
    std::vector<pid_t> readers;
    for (std::size_t i = 0; i < MANY; ++i) readers.push_back(start_reader());
    wait_for_trace(trace_, "-> Tread ", MANY);
    EXPECT_EQ(contents_of(here("file")), "text\n");
    EXPECT_EQ(contents_of(here("status")), "all is well\n");
    for (const pid_t reader : readers) {
        int status = 0;
        ::kill(reader, SIGKILL);
        ASSERT_EQ(::waitpid(reader, &status, 0), reader);
        EXPECT_EQ(exit_status(status), -SIGKILL);
    }
    EXPECT_EQ(occurrences(contents_of(trace_), "-> Tflush "), MANY);
    EXPECT_TRUE(mounted_->unmount());
    EXPECT_EQ(mounted_->wait_for_end(), 0);
}

TEST_F(Interrupts, a_mount_with_blocked_reads_ends_on_a_signal) {
    const pid_t reader = start_reader();
    wait_for_trace(trace_, "Tread ", 1);
    ::kill(mounted_->daemon(), SIGTERM);
    EXPECT_EQ(mounted_->wait_for_end(), 0);
    EXPECT_FALSE(mounted_->is_mounted());
    int status = 0;
    ASSERT_EQ(::waitpid(reader, &status, 0), reader);
    EXPECT_NE(exit_status(status), 0);
}

TEST_F(Interrupts, ctl_and_status_files_of_length_0) {
    EXPECT_EQ(contents_of(here("status")), "all is well\n");
    const int ctl = ::open(here("ctl").c_str(), O_RDWR);
    ASSERT_GE(ctl, 0);
    ASSERT_EQ(::write(ctl, "ring", 4), 4);
    char reply[20] = {};
    EXPECT_EQ(::pread(ctl, reply, sizeof reply, 0), 8);
    EXPECT_STREQ(reply, "did ring");
    ::close(ctl);
}

}  // namespace
}  // namespace p9::test
