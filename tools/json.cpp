#include "tools/json.hpp"

#include <cstdio>

namespace p9::tools {
namespace {

/// The length of the UTF-8 sequence that `text` begins with; 0 if it begins with none (RFC 3629).
std::size_t utf8_length(std::string_view text) {
    const auto at = [&](std::size_t i) { return static_cast<u8>(text[i]); };
    const u8 lead = at(0);
    if (lead < 0x80) return 1;
    const std::size_t n = lead >= 0xc2 && lead <= 0xdf   ? 2
                          : lead >> 4 == 0xe             ? 3
                          : lead >= 0xf0 && lead <= 0xf4 ? 4
                                                         : 0;
    if (n == 0 || n > text.size()) return 0;
    for (std::size_t i = 1; i < n; ++i) {
        if (at(i) >> 6 != 0x2) return 0;
    }
    // The second byte rules out overlong forms, surrogates and what is beyond U+10FFFF.
    if ((lead == 0xe0 && at(1) < 0xa0) || (lead == 0xed && at(1) > 0x9f)) return 0;
    if ((lead == 0xf0 && at(1) < 0x90) || (lead == 0xf4 && at(1) > 0x8f)) return 0;
    return n;
}

void append_unicode(std::string& out, unsigned code) {
    char text[8];
    std::snprintf(text, sizeof text, "\\u%04x", code);
    out += text;
}

void append_number(std::string& out, std::string_view key, u64 value) {
    out.append(",\"").append(key).append("\":").append(std::to_string(value));
}

void append_text(std::string& out, std::string_view key, std::string_view value) {
    out.append(",\"").append(key).append("\":");
    append_json_string(out, value);
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
    out += '"';
    while (!text.empty()) {
        const std::size_t n = utf8_length(text);
        const auto first = static_cast<u8>(text[0]);
        if (n == 0) {
            append_unicode(out, 0xdc00u + first);
        } else if (first == '"' || first == '\\') {
            out += '\\';
            out += text[0];
        } else if (first == '\n') {
            out += "\\n";
        } else if (first == '\t') {
            out += "\\t";
        } else if (first < 0x20 || first == 0x7f) {
            append_unicode(out, first);
        } else if (n == 2 && first == 0xc2 && static_cast<u8>(text[1]) < 0xa0) {
            append_unicode(out, static_cast<u8>(text[1]));  // C1 controls: JSON allows them, terminals obey them
        } else {
            out.append(text.substr(0, n));
        }
        text.remove_prefix(n == 0 ? 1 : n);
    }
    out += '"';
}

std::string_view type_name(FileType type) {
    switch (type) {
        case FileType::file:
            return "file";
        case FileType::directory:
            return "directory";
        case FileType::symlink:
            return "symlink";
        case FileType::block:
            return "block";
        case FileType::character:
            return "char";
        case FileType::fifo:
            return "fifo";
        case FileType::socket:
            return "socket";
    }
    return "file";
}

std::string json_of_file(std::string_view path, std::string_view name, const Qid& qid, std::optional<FileType> type,
                         const Attributes& attributes) {
    std::string out = "{\"path\":";
    append_json_string(out, path);
    append_text(out, "name", name);
    const auto told = [&](u64 bit) { return (attributes.valid & bit) != 0; };
    if (told(GETATTR_MODE)) type = attributes.type();
    if (type) append_text(out, "type", type_name(*type));
    if (told(GETATTR_MODE)) append_number(out, "mode", attributes.mode);
    if (told(GETATTR_SIZE)) append_number(out, "size", attributes.size);
    if (told(GETATTR_UID) && attributes.uid != NONUNAME) append_number(out, "uid", attributes.uid);
    if (told(GETATTR_GID) && attributes.gid != NONUNAME) append_number(out, "gid", attributes.gid);
    if (!attributes.user.empty()) append_text(out, "user", attributes.user);
    if (!attributes.group.empty()) append_text(out, "group", attributes.group);
    if (told(GETATTR_MTIME)) {
        // Before 1970 the fraction counts forwards from the second below, which a decimal number writes the other way.
        std::int64_t seconds = attributes.mtime.seconds;
        u32 fraction = attributes.mtime.nanoseconds;
        const bool negative = seconds < 0;
        if (negative && fraction != 0) {
            ++seconds;
            fraction = 1'000'000'000 - fraction;
        }
        const u64 magnitude = negative ? u64{0} - static_cast<u64>(seconds) : static_cast<u64>(seconds);
        char text[48];
        std::snprintf(text, sizeof text, ",\"mtime\":%s%llu.%09u", negative ? "-" : "",
                      static_cast<unsigned long long>(magnitude), fraction);
        out += text;
    }
    if (!attributes.target.empty()) append_text(out, "target", attributes.target);
    out += R"(,"qid":{"type":)" + std::to_string(qid.type) + ",\"version\":" + std::to_string(qid.version) +
           ",\"path\":" + std::to_string(qid.path) + "}}";
    return out;
}

}  // namespace p9::tools
