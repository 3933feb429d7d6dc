// Locks of fcntl(2) and flock(2) when the server is another one since: set again, or known to be lost.

#include "tests/fuse/locking.hpp"
#include "tests/fuse/reconnect.hpp"

#include <sys/file.h>

namespace p9::test {
namespace {

class LocksAfterReconnect : public Reconnect {
protected:
    void SetUp() override {
        Reconnect::SetUp();
        if (IsSkipped()) return;
        ASSERT_NO_FATAL_FAILURE(mount("", Runs::in_the_foreground));
        file_ = ::open(here("file").c_str(), O_RDWR | O_CLOEXEC);
        beside_ = ::open(there("file").c_str(), O_RDWR | O_CLOEXEC);
        ASSERT_GE(file_, 0);
        ASSERT_GE(beside_, 0);
    }
    void TearDown() override {
        for (const int file : {file_, beside_})
            if (file >= 0) ::close(file);
        Reconnect::TearDown();
    }
    /// A call that reaches the server waits until it is back and has the locks again.
    void wait_for_connection() const { EXPECT_EQ(read_at(file_, 1, 0), "0"); }
    /// An x for each byte that somebody beside the server cannot lock.
    std::string locked_bytes() const {
        std::string locked;
        for (off_t at = 0; at < 10; ++at) {
            auto probe = lock_range(F_WRLCK, at, 1);
            EXPECT_EQ(told(::fcntl(beside_, F_GETLK, &probe)), 0);
            locked += probe.l_type == F_UNLCK ? '.' : 'x';
        }
        return locked;
    }
    /// Somebody beside the server has the lock when it is back.
    void restart_server_after_another_took_the_lock() {
        kill_server();
        ASSERT_EQ(set_lock(beside_, F_WRLCK), 0);
        start_server();
        wait_for_connection();
    }
    void expect_lost(const std::string& whose) const {
        const std::string line = whose + " on /file was lost with the connection: ";
        EXPECT_NE(mounted_->log().find(line), std::string::npos) << mounted_->log();
        EXPECT_EQ(mounted_->log().find(" was lost "), mounted_->log().rfind(" was lost "));
    }

    int file_ = -1, beside_ = -1;
};

TEST_F(LocksAfterReconnect, OfFcntlAreSetAgain) {
    ASSERT_EQ(set_lock(file_, F_WRLCK, 2, 6), 0);
    ASSERT_EQ(set_lock(file_, F_UNLCK, 4, 1), 0);  // a hole in it
    restart_server();
    wait_for_connection();
    EXPECT_EQ(locked_bytes(), "..xx.xxx..");
    EXPECT_EQ(mounted_->log().find("lost"), std::string::npos) << mounted_->log();
}

TEST_F(LocksAfterReconnect, OfFlockAreSetAgain) {
    ASSERT_EQ(told(::flock(file_, LOCK_EX)), 0);
    restart_server();
    wait_for_connection();
    EXPECT_EQ(locked_bytes(), "xxxxxxxxxx");
    const int second = ::open(here("file").c_str(), O_RDWR | O_CLOEXEC);
    EXPECT_EQ(told(::flock(second, LOCK_SH | LOCK_NB)), -EAGAIN);
    EXPECT_EQ(told(::flock(file_, LOCK_UN)), 0);
    EXPECT_EQ(locked_bytes(), "..........");
    EXPECT_EQ(told(::flock(second, LOCK_EX | LOCK_NB)), 0);
    ::close(second);
}

TEST_F(LocksAfterReconnect, OfFcntlThatAnotherHasNowAreSaidToBeLost) {
    ASSERT_EQ(set_lock(file_, F_WRLCK), 0);
    ASSERT_NO_FATAL_FAILURE(restart_server_after_another_took_the_lock());
    expect_lost("a lock of process " + std::to_string(::getpid()));
    EXPECT_EQ(set_lock(file_, F_RDLCK), -EAGAIN);
    EXPECT_EQ(set_lock(beside_, F_UNLCK), 0);
    EXPECT_EQ(set_lock(file_, F_WRLCK), 0);
    EXPECT_EQ(locked_bytes(), "xxxxxxxxxx");
}

// It has a number for the server, which must not be taken for a process.
TEST_F(LocksAfterReconnect, OfFlockThatAnotherHasNowAreSaidToBeLost) {
    ASSERT_EQ(told(::flock(file_, LOCK_EX)), 0);
    ASSERT_NO_FATAL_FAILURE(restart_server_after_another_took_the_lock());
    expect_lost("the flock of an open file");
    EXPECT_EQ(mounted_->log().find("process"), std::string::npos) << mounted_->log();
    EXPECT_EQ(told(::flock(file_, LOCK_EX | LOCK_NB)), -EAGAIN);
    EXPECT_EQ(set_lock(beside_, F_UNLCK), 0);
    EXPECT_EQ(told(::flock(file_, LOCK_EX | LOCK_NB)), 0);
    EXPECT_EQ(locked_bytes(), "xxxxxxxxxx");
}

}  // namespace
}  // namespace p9::test
