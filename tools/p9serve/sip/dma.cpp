#include "tools/p9serve/sip/dma.hpp"

#include "tools/p9serve/sip/words.hpp"

#include <bit>
#include <cerrno>
#include <optional>

namespace p9::serve::sip {
namespace {

// Where a kernel of x86-64 maps all physical memory.
constexpr u64 DIRECT_MAP = 0xffff888000000000;

struct DmaRequest {
    std::optional<u64> size;
    std::optional<u64> align;
};

Result<void> check_size(std::string_view word, std::optional<u64> size) {
    if (size && *size >= 1 && *size <= DmaBuffers::MAX_SIZE) return boost::system::in_place_value;
    return Error::from_errno(size ? ERANGE : EINVAL, "bad size " + quoted(word) + ": expected a number from 1 to " +
                                                         std::to_string(DmaBuffers::MAX_SIZE));
}

Result<void> check_alignment(std::string_view word, std::optional<u64> align) {
    if (align && std::has_single_bit(*align) && *align <= DmaBuffers::MAX_SIZE) return boost::system::in_place_value;
    const bool too_large = align && *align > DmaBuffers::MAX_SIZE;
    return Error::from_errno(too_large ? ERANGE : EINVAL, "bad alignment " + quoted(word) +
                                                              ": expected a power of two from 1 to " +
                                                              std::to_string(DmaBuffers::MAX_SIZE));
}

Result<DmaRequest> parse_request(std::string_view command) {
    const auto words = command_words(command);
    if (!words) return words.error();
    DmaRequest request;
    if (words->empty() || words->size() % 2 != 0)
        return invalid(R"(expected "size BYTES" or "size BYTES align BYTES")");
    for (std::size_t i = 0; i < words->size(); i += 2) {
        const std::string_view key = (*words)[i];
        const std::string_view word = (*words)[i + 1];
        if (key != "size" && key != "align") return invalid("unknown word " + quoted(key) + ": expected size or align");
        std::optional<u64>& value = key == "size" ? request.size : request.align;
        if (value) return invalid(std::string(key) + " is given twice");
        value = number_of_word(word);
        const auto checked = key == "size" ? check_size(word, value) : check_alignment(word, value);
        if (!checked) return checked.error();
    }
    if (!request.size) return invalid("the size is missing: expected \"size BYTES align BYTES\"");
    return request;
}

}  // namespace

std::string DmaBuffer::text() const {
    return "vaddr:" + hexadecimal(DIRECT_MAP + physical, 1) + " paddr:" + hexadecimal(physical, 1) +
           " handle:" + std::to_string(handle) + "\n";
}

Result<std::unique_ptr<DmaBuffer>> DmaBuffers::allocate(std::string_view command) {
    const auto request = parse_request(command);
    if (!request) return request.error();
    const u64 size = *request->size;
    const u64 align = request->align.value_or(DEFAULT_ALIGNMENT);
    const auto aligned = [align](u64 address) { return (address + align - 1) & ~(align - 1); };
    const auto no_room = [&] {
        return Error::from_errno(ENOMEM, "no room for " + std::to_string(size) +
                                             " bytes more: " + std::to_string(taken_->size()) + " buffers are in use");
    };
    if (taken_->size() >= MAX_COUNT) return no_room();
    u64 address = aligned(BASE);
    for (const auto& [start, end] : *taken_) {
        if (address + size <= start) break;
        if (end > address) address = aligned(end);
    }
    if (address + size > BASE + TOTAL) return no_room();
    taken_->emplace(address, address + size);
    return std::make_unique<DmaBuffer>(taken_, address, next_handle_++);
}

}  // namespace p9::serve::sip
