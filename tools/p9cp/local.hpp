// What the two sides of p9cp that are local share: descriptors, and attributes from stat(2).
#pragma once

#include "p9/attributes.hpp"
#include "p9/error.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <string>
#include <utility>

namespace p9::tools {

/// A descriptor of one's own.
class Descriptor {
public:
    Descriptor() = default;
    explicit Descriptor(int fd) : fd_(fd) {}
    ~Descriptor() { reset(); }
    Descriptor(Descriptor&& other) noexcept : fd_(other.release()) {}
    Descriptor& operator=(Descriptor&& other) noexcept {
        if (this != &other) {
            reset();
            fd_ = other.release();
        }
        return *this;
    }
    int get() const { return fd_; }
    int release() { return std::exchange(fd_, -1); }
    explicit operator bool() const { return fd_ >= 0; }
    void reset() {
        if (fd_ >= 0) ::close(release());
    }

private:
    int fd_ = -1;
};

/// An errno that a call has set.
inline Error local_error(int number) { return Error::from_errno(number, errno_message(number)); }

Attributes attributes_of(const struct stat& file);

}  // namespace p9::tools
