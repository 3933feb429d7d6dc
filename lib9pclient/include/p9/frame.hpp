// Memory of messages: a heap buffer without initialisation, and one received message in it.
//
// Both are movable values with a single owner. A Frame may borrow its bytes from the transport; whoever
// needs them beyond the transport's next receive takes them with `into_buffer`.
#pragma once

#include "p9/types.hpp"

#include <cstring>
#include <memory>
#include <utility>

namespace p9 {

/// Owned bytes, uninitialised at first.
class Buffer {
public:
    Buffer() = default;
    /// Allocates `size` bytes; throws bad_alloc.
    explicit Buffer(std::size_t size) : bytes_(std::make_unique_for_overwrite<u8[]>(size)), size_(size) {}
    static Buffer copy_of(Bytes bytes) {
        Buffer copy(bytes.size());
        if (!bytes.empty()) std::memcpy(copy.data(), bytes.data(), bytes.size());
        return copy;
    }

    Buffer(Buffer&& other) noexcept : bytes_(std::move(other.bytes_)), size_(std::exchange(other.size_, 0)) {}
    Buffer& operator=(Buffer&& other) noexcept {
        bytes_ = std::move(other.bytes_);
        size_ = std::exchange(other.size_, 0);
        return *this;
    }

    u8* data() { return bytes_.get(); }
    const u8* data() const { return bytes_.get(); }
    std::size_t size() const { return size_; }
    bool empty() const { return size_ == 0; }
    operator Bytes() const { return {bytes_.get(), size_}; }

private:
    std::unique_ptr<u8[]> bytes_;
    std::size_t size_ = 0;
};

/// One whole message as it came, size[4] included.
class Frame {
public:
    Frame() = default;
    /// A frame that owns its bytes.
    explicit Frame(Buffer buffer) : buffer_(std::move(buffer)), bytes_(buffer_) {}
    /// A frame that borrows its bytes until the next receive of the transport that made it.
    explicit Frame(Bytes borrowed) : bytes_(borrowed) {}

    Bytes bytes() const { return bytes_; }
    /// The bytes with an owner; copies them if they were borrowed.
    Buffer into_buffer() && { return buffer_.empty() ? Buffer::copy_of(bytes_) : std::move(buffer_); }

private:
    Buffer buffer_;
    Bytes bytes_;  // into buffer_, or into the transport's memory when buffer_ is empty
};

}  // namespace p9
