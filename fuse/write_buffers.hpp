// Memory of the kernel's requests.
//
// The mount receives each request into one block, but a write needs its bytes until the server has answered. So a large
// write takes the block over and the mount receives into another one; blocks that are done with are kept for that.
//
// A write may lend its block to the connection (Payload's `lent`): the server may see it later, so it holds nothing but
// requests of this mount, and if no answer comes it goes back to the kernel as it is. One thread.
#pragma once

#include "p9/messages.hpp"

#include <linux/fuse.h>
#include <sys/mman.h>

#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <utility>
#include <vector>

namespace p9::fuse {

/// The most that the kernel may write with one request, in bytes.
inline constexpr std::size_t MAX_WRITE = 1 << 20;

class WriteBuffers {
public:
    /// Memory for any request: the kernel wants room for its headers, and a page is more than they are.
    static constexpr std::size_t RECEIVED_SIZE = MAX_WRITE + 4096;

    struct GiveBack {
        WriteBuffers* home = nullptr;  ///< null for memory that is not worth keeping
        bool lent = false;             ///< and not answered: it is not to be written to again
        void operator()(void* memory) const {
            if (home == nullptr)
                std::free(memory);
            else if (lent || !home->keep_spare(memory))
                unmap(memory);
        }
    };
    using Block = std::unique_ptr<void, GiveBack>;

    /// Bytes of a write with what keeps them alive. Must not outlive the WriteBuffers.
    struct WriteData {
        Block block;
        Bytes bytes;

        /// For a message with these bytes. If it was answered, take_back() is to be called.
        Payload lend() {
            Payload payload(bytes);
            payload.lent = block.get_deleter().lent = block.get_deleter().home != nullptr;
            return payload;
        }
        void take_back() { block.get_deleter().lent = false; }
    };

    WriteBuffers() = default;
    ~WriteBuffers() {
        for (void* memory : spare_) unmap(memory);
        if (receiving_ != nullptr) unmap(receiving_);
    }
    WriteBuffers(const WriteBuffers&) = delete;
    WriteBuffers& operator=(const WriteBuffers&) = delete;

    /// The block to receive the next request into. Null without memory, which read(2) refuses with EFAULT.
    void* receiving() {
        if (receiving_ == nullptr && !spare_.empty()) {
            receiving_ = spare_.back();
            spare_.pop_back();
        }
        if (receiving_ == nullptr) receiving_ = map();
        return receiving_ == nullptr ? nullptr : static_cast<char*>(receiving_) + BEFORE;
    }

    /// Keeps `size` bytes at `data`, which lie in that block.
    WriteData keep(const char* data, std::size_t size) {
        // Copying a little costs less than the page faults of a fresh block.
        if (size <= COPIED_SIZE) {
            Block copy(std::malloc(size == 0 ? 1 : size), GiveBack());
            if (!copy) throw std::bad_alloc();
            std::memcpy(copy.get(), data, size);
            const Bytes bytes(static_cast<const u8*>(copy.get()), size);
            return {std::move(copy), bytes};
        }
        const Bytes bytes(reinterpret_cast<const u8*>(data), size);
        return {Block(std::exchange(receiving_, nullptr), GiveBack{this}), bytes};
    }

private:
    // The data of a write begin at a page: the kernel fills whole pages then, and whole pages are lent.
    static constexpr std::size_t BEFORE = 4096 - sizeof(fuse_in_header) - sizeof(fuse_write_in);
    static constexpr std::size_t MAPPED_SIZE = BEFORE + RECEIVED_SIZE;

    static void* map() {
        void* const memory = ::mmap(nullptr, MAPPED_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        return memory == MAP_FAILED ? nullptr : memory;
    }
    static void unmap(void* memory) { ::munmap(memory, MAPPED_SIZE); }

    bool keep_spare(void* memory) {
        if (spare_.size() >= SPARE_BLOCKS) return false;
        spare_.push_back(memory);
        return true;
    }

    static constexpr std::size_t COPIED_SIZE = 16 << 10;
    static constexpr std::size_t SPARE_BLOCKS = 8;
    void* receiving_ = nullptr;
    std::vector<void*> spare_;
};

using WriteData = WriteBuffers::WriteData;

}  // namespace p9::fuse
