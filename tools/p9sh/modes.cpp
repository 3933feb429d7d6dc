#include "tools/p9sh/modes.hpp"

#include "p9/trace.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <optional>
#include <string>

namespace p9::tools {
namespace {

constexpr u32 SETUID = 04000, SETGID = 02000, STICKY = 01000, EXECUTE = 0111;

/// The bits that belong to one of "ugo".
u32 bits_of(char who) {
    if (who == 'u') return 0700 | SETUID;
    if (who == 'g') return 0070 | SETGID;
    return 0007 | STICKY;
}

/// What a permission letter stands for, for everybody; nothing for no letter.
std::optional<u32> bits_of_letter(char letter, u32 mode, bool directory) {
    switch (letter) {
        case 'r':
            return 0444;
        case 'w':
            return 0222;
        case 'x':
            return EXECUTE;
        case 'X':
            return directory || (mode & EXECUTE) != 0 ? EXECUTE : 0;
        case 's':
            return SETUID | SETGID;
        case 't':
            return STICKY;
        default:
            return std::nullopt;
    }
}

/// One clause: "u+x", "go=r", "+x".
std::optional<u32> changed_by_clause(std::string_view clause, u32 mode, bool directory) {
    u32 mask = 0;
    while (!clause.empty() && std::string_view("ugoa").find(clause[0]) != std::string_view::npos) {
        mask |= clause[0] == 'a' ? 07777 : bits_of(clause[0]);
        clause.remove_prefix(1);
    }
    if (mask == 0) mask = 07777;
    if (clause.empty()) return std::nullopt;
    while (!clause.empty()) {
        const char action = clause[0];
        if (action != '+' && action != '-' && action != '=') return std::nullopt;
        clause.remove_prefix(1);
        u32 bits = 0;
        while (!clause.empty() && std::string_view("+-=").find(clause[0]) == std::string_view::npos) {
            const auto more = bits_of_letter(clause[0], mode, directory);
            if (!more) return std::nullopt;
            bits |= *more;
            clause.remove_prefix(1);
        }
        bits &= mask;
        if (action == '=') mode &= ~mask;
        mode = action == '-' ? mode & ~bits : mode | bits;
    }
    return mode;
}

}  // namespace

Result<u32> changed_mode(std::string_view text, u32 mode, bool directory) {
    Error wrong = Error::from_errno(EINVAL, "expected a mode such as 0755 or u+x,go-w, not \"" + escaped(text) + '"');
    if (!text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '7'; })) {
        u32 value = 0;
        const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value, 8);
        if (failure != std::errc() || value > 07777) return wrong;
        return value;
    }
    mode &= 07777;
    while (true) {
        const auto comma = text.find(',');
        const auto changed = changed_by_clause(text.substr(0, comma), mode, directory);
        if (!changed) return wrong;
        mode = *changed;
        if (comma == text.npos) return mode;
        text.remove_prefix(comma + 1);
    }
}

u32 after_umask(u32 mode) {
    const mode_t mask = ::umask(077);  // there is no other way to ask, and no other thread
    ::umask(mask);
    return mode & ~mask;
}

}  // namespace p9::tools
