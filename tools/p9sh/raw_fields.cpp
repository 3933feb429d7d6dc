#include "tools/p9sh/raw_fields.hpp"

#include "p9/error.hpp"
#include "tools/words.hpp"

#include <cerrno>
#include <charconv>

namespace p9::tools {

Result<u64> raw_number(std::string_view key, std::string_view text, std::size_t bytes) {
    const u64 most = ~u64{0} >> (64 - 8 * bytes);
    static constexpr std::pair<std::string_view, u64> names[] = {
        {"NOFID", 0xffffffff}, {"NOTAG", 0xffff}, {"NONUNAME", NONUNAME}};
    for (const auto& [name, value] : names) {
        if (text == name) return value & most;
    }
    const bool negative = text.starts_with('-');
    std::string_view digits = negative ? text.substr(1) : text;
    int base = 10;
    if (digits.starts_with("0x") || digits.starts_with("0X")) {
        base = 16;
        digits.remove_prefix(2);
    } else if (digits.size() > 1 && digits[0] == '0') {
        base = 8;
    }
    u64 value = 0;
    const auto [end, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
    if (failure == std::errc::result_out_of_range || (failure == std::errc() && value > most))
        return Error::from_errno(
            EINVAL, std::string(key) + ": " + escaped(text) + " does not fit into " + counted_bytes(bytes));
    if (failure != std::errc() || end != digits.data() + digits.size())
        return Error::from_errno(
            EINVAL, std::string(key) + ": expected a number such as 42, 0x2a or NOFID, not \"" + escaped(text) + '"');
    return negative ? (~value + 1) & most : value;
}

Result<std::vector<u8>> raw_hex(std::string_view key, std::string_view text) {
    std::vector<u8> bytes;
    int high = -1;
    for (const char c : text) {
        if (c == ' ' || c == ':' || c == '_' || c == '\t') continue;
        int digit = 0;
        const auto [end, failure] = std::from_chars(&c, &c + 1, digit, 16);
        if (failure != std::errc())
            return Error::from_errno(EINVAL,
                                     std::string(key) + ": expected hexadecimal digits, not \"" + escaped(text) + '"');
        if (high < 0) {
            high = digit;
        } else {
            bytes.push_back(static_cast<u8>(high << 4 | digit));
            high = -1;
        }
    }
    if (high >= 0) return Error::from_errno(EINVAL, std::string(key) + ": half a byte is left over");
    return bytes;
}

std::vector<std::string> raw_list(const std::string& text) {
    std::vector<std::string> parts;
    if (text.empty()) return parts;
    for (std::size_t at = 0;;) {
        const auto comma = text.find(',', at);
        parts.push_back(text.substr(at, comma - at));
        if (comma == text.npos) return parts;
        at = comma + 1;
    }
}

}  // namespace p9::tools
