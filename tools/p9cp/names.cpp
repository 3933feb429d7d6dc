#include "tools/p9cp/names.hpp"

#include <algorithm>
#include <cstdio>

namespace p9::tools {
namespace {

// What fits beside ".", ".p9cp-" and the digits into the 255 bytes of a name.
constexpr std::size_t LONGEST_STEM = 255 - 1 - 6 - 16;

/// FNV-1a: short, and good enough to tell the versions of one file apart.
struct Digest {
    u64 value = 0xcbf29ce484222325;
    void add(u8 byte) { value = (value ^ byte) * 0x100000001b3; }
    void add(u64 number) {
        for (int i = 0; i < 8; ++i) add(static_cast<u8>(number >> (8 * i)));
    }
};

std::string_view without_slashes(std::string_view path) {
    while (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
    return path;
}

}  // namespace

std::string draft_name(std::string_view name, const Version& version, u64 salt) {
    Digest digest;
    for (const char c : name) digest.add(static_cast<u8>(c));
    digest.add(version.size);
    digest.add(static_cast<u64>(version.mtime.seconds));
    digest.add(u64{version.mtime.nanoseconds});
    digest.add(salt);
    std::string_view stem = name.substr(0, LONGEST_STEM);
    // Not within a character of UTF-8.
    while (stem.size() < name.size() && !stem.empty() && (static_cast<u8>(name[stem.size()]) & 0xc0) == 0x80)
        stem.remove_suffix(1);
    char digits[17];
    std::snprintf(digits, sizeof digits, "%016llx", static_cast<unsigned long long>(digest.value));
    return std::string(".").append(stem).append(".p9cp-").append(digits);
}

bool is_suspicious(std::string_view name) {
    return std::ranges::any_of(name, [](char c) { return static_cast<u8>(c) < 0x20 || c == 0x7f; });
}

std::string base_name(std::string_view path) {
    path = without_slashes(path);
    const std::string_view name = path.substr(path.rfind('/') + 1);
    return name == "." || name == ".." ? std::string() : std::string(name);
}

std::string folder_of(std::string_view path) {
    path = without_slashes(path);
    const auto slash = path.rfind('/');
    if (slash == path.npos) return ".";
    return std::string(slash == 0 ? "/" : path.substr(0, slash));
}

}  // namespace p9::tools
