// Waiting for a lock, and the ends that it may come to: the lock, a signal, the end of the process.

#include "tests/fuse/faked.hpp"
#include "tests/fuse/locking.hpp"
#include "tests/fuse/served.hpp"
#include "tests/fuse/trace.hpp"

#include <sys/file.h>

namespace p9::test {
namespace {

/// The two kinds of locks: each waits until it has the lock, and gives it back.
struct Kind {
    const char* name;
    long (*wait)(int file);
    long (*unlock)(int file);
};

long wait_by_fcntl(int file) {
    auto lock = lock_range(F_WRLCK, 0, 0);
    return told(::fcntl(file, F_SETLKW, &lock));
}

constexpr Kind KINDS[] = {
    {"fcntl", wait_by_fcntl, [](int file) { return set_lock(file, F_UNLCK); }},
    {"flock", [](int file) { return told(::flock(file, LOCK_EX)); },
     [](int file) { return told(::flock(file, LOCK_UN)); }},
};

std::string kind_name(const testing::TestParamInfo<Kind>& info) { return info.param.name; }

/// A process that waits for the lock of a file on a mount; SIGUSR1 interrupts it.
Other waiting_for(const Kind& kind, const std::string& path) {
    return Other([&](const Other& self) {
        struct sigaction noted{};
        noted.sa_handler = [](int) {};
        ::sigaction(SIGUSR1, &noted, nullptr);
        self.tell(kind.wait(::open(path.c_str(), O_RDWR)));
        self.wait();
    });
}

/// p9serve says at once that somebody has the lock: p9fuse asks again and again.
class WaitingForLocks : public ServedMountTest, public testing::WithParamInterface<Kind> {
protected:
    void SetUp() override {
        ServedMountTest::SetUp();
        if (IsSkipped()) return;
        trace_ = (scratch_ / "trace").string();
        ASSERT_NO_FATAL_FAILURE(mount("attr_timeout=0,entry_timeout=0,trace=" + trace_));
        std::ofstream(there("file")) << "0123456789\n";
        file_ = ::open(here("file").c_str(), O_RDWR | O_CLOEXEC);
        beside_ = ::open(there("file").c_str(), O_RDWR | O_CLOEXEC);
        ASSERT_GE(file_, 0);
        ASSERT_GE(beside_, 0);
        ASSERT_EQ(GetParam().wait(file_), 0);
    }
    void TearDown() override {
        for (const int file : {file_, beside_})
            if (file >= 0) ::close(file);
    }
    Other waiter() const { return waiting_for(GetParam(), here("file")); }
    /// Returns when the server was asked for the lock that somebody else has.
    void wait_until_it_waits() const { wait_for_trace(trace_, "-> Tlock ", 2); }
    /// Whoever has waited in vain has not got the lock after all.
    void expect_nobody_has_it_after_its_release() const {
        EXPECT_EQ(set_lock(beside_, F_WRLCK), -EAGAIN) << "it was given back too early";
        EXPECT_EQ(GetParam().unlock(file_), 0);
        EXPECT_EQ(set_lock(beside_, F_WRLCK), 0);
    }

    std::string trace_;
    int file_ = -1, beside_ = -1;
};

TEST_P(WaitingForLocks, EndsWhenTheyCanBeHad) {
    const Other other = waiter();
    wait_until_it_waits();
    EXPECT_TRUE(other.silent());
    EXPECT_EQ(GetParam().unlock(file_), 0);
    EXPECT_EQ(other.result(), 0);
    EXPECT_EQ(set_lock(beside_, F_WRLCK), -EAGAIN);
}

TEST_P(WaitingForLocks, EndsWithASignal) {
    const Other other = waiter();
    wait_until_it_waits();
    ::kill(other.pid(), SIGUSR1);
    EXPECT_EQ(other.result(), -EINTR);
    expect_nobody_has_it_after_its_release();
}

// The kernel lets a process go only when p9fuse has answered: one that goes on waiting would never be gone.
TEST_P(WaitingForLocks, EndsWithTheProcess) {
    Other other = waiter();
    wait_until_it_waits();
    other.kill();
    expect_nobody_has_it_after_its_release();
}

INSTANTIATE_TEST_SUITE_P(Of, WaitingForLocks, testing::ValuesIn(KINDS), kind_name);

/// The fake server does not answer before the lock can be had, which is never.
class LocksThatServersWaitFor : public FakedMountTest, public testing::WithParamInterface<Kind> {
protected:
    void SetUp() override {
        FakedMountTest::SetUp();
        if (IsSkipped()) return;
        trace_ = (scratch_ / "trace").string();
        ASSERT_NO_FATAL_FAILURE(mount({"missing=Tlock", "missing-answer=silence"}, "trace=" + trace_));
    }
    Other waiter() const { return waiting_for(GetParam(), here("file")); }
    void wait_until_it_waits() const { wait_for_trace(trace_, "-> Tlock ", 1); }
    void expect_flushed() const {
        EXPECT_EQ(occurrences(contents_of(trace_), "-> Tflush "), 1u);
        EXPECT_EQ(occurrences(contents_of(trace_), "<- Rflush "), 1u);
        EXPECT_EQ(contents_of(here("file")), "text\n");
    }

    std::string trace_;
};

TEST_P(LocksThatServersWaitFor, AreFlushedAfterASignal) {
    const Other other = waiter();
    wait_until_it_waits();
    ::kill(other.pid(), SIGUSR1);
    EXPECT_EQ(other.result(), -EINTR);
    expect_flushed();
}

TEST_P(LocksThatServersWaitFor, AreFlushedWhenTheProcessIsKilled) {
    Other other = waiter();
    wait_until_it_waits();
    other.kill();
    expect_flushed();
}

INSTANTIATE_TEST_SUITE_P(Of, LocksThatServersWaitFor, testing::ValuesIn(KINDS), kind_name);

}  // namespace
}  // namespace p9::test
