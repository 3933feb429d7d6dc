// Memory of the kernel's requests.
//
// The mount receives each request into one block, but a write needs its bytes until the server has answered. So a large
// write takes the block over and the mount receives into another one; blocks that are done with are kept for that.
//
// A write may lend its block to the connection (Payload's `lent`). A server that answers before it has received the
// data can look at the block from then on: so it holds nothing but requests of this mount, if no answer comes it goes
// back to the kernel as it is, and none is kept from one connection to the next. One thread.
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
        WriteBuffers* home = nullptr;  ///< null for a small copy, which is malloc's; else the memory is mapped
        bool lent = false;             ///< the server may still look at it: it is unmapped, never received into again
        u64 connection = 0;            ///< that it was received in, counted by forget()
        void operator()(void* memory) const {
            if (home == nullptr)
                std::free(memory);
            else if (lent || connection != home->connection_ || !home->keep_spare(memory))
                unmap(memory);
        }
    };
    using Block = std::unique_ptr<void, GiveBack>;

    /// Bytes of a write with what keeps them alive. Must not outlive the WriteBuffers.
    struct WriteData {
        Block block;
        Bytes bytes;

        /// A message's data. take_back() is to follow an Rwrite, and nothing else.
        Payload lend() {
            const bool mapped = block.get_deleter().home != nullptr;
            block.get_deleter().lent = mapped;
            Payload payload(bytes);
            payload.lent = mapped;
            return payload;
        }
        void take_back() { block.get_deleter().lent = false; }
    };

    WriteBuffers() = default;
    ~WriteBuffers() {
        forget();
        renew();
    }
    WriteBuffers(const WriteBuffers&) = delete;
    WriteBuffers& operator=(const WriteBuffers&) = delete;

    /// The block to receive the next request into. Null without memory, which read(2) refuses with EFAULT.
    void* receiving() {
        if (receiving_ == nullptr) {
            received_in_ = connection_;
            if (spare_.empty()) {
                receiving_ = map();
            } else {
                receiving_ = spare_.back();
                spare_.pop_back();
            }
        }
        return receiving_ == nullptr ? nullptr : static_cast<char*>(receiving_) + BEFORE;
    }

    /// A connection has ended: no block that its server may have is used in another one, but for the one that the mount
    /// may be receiving into.
    void forget() {
        for (void* memory : std::exchange(spare_, {})) unmap(memory);
        ++connection_;
    }
    /// Nothing is being received: has the next request received into a block of this connection.
    void renew() {
        if (receiving_ == nullptr || received_in_ == connection_) return;
        unmap(receiving_);
        receiving_ = nullptr;
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
        return {Block(std::exchange(receiving_, nullptr), GiveBack{this, false, received_in_}), bytes};
    }

private:
    // The data of a write begin at a page: the kernel fills whole pages then, and whole pages are lent.
    static constexpr std::size_t BEFORE = 4096 - sizeof(fuse_in_header) - sizeof(fuse_write_in);
    static constexpr std::size_t MAPPED_SIZE = BEFORE + RECEIVED_SIZE;

    static void* map() {
        void* const memory = ::mmap(nullptr, MAPPED_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (memory == MAP_FAILED) return nullptr;
        // A page that somebody still has would keep all of a huge one.
        ::madvise(memory, MAPPED_SIZE, MADV_NOHUGEPAGE);
        return memory;
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
    u64 received_in_ = 0;  // the connection of that block
    u64 connection_ = 0;   // that lives, or lived last
    std::vector<void*> spare_;
};

using WriteData = WriteBuffers::WriteData;

}  // namespace p9::fuse
