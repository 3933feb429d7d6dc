#include "tools/options.hpp"

#include <charconv>
#include <cmath>

namespace p9::tools {

std::optional<u64> parse_number(std::string_view text, bool suffixes) {
    u64 value = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (failure != std::errc() || end == text.data()) return std::nullopt;
    std::string_view rest = text.substr(static_cast<std::size_t>(end - text.data()));
    if (rest.empty()) return value;
    if (!suffixes) return std::nullopt;
    static constexpr std::string_view letters = "KMGT";
    const char letter = rest[0] >= 'a' ? static_cast<char>(rest[0] - 'a' + 'A') : rest[0];
    const auto power = letters.find(letter);
    if (power == letters.npos) return std::nullopt;
    rest.remove_prefix(1);
    // KiB and KB are written as often as K; all of them mean 1024 here.
    if (!rest.empty() && rest != "B" && rest != "iB") return std::nullopt;
    const unsigned shift = 10 * (static_cast<unsigned>(power) + 1);
    if (value > (~u64{0} >> shift)) return std::nullopt;
    return value << shift;
}

std::optional<Duration> parse_seconds(std::string_view text) {
    double seconds = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), seconds);
    if (failure != std::errc() || end != text.data() + text.size() || !std::isfinite(seconds)) return std::nullopt;
    // A limit beyond this is none that anybody waits for, and would overflow a deadline.
    if (seconds < 0 || seconds > 1e9) return std::nullopt;
    return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds));
}

}  // namespace p9::tools
