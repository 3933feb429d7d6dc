// Locks of fcntl(2) and flock(2), between processes on the mount and with those beside the server.

#include "tests/fuse/served.hpp"

#include <sys/file.h>

#include <array>

namespace p9::test {
namespace {

struct flock range(int type, off_t start, off_t length) {
    struct flock lock{};
    lock.l_type = static_cast<short>(type);
    lock.l_whence = SEEK_SET;
    lock.l_start = start;
    lock.l_len = length;
    return lock;
}

/// Tries to set a lock: 0 or a negative errno.
long set(int file, int type, off_t start = 0, off_t length = 0) {
    auto lock = range(type, start, length);
    return told(::fcntl(file, F_SETLK, &lock));
}

/// Another process, which does what it is told, a step at a time.
class Other {
public:
    template <class F>
    explicit Other(F body) {
        if (::pipe2(to_.data(), O_CLOEXEC) != 0 || ::pipe2(from_.data(), O_CLOEXEC) != 0) std::abort();
        child_ = ::fork();
        if (child_ != 0) return;
        body(*this);
        ::_exit(0);
    }
    ~Other() {
        ::kill(child_, SIGKILL);
        ::waitpid(child_, nullptr, 0);
        for (const int end : {to_[0], to_[1], from_[0], from_[1]}) ::close(end);
    }
    Other(const Other&) = delete;
    Other& operator=(const Other&) = delete;

    // In the test.
    void go() const { (void)!::write(to_[1], "g", 1); }
    long result() const {
        long value = -1000;
        (void)!::read(from_[0], &value, sizeof value);
        return value;
    }
    bool silent() const {
        pollfd wait{from_[0], POLLIN, 0};
        return ::poll(&wait, 1, 0) == 0;
    }
    pid_t pid() const { return child_; }

