// The bytes of a file in memory, with holes, and the budget that all of a tree's memory is taken from.
#pragma once

#include "p9/wire.hpp"

#include <map>

namespace p9::serve {

/// Counts the bytes that a tree takes.
class MemoryBudget {
public:
    explicit MemoryBudget(u64 limit) : limit_(limit) {}
    /// False, and nothing is taken, if there is not so much left.
    bool take(u64 bytes) {
        if (bytes > left()) return false;
        used_ += bytes;
        return true;
    }
    void give_back(u64 bytes) { used_ -= bytes; }
    u64 limit() const { return limit_; }
    u64 left() const { return limit_ - used_; }

private:
    u64 limit_;
    u64 used_ = 0;
};

/// A sparse file, in chunks of up to 64 KiB. `budget` outlives it.
class MemoryContents {
public:
    static constexpr u64 CHUNK = 65536;

    explicit MemoryContents(MemoryBudget& budget) : budget_(budget) {}
    ~MemoryContents();
    MemoryContents(const MemoryContents&) = delete;
    MemoryContents& operator=(const MemoryContents&) = delete;

    u64 size() const { return size_; }
    /// How many bytes of memory the contents take.
    u64 allocated() const { return allocated_; }
    /// How many bytes there were at `offset` for `into`: as many as it holds, unless the file ends before.
    std::size_t read(u64 offset, std::span<u8> into) const;
    /// How many of the bytes there was memory for. `offset` and the size of `data` add up to an offset.
    std::size_t write(u64 offset, Bytes data);
    /// A larger size makes a hole.
    void truncate(u64 size);

private:
    using Chunk = ByteVector;  // what is not there up to the chunk's end is zeros
    using Chunks = std::map<u64, Chunk>;

    bool reserve(Chunk& chunk, u64 size);
    void erase(Chunks::iterator chunk);

    MemoryBudget& budget_;
    Chunks chunks_;  // by offset / CHUNK
    u64 size_ = 0;
    u64 allocated_ = 0;
};

}  // namespace p9::serve
