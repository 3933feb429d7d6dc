// Locks of fcntl(2) and flock(2), between processes on the mount and with those beside the server.

#include "tests/fuse/locking.hpp"
#include "tests/fuse/served.hpp"

#include <sys/file.h>

namespace p9::test {
namespace {

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
    ASSERT_EQ(set_lock(file_, F_WRLCK, 0, 5), 0);
    const Other other([&](const Other& self) {
        const int file = ::open(here("file").c_str(), O_RDWR);
        self.tell(set_lock(file, F_WRLCK, 0, 1));
        self.tell(set_lock(file, F_RDLCK, 4, 1));
        self.tell(set_lock(file, F_WRLCK, 5, 5));
        auto lock = lock_range(F_WRLCK, 0, 0);
        self.tell(told(::fcntl(file, F_GETLK, &lock)));
        self.tell(lock.l_type);
        self.tell(lock.l_len);
        self.wait();
        self.tell(set_lock(file, F_WRLCK, 0, 1));
    });
    EXPECT_EQ(other.result(), -EAGAIN);
    EXPECT_EQ(other.result(), -EAGAIN);
    EXPECT_EQ(other.result(), 0);
    EXPECT_EQ(other.result(), 0);
    EXPECT_EQ(other.result(), F_WRLCK);
    EXPECT_EQ(other.result(), 5);
    EXPECT_EQ(set_lock(file_, F_UNLCK), 0);
    other.go();
    EXPECT_EQ(other.result(), 0);
}

// A server that tells owners apart by fid must not take two processes for one because they share a descriptor.
TEST_F(Locks, ExcludeAChildThatInheritedTheDescriptor) {
    ASSERT_EQ(set_lock(file_, F_WRLCK), 0);
    const Other other([&](const Other& self) { self.tell(set_lock(file_, F_WRLCK)); });
    EXPECT_EQ(other.result(), -EAGAIN);
}

// nor one process for two because it has opened the file twice.
TEST_F(Locks, OfOneProcessDoNotExcludeEachOther) {
    const int second = ::open(here("file").c_str(), O_RDWR | O_CLOEXEC);
    EXPECT_EQ(set_lock(file_, F_WRLCK, 0, 5), 0);
    EXPECT_EQ(set_lock(second, F_WRLCK, 0, 10), 0);
    EXPECT_EQ(set_lock(file_, F_RDLCK, 2, 2), 0);
    ::close(second);
}

TEST_F(Locks, GoWithAnyDescriptorOfTheirProcess) {
    const int second = ::open(here("file").c_str(), O_RDONLY | O_CLOEXEC);
    ASSERT_EQ(set_lock(file_, F_WRLCK), 0);
    ::close(second);
    const Other other([&](const Other& self) {
        const int file = ::open(here("file").c_str(), O_RDWR);
        self.tell(set_lock(file, F_WRLCK));
    });
    EXPECT_EQ(other.result(), 0);
}

TEST_F(Locks, GoWithAProcessThatIsKilled) {
    const auto holder = std::make_unique<Other>([&](const Other& self) {
        const int file = ::open(here("file").c_str(), O_RDWR);
        self.tell(set_lock(file, F_WRLCK));
        self.wait();
    });
    ASSERT_EQ(holder->result(), 0);
    EXPECT_EQ(set_lock(file_, F_WRLCK), -EAGAIN);
    ::kill(holder->pid(), SIGKILL);
    auto lock = lock_range(F_WRLCK, 0, 0);
    EXPECT_EQ(::fcntl(file_, F_SETLKW, &lock), 0);
}

TEST_F(Locks, AreSeenBesideTheServer) {
    ASSERT_EQ(set_lock(file_, F_WRLCK, 0, 5), 0);
    const int beside = ::open(there("file").c_str(), O_RDWR | O_CLOEXEC);
    EXPECT_EQ(set_lock(beside, F_WRLCK, 0, 1), -EAGAIN);
    EXPECT_EQ(set_lock(beside, F_WRLCK, 5, 1), 0);
    EXPECT_EQ(set_lock(file_, F_WRLCK, 5, 1), -EAGAIN);
    ::close(beside);
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
    ASSERT_EQ(set_lock(file_, F_WRLCK), 0) << std::strerror(errno);
    const Other other([&](const Other& self) {
        const int file = ::open(here("file").c_str(), O_RDWR);
        self.tell(set_lock(file, F_WRLCK));
        self.tell(told(::flock(file, LOCK_EX | LOCK_NB)));
    });
    EXPECT_EQ(other.result(), -EAGAIN);
    EXPECT_EQ(other.result(), 0);
}

}  // namespace
}  // namespace p9::test