    // In the other process.
    void wait() const {
        char byte = 0;
        (void)!::read(to_[0], &byte, 1);
    }
    void tell(long value) const { (void)!::write(from_[1], &value, sizeof value); }

private:
    std::array<int, 2> to_{}, from_{};
    pid_t child_ = -1;
};

class Locks : public ServedMountTest {
protected:
    void SetUp() override {
        ServedMountTest::SetUp();
        if (IsSkipped()) return;
        ASSERT_NO_FATAL_FAILURE(mount());
        std::ofstream(there("file")) << "0123456789\n";
        file_ = ::open(here("file").c_str(), O_RDWR | O_CLOEXEC);
        ASSERT_GE(file_, 0);
    }
    void TearDown() override {
        if (file_ >= 0) ::close(file_);
    }
    int file_ = -1;
};

TEST_F(Locks, ExcludeOtherProcessesOnTheMount) {
    ASSERT_EQ(set(file_, F_WRLCK, 0, 5), 0);
    const Other other([&](const Other& self) {
        const int file = ::open(here("file").c_str(), O_RDWR);
        self.tell(set(file, F_WRLCK, 0, 1));
        self.tell(set(file, F_RDLCK, 4, 1));
        self.tell(set(file, F_WRLCK, 5, 5));
        auto lock = range(F_WRLCK, 0, 0);
        self.tell(told(::fcntl(file, F_GETLK, &lock)));
        self.tell(lock.l_type);
        self.tell(lock.l_len);
        self.wait();
        self.tell(set(file, F_WRLCK, 0, 1));
    });
    EXPECT_EQ(other.result(), -EAGAIN);
    EXPECT_EQ(other.result(), -EAGAIN);
    EXPECT_EQ(other.result(), 0);
    EXPECT_EQ(other.result(), 0);
    EXPECT_EQ(other.result(), F_WRLCK);
    EXPECT_EQ(other.result(), 5);
    EXPECT_EQ(set(file_, F_UNLCK), 0);
    other.go();
    EXPECT_EQ(other.result(), 0);
}

// A server that tells owners apart by fid must not take two processes for one because they share a descriptor.
TEST_F(Locks, ExcludeAChildThatInheritedTheDescriptor) {
    ASSERT_EQ(set(file_, F_WRLCK), 0);
    const Other other([&](const Other& self) { self.tell(set(file_, F_WRLCK)); });
    EXPECT_EQ(other.result(), -EAGAIN);
}

// nor one process for two because it has opened the file twice.
TEST_F(Locks, OfOneProcessDoNotExcludeEachOther) {
    const int second = ::open(here("file").c_str(), O_RDWR | O_CLOEXEC);
    EXPECT_EQ(set(file_, F_WRLCK, 0, 5), 0);
    EXPECT_EQ(set(second, F_WRLCK, 0, 10), 0);
    EXPECT_EQ(set(file_, F_RDLCK, 2, 2), 0);
    ::close(second);
}

TEST_F(Locks, GoWithAnyDescriptorOfTheirProcess) {
    const int second = ::open(here("file").c_str(), O_RDONLY | O_CLOEXEC);
    ASSERT_EQ(set(file_, F_WRLCK), 0);
    ::close(second);
    const Other other([&](const Other& self) {
        const int file = ::open(here("file").c_str(), O_RDWR);
        self.tell(set(file, F_WRLCK));
    });
    EXPECT_EQ(other.result(), 0);
}

TEST_F(Locks, GoWithAProcessThatIsKilled) {
    const auto holder = std::make_unique<Other>([&](const Other& self) {
        const int file = ::open(here("file").c_str(), O_RDWR);
        self.tell(set(file, F_WRLCK));
        self.wait();
    });
    ASSERT_EQ(holder->result(), 0);
    EXPECT_EQ(set(file_, F_WRLCK), -EAGAIN);
    ::kill(holder->pid(), SIGKILL);
    auto lock = range(F_WRLCK, 0, 0);
    EXPECT_EQ(::fcntl(file_, F_SETLKW, &lock), 0);
}

TEST_F(Locks, AreSeenBesideTheServer) {
    ASSERT_EQ(set(file_, F_WRLCK, 0, 5), 0);
    const int beside = ::open(there("file").c_str(), O_RDWR | O_CLOEXEC);
    EXPECT_EQ(set(beside, F_WRLCK, 0, 1), -EAGAIN);
    EXPECT_EQ(set(beside, F_WRLCK, 5, 1), 0);
    EXPECT_EQ(set(file_, F_WRLCK, 5, 1), -EAGAIN);
    ::close(beside);
}

TEST_F(Locks, WaitUntilTheyCanBeHad) {
    ASSERT_EQ(set(file_, F_WRLCK), 0);
    const Other other([&](const Other& self) {
        const int file = ::open(here("file").c_str(), O_RDWR);
        auto lock = range(F_WRLCK, 0, 0);
        self.tell(1);
        self.tell(told(::fcntl(file, F_SETLKW, &lock)));
    });
    ASSERT_EQ(other.result(), 1);
    EXPECT_TRUE(other.silent());
    EXPECT_EQ(set(file_, F_UNLCK), 0);
    EXPECT_EQ(other.result(), 0);
}

TEST_F(Locks, WaitingEndsWithASignal) {
    ASSERT_EQ(set(file_, F_WRLCK), 0);
    const Other other([&](const Other& self) {
        struct sigaction noted{};
        noted.sa_handler = [](int) {};
        ::sigaction(SIGUSR1, &noted, nullptr);
        const int file = ::open(here("file").c_str(), O_RDWR);
        auto lock = range(F_WRLCK, 0, 0);
        self.tell(1);
        self.tell(told(::fcntl(file, F_SETLKW, &lock)));
    });
    ASSERT_EQ(other.result(), 1);
    // The signal may come before the call has begun: until it has been noted, again.
    while (other.silent()) {
        ::kill(other.pid(), SIGUSR1);
        ::poll(nullptr, 0, 10);
    }
    EXPECT_EQ(other.result(), -EINTR);
}

TEST_F(Locks, OfFlockBelongToTheOpenFile) {
    ASSERT_EQ(told(::flock(file_, LOCK_EX)), 0);
    const int second = ::open(here("file").c_str(), O_RDWR | O_CLOEXEC);
    EXPECT_EQ(told(::flock(second, LOCK_EX | LOCK_NB)), -EAGAIN);
    const Other heir([&](const Other& self) {
        self.tell(told(::flock(file_, LOCK_SH)));  // the same open file: no conflict
        ::close(file_);                            // and not the last descriptor
        self.tell(0);
        self.wait();
    });
    EXPECT_EQ(heir.result(), 0);
    EXPECT_EQ(heir.result(), 0);
    EXPECT_EQ(told(::flock(second, LOCK_EX | LOCK_NB)), -EAGAIN);
    EXPECT_EQ(told(::flock(second, LOCK_SH | LOCK_NB)), 0);
    EXPECT_EQ(told(::flock(second, LOCK_UN)), 0);
    ::close(std::exchange(file_, -1));
    EXPECT_EQ(told(::flock(second, LOCK_EX)), 0);  // RELEASE is not awaited by close(2)
    ::close(second);
}

// Before 9P2000.L there are no locks: the kernel then keeps them, for whoever uses this mount.
TEST_F(Locks, HoldWithinTheMountWhereTheServerHasNone) {
    ::close(std::exchange(file_, -1));
    ASSERT_NO_FATAL_FAILURE(mount("dialect=9P2000.u"));
    file_ = ::open(here("file").c_str(), O_RDWR | O_CLOEXEC);
    ASSERT_EQ(set(file_, F_WRLCK), 0) << std::strerror(errno);
    const Other other([&](const Other& self) {
        const int file = ::open(here("file").c_str(), O_RDWR);
        self.tell(set(file, F_WRLCK));
        self.tell(told(::flock(file, LOCK_EX | LOCK_NB)));
    });
    EXPECT_EQ(other.result(), -EAGAIN);
    EXPECT_EQ(other.result(), 0);
}

}  // namespace
}  // namespace p9::test
