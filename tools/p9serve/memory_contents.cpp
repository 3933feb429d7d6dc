#include "tools/p9serve/memory_contents.hpp"

#include <algorithm>
#include <cstring>

namespace p9::serve {
namespace {

constexpr u64 CHUNK_COST = 96;  // what std::map and malloc take beside the bytes, about

/// Small files take little: 64 bytes, and double that each time they grow beyond, up to a whole chunk.
u64 rounded(u64 size, u64 before) {
    const u64 wanted = std::max({size, 2 * before, u64{64}});
    return std::min((wanted + 63) / 64 * 64, MemoryContents::CHUNK);
}

}  // namespace

MemoryContents::~MemoryContents() { budget_.give_back(allocated_); }

std::size_t MemoryContents::read(u64 offset, std::span<u8> into) const {
    if (offset >= size_) return 0;
    const std::size_t all = std::min<u64>(into.size(), size_ - offset);
    for (std::size_t done = 0; done < all;) {
        const u64 at = (offset + done) % CHUNK;
        const std::size_t part = std::min<u64>(all - done, CHUNK - at);
        const auto chunk = chunks_.find((offset + done) / CHUNK);
        const std::size_t there =
            chunk == chunks_.end() || chunk->second.size() <= at ? 0 : std::min<u64>(part, chunk->second.size() - at);
        if (there != 0) std::memcpy(into.data() + done, chunk->second.data() + at, there);
        std::memset(into.data() + done + there, 0, part - there);
        done += part;
    }
    return all;
}

bool MemoryContents::reserve(Chunk& chunk, u64 size) {
    if (size <= chunk.capacity()) return true;
    const u64 wanted = rounded(size, chunk.capacity());
    const u64 more = wanted - chunk.capacity();
    if (!budget_.take(more)) return false;
    allocated_ += more;
    chunk.reserve(wanted);
    return true;
}

void MemoryContents::erase(Chunks::iterator chunk) {
    const u64 cost = chunk->second.capacity() + CHUNK_COST;
    chunks_.erase(chunk);
    budget_.give_back(cost);
    allocated_ -= cost;
}

std::size_t MemoryContents::write(u64 offset, Bytes data) {
    std::size_t done = 0;
    while (done < data.size()) {
        const u64 at = (offset + done) % CHUNK;
        const std::size_t part = std::min<u64>(data.size() - done, CHUNK - at);
        auto chunk = chunks_.find((offset + done) / CHUNK);
        const bool fresh = chunk == chunks_.end();
        if (fresh) {
            if (!budget_.take(CHUNK_COST)) break;
            allocated_ += CHUNK_COST;
            chunk = chunks_.emplace((offset + done) / CHUNK, Chunk()).first;
        }
        Chunk& bytes = chunk->second;
        if (!reserve(bytes, at + part)) {
            if (fresh) erase(chunk);
            break;
        }
        const std::size_t before = bytes.size();
        if (before < at + part) bytes.resize(at + part);
        if (before < at) std::memset(bytes.data() + before, 0, at - before);
        std::memcpy(bytes.data() + at, data.data() + done, part);
        done += part;
    }
    if (done != 0) size_ = std::max(size_, offset + done);
    return done;
}

void MemoryContents::truncate(u64 size) {
    if (size < size_) {
        const u64 kept = size % CHUNK;
        const u64 last = size / CHUNK;
        for (auto chunk = chunks_.lower_bound(kept == 0 ? last : last + 1); chunk != chunks_.end();) erase(chunk++);
        const auto cut = kept == 0 ? chunks_.end() : chunks_.find(last);
        if (cut != chunks_.end() && cut->second.size() > kept) {
            cut->second.resize(kept);
            // Its capacity stays until the file goes: at most one chunk of it.
        }
    }
    size_ = size;
}

}  // namespace p9::serve
