// Buffers for DMA, as /dev/dma/alloc gives them: addresses without memory behind them.
//
// A DmaBuffer belongs to the open file that asked for it and frees its addresses when it is destroyed. One thread.
#pragma once

#include "p9/error.hpp"

#include <map>
#include <memory>
#include <string>

namespace p9::serve::sip {

class DmaBuffers;

/// A buffer until it is destroyed.
class DmaBuffer {
public:
    DmaBuffer(std::shared_ptr<std::map<u64, u64>> taken, u64 address, u64 number)
        : physical(address), handle(number), taken_(std::move(taken)) {}
    DmaBuffer(const DmaBuffer&) = delete;
    DmaBuffer& operator=(const DmaBuffer&) = delete;
    ~DmaBuffer() { taken_->erase(physical); }

    /// "vaddr:0x... paddr:0x... handle:N\n"
    std::string text() const;

    const u64 physical;
    const u64 handle;

private:
    std::shared_ptr<std::map<u64, u64>> taken_;
};

class DmaBuffers {
public:
    static constexpr u64 MAX_SIZE = 16 << 20;       ///< of one buffer, and the largest alignment
    static constexpr u64 BASE = 0x100000000;        ///< above what 32 bits reach
    static constexpr u64 TOTAL = u64{256} << 20;    ///< of all buffers together
    static constexpr std::size_t MAX_COUNT = 4096;  ///< of buffers: each is looked at to find room for another
    static constexpr u64 DEFAULT_ALIGNMENT = 4096;  ///< a page

    /// `size 4096 align 4096`, the alignment may be left out. EINVAL or ERANGE for bad words, ENOMEM if there is no
    /// room.
    Result<std::unique_ptr<DmaBuffer>> allocate(std::string_view command);
    /// How many buffers there are.
    std::size_t count() const { return taken_->size(); }

private:
    std::shared_ptr<std::map<u64, u64>> taken_ = std::make_shared<std::map<u64, u64>>();  // address to its end
    u64 next_handle_ = 1;
};

}  // namespace p9::serve::sip
