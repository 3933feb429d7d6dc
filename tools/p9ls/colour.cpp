#include "tools/p9ls/ls.hpp"

#include <cstdlib>
#include <string_view>

namespace p9::tools {
namespace {

/// The value of a two-letter key in LS_COLORS (dir_colors(5)), else its default there.
std::string_view value_of(std::string_view colours, std::string_view key, std::string_view fallback) {
    std::string_view found = fallback;
    while (!colours.empty()) {
        const auto colon = colours.find(':');
        const std::string_view entry = colours.substr(0, colon);
        colours = colon == colours.npos ? std::string_view() : colours.substr(colon + 1);
        if (entry.size() > key.size() && entry.starts_with(key) && entry[key.size()] == '=')
            found = entry.substr(key.size() + 1);
    }
    return found;
}

/// The value for the longest ending of `name` that LS_COLORS lists as "*ENDING=".
std::string_view value_of_ending(std::string_view colours, std::string_view name) {
    std::string_view found;
    std::size_t longest = 0;
    while (!colours.empty()) {
        const auto colon = colours.find(':');
        const std::string_view entry = colours.substr(0, colon);
        colours = colon == colours.npos ? std::string_view() : colours.substr(colon + 1);
        const auto equals = entry.find('=');
        if (!entry.starts_with('*') || equals == entry.npos) continue;
        const std::string_view ending = entry.substr(1, equals - 1);
        if (ending.size() >= longest && name.ends_with(ending)) {
            longest = ending.size();
            found = entry.substr(equals + 1);
        }
    }
    return found;
}

/// The key of `item` and its default; an empty key for a plain file.
std::pair<std::string_view, std::string_view> key_of(const Item& item) {
    const u32 mode = item.attributes.mode;  // 0 if not known: the colours that need it are then left out
    switch (*item.type) {
        case FileType::directory:
            if ((mode & 01002) == 01002) return {"tw", "30;42"};
            if ((mode & 0002) != 0) return {"ow", "34;42"};
            if ((mode & 01000) != 0) return {"st", "37;44"};
            return {"di", "01;34"};
        case FileType::symlink:
            return {"ln", "01;36"};
        case FileType::fifo:
            return {"pi", "40;33"};
        case FileType::socket:
            return {"so", "01;35"};
        case FileType::block:
            return {"bd", "40;33;01"};
        case FileType::character:
            return {"cd", "40;33;01"};
        case FileType::file:
            break;
    }
    if ((mode & 04000) != 0) return {"su", "37;41"};
    if ((mode & 02000) != 0) return {"sg", "30;43"};
    if ((mode & 0111) != 0) return {"ex", "01;32"};
    return {};
}

}  // namespace

std::string colour_of(const Item& item) {
    if (!item.type) return {};
    const char* variable = std::getenv("LS_COLORS");
    const std::string_view colours = variable == nullptr ? "" : variable;
    const auto [key, fallback] = key_of(item);
    std::string_view value = key.empty() ? value_of_ending(colours, item.name) : value_of(colours, key, fallback);
    // "target" asks for the colour of what a symlink points to, which is not looked up here.
    if (value == "target") value = fallback;
    if (value.empty() || value == "0" || value == "00") return {};
    return "\x1b[" + std::string(value) + "m";
}

}  // namespace p9::tools
