#include "tools/p9serve/sip/memory_window.hpp"

#include "tools/p9serve/sip/words.hpp"

#include <algorithm>
#include <cerrno>

namespace p9::serve::sip {
namespace {

Error outside(u64 address) {
    return Error::from_errno(EFAULT, "invalid MMIO address " + hexadecimal(address, 1) + ": the window is " +
                                         hexadecimal(MemoryWindow::BASE, 8) + " to " +
                                         hexadecimal(MemoryWindow::BASE + MemoryWindow::SIZE - 1, 8));
}

}  // namespace

Result<Bytes> MemoryWindow::read(u64 address, u64 count) const {
    if (address < BASE || address - BASE >= SIZE) return outside(address);
    const u64 start = address - BASE;
    return Bytes(registers_).subspan(start, std::min(count, SIZE - start));
}

Result<void> MemoryWindow::write(u64 address, Bytes data) {
    if (address < BASE || address - BASE >= SIZE) return outside(address);
    const u64 start = address - BASE;
    if (data.size() > SIZE - start) return outside(BASE + SIZE);
    std::copy(data.begin(), data.end(), registers_.begin() + static_cast<std::ptrdiff_t>(start));
    return boost::system::in_place_value;
}

}  // namespace p9::serve::sip
