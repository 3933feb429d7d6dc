#include "fuse/mount_list.hpp"

#include <unistd.h>

#include <charconv>
#include <climits>
#include <cstdio>

namespace p9::fuse {
namespace {

/// Blanks, newlines and backslashes are written as three octal digits.
std::string unescaped(std::string_view text) {
    std::string result;
    for (std::size_t i = 0; i < text.size(); ++i) {
        unsigned value = 0;
        if (text[i] == '\\' && i + 3 < text.size() &&
            std::from_chars(text.data() + i + 1, text.data() + i + 4, value, 8).ptr == text.data() + i + 4) {
            result += static_cast<char>(value);
            i += 3;
        } else {
            result += text[i];
        }
    }
    return result;
}

std::vector<std::string_view> words_of(std::string_view line) {
    std::vector<std::string_view> words;
    while (!line.empty()) {
        const std::size_t end = std::min(line.find(' '), line.size());
        words.push_back(line.substr(0, end));
        line.remove_prefix(std::min(end + 1, line.size()));
    }
    return words;
}

std::string read_mountinfo() {
    std::string text;
    std::FILE* const file = std::fopen("/proc/self/mountinfo", "re");
    if (file == nullptr) return text;
    char chunk[4096];
    for (std::size_t n = 0; (n = std::fread(chunk, 1, sizeof chunk, file)) > 0;) text.append(chunk, n);
    std::fclose(file);
    return text;
}

}  // namespace

std::optional<unsigned> MountEntry::number(std::string_view name) const {
    const std::string wanted = "," + std::string(name) + "=";
    const std::string text = "," + options;
    const auto at = text.find(wanted);
    unsigned value = 0;
    if (at == text.npos) return std::nullopt;
    const char* const begin = text.data() + at + wanted.size();
    if (std::from_chars(begin, text.data() + text.size(), value).ptr == begin) return std::nullopt;
    return value;
}

std::vector<MountEntry> list_mounts() {
    std::vector<MountEntry> mounts;
    const std::string text = read_mountinfo();
    std::string_view rest = text;
    while (!rest.empty()) {
        const std::size_t end = std::min(rest.find('\n'), rest.size());
        const auto words = words_of(rest.substr(0, end));
        rest.remove_prefix(std::min(end + 1, rest.size()));
        // After the sixth come optional words, which end with "-".
        std::size_t dash = 6;
        while (dash < words.size() && words[dash] != "-") ++dash;
        if (dash + 3 >= words.size()) continue;
        mounts.push_back(
            {unescaped(words[4]), std::string(words[dash + 1]), std::string(words[dash + 3]), std::string(words[2])});
    }
    return mounts;
}

std::optional<MountEntry> mount_at(const std::string& place) {
    std::optional<MountEntry> found;
    for (auto& each : list_mounts())
        if (each.place == place) found = std::move(each);
    return found;
}

std::string absolute_path(const std::string& path) {
    std::string whole = path;
    if (!path.starts_with('/')) {
        char here[PATH_MAX];
        whole = std::string(::getcwd(here, sizeof here) != nullptr ? here : "") + "/" + path;
    }
    std::string result;
    std::string_view rest = whole;
    while (!rest.empty()) {
        const std::size_t end = std::min(rest.find('/'), rest.size());
        const std::string_view name = rest.substr(0, end);
        rest.remove_prefix(std::min(end + 1, rest.size()));
        if (name.empty() || name == ".") continue;
        if (name == "..")
            result.erase(std::min(result.rfind('/'), result.size()));
        else
            result.append("/").append(name);
    }
    return result.empty() ? "/" : result;
}

}  // namespace p9::fuse
