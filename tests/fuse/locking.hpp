// Setting locks, and another process to set them against.
#pragma once

#include "tests/fuse/mounted.hpp"

#include <array>

namespace p9::test {

inline struct flock lock_range(int type, off_t start, off_t length) {
    struct flock lock{};
    lock.l_type = static_cast<short>(type);
    lock.l_whence = SEEK_SET;
    lock.l_start = start;
    lock.l_len = length;
    return lock;
}

/// Tries to set a lock: 0 or a negative errno.
inline long set_lock(int file, int type, off_t start = 0, off_t length = 0) {
    auto lock = lock_range(type, start, length);
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
        if (child_ > 0) kill();
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
    /// Ends it; it is gone then.
    void kill() {
        ::kill(child_, SIGKILL);
        ::waitpid(std::exchange(child_, -1), nullptr, 0);
    }

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

}  // namespace p9::test
