// Physical memory as /dev/mem shows it: only the registers of devices.
//
// The simulation has one window of plain registers, which keep what is written to them. One thread.
#pragma once

#include "p9/error.hpp"

#include <vector>

namespace p9::serve::sip {

class MemoryWindow {
public:
    static constexpr u64 BASE = 0xFEDC0000;
    static constexpr u64 SIZE = 64 << 10;

    MemoryWindow() : registers_(SIZE) {}

    /// Up to `count` bytes from `address` on, fewer at the end of the window; EFAULT, "invalid MMIO address", outside.
    Result<Bytes> read(u64 address, u64 count) const;
    /// Writes all of `data`; EFAULT if any of it lies outside the window, and then nothing is written.
    Result<void> write(u64 address, Bytes data);

private:
    std::vector<u8> registers_;
};

}  // namespace p9::serve::sip
