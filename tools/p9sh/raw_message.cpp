#include "tools/p9sh/raw_message.hpp"

#include "tools/p9sh/raw_fields.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>

namespace p9::tools {
namespace {

constexpr std::string_view header_keys[] = {"tag", "size", "type", "bytes", "more", "dialect"};

Error bad(std::string words) { return Error::from_errno(EINVAL, std::move(words)); }

bool same_letters(std::string_view a, std::string_view b) {
    return std::ranges::equal(a, b, [](char x, char y) { return (x | 0x20) == (y | 0x20); });
}

/// The number of the message called `name`, in any case of letters.
std::optional<u8> type_of_name(std::string_view name) {
    std::optional<u8> found;
    const auto look = [&]<class... Ms>(List<Ms...>) {
        ((same_letters(Ms::message, name) ? void(found = Ms::type) : void()), ...);
    };
    look(p9::Messages{});
    return found;
}

Error unknown_message(const std::string& name) {
    const auto names = message_names();
    const std::string near = nearest(name, std::vector<std::string_view>(names.begin(), names.end()));
    return bad("no message is called \"" + escaped(name) + '"' +
               (near.empty() ? "; a type of your own is type=NUMBER bytes=HEX" : "; did you mean " + near + "?"));
}

/// What a message has in its fields before they are set.
template <class M>
M prefilled(const RawDefaults& defaults, Dialect dialect) {
    M message;
    if constexpr (requires { message.stat.value; }) message.stat.value = unchanged_stat();
    if constexpr (requires {
                      message.version;
                      message.msize;
                  }) {
        message.msize = defaults.msize;
        message.version = version_string(dialect);
    }
    if constexpr (requires {
                      message.uname;
                      message.aname;
                  }) {
        message.uname = defaults.uname;
        message.aname = defaults.aname;
        message.n_uname = defaults.n_uname;
    }
    return message;
}

/// Takes `key` out of what was given.
std::optional<std::string> take(Given& given, const std::string& key) {
    const auto found = given.find(key);
    if (found == given.end()) return std::nullopt;
    std::string value = std::move(found->second);
    given.erase(found);
    return value;
}

/// A number for the header.
template <class T>
Result<std::optional<T>> take_number(Given& given, const std::string& key) {
    const auto text = take(given, key);
    if (!text) return std::optional<T>();
    const auto value = raw_number(key, *text, sizeof(T));
    if (!value) return value.error();
    return std::optional<T>(static_cast<T>(*value));
}

void store(ByteVector& frame, std::size_t at, u32 value, std::size_t size) {
    for (std::size_t i = 0; i < size; ++i) frame[at + i] = static_cast<u8>(value >> (8 * i));
}

/// The header's own keys and the bytes, after the fields took theirs.
std::optional<Error> finish_frame(ByteVector& frame, Given& given) {
    const auto size = take_number<u32>(given, "size");
    if (!size) return size.error();
    const auto type = take_number<u8>(given, "type");
    if (!type) return type.error();
    for (const std::string key : {"bytes", "more"}) {
        const auto text = take(given, key);
        if (!text) continue;
        const auto bytes = raw_hex(key, *text);
        if (!bytes) return bytes.error();
        if (key == "bytes") frame.resize(HEADER_SIZE);
        frame.insert(frame.end(), bytes->begin(), bytes->end());
    }
    store(frame, 0, size->value_or(static_cast<u32>(frame.size())), 4);
    if (*type) frame[4] = **type;
    return std::nullopt;
}

/// Sorts "key=value" words.
Result<Given> given_of(std::span<const Word> words) {
    Given given;
    for (const Word& word : words) {
        const auto equals = word.text.find('=');
        if (equals == word.text.npos || equals == 0)
            return bad("expected FIELD=VALUE, not \"" + escaped(word.text) + '"');
        const auto [at, added] = given.emplace(word.text.substr(0, equals), word.text.substr(equals + 1));
        if (!added) return bad(escaped(at->first) + " is given twice");
    }
    return given;
}

Error no_such_key(const Given& given, std::string_view message, Dialect dialect) {
    std::string words = "no field is called \"" + escaped(given.begin()->first) + '"';
    if (message.empty()) return bad(words + "; without a message's name: type=NUMBER, tag=, size= and bytes=HEX");
    const auto keys = keys_of_message(message);
    words += " in " + std::string(message);
    // Other dialects may have it.
    if (std::ranges::find(keys, given.begin()->first) != keys.end())
        words += " of " + std::string(version_string(dialect));
    words += "; there are";
    for (const auto& key : keys) words += " " + key;
    return bad(words);
}

}  // namespace

bool is_version(std::span<const Word> words) {
    return !words.empty() && same_letters(words[0].text, Tversion::message);
}

std::vector<std::string> message_names() {
    std::vector<std::string> requests, replies;
    const auto look = [&]<class... Ms>(List<Ms...>) {
        ((Ms::message[0] == 'T' ? requests : replies).emplace_back(Ms::message), ...);
    };
    look(p9::Messages{});
    requests.insert(requests.end(), replies.begin(), replies.end());
    return requests;
}

std::vector<std::string> keys_of_message(std::string_view message) {
    std::vector<std::string> keys;
    const auto type = type_of_name(message);
    if (type) {
        with_message(p9::Messages{}, *type, [&]<class M>() {
            M nothing;
            // 9P2000.u has all the fields that 9P2000 has, and 9P2000.L has the same of these messages.
            FieldNames names{Dialect::unix_, keys, ""};
            M::fields(nothing, names);
        });
    }
    for (const auto key : header_keys) {
        if (std::ranges::find(keys, key) == keys.end()) keys.emplace_back(key);
    }
    return keys;
}

Result<ByteVector> build_message(std::span<const Word> words, const RawDefaults& defaults) {
    if (words.empty()) return bad("a message is missing, such as Tattach fid=1");
    const bool named = words[0].text.find('=') == std::string::npos;
    auto given = given_of(named ? words.subspan(1) : words);
    if (!given) return given.error();
    Dialect dialect = defaults.dialect;
    if (const auto name = take(*given, "dialect")) {
        const auto known = dialect_of(*name);
        if (!known) return bad("dialect: expected 9P2000.L, 9P2000.u or 9P2000, not \"" + escaped(*name) + '"');
        dialect = *known;
    }
    const auto type = named ? type_of_name(words[0].text) : std::nullopt;
    if (named && !type) return unknown_message(words[0].text);
    if (!named && !given->contains("type")) return bad("a message's name is missing, or type=NUMBER");

    const auto tag = take_number<u16>(*given, "tag");
    if (!tag) return tag.error();
    const Tag chosen = Tag{tag->value_or(number(type == Tversion::type ? NOTAG : defaults.tag))};
    ByteVector frame(HEADER_SIZE);
    store(frame, 5, number(chosen), 2);
    std::optional<Error> wrong;
    std::string_view message;
    if (type) {
        with_message(p9::Messages{}, *type, [&]<class M>() {
            message = M::message;
            M filled = prefilled<M>(defaults, dialect);
            FieldSetter setter{dialect, *given, "", {}};
            M::fields(filled, setter);
            wrong = std::move(setter.wrong);
            frame.clear();
            if (!wrong && !encode(frame, chosen, filled, dialect)) wrong = bad("a text is longer than 65535 bytes");
        });
    }
    if (!wrong) wrong = finish_frame(frame, *given);
    if (wrong) return *wrong;
    if (!given->empty()) return no_such_key(*given, message, dialect);
    return frame;
}

std::string hex_lines(Bytes bytes) {
    static constexpr char digits[] = "0123456789abcdef";
    std::string out;
    for (std::size_t at = 0; at < bytes.size(); at += 16) {
        const Bytes row = bytes.subspan(at, std::min<std::size_t>(16, bytes.size() - at));
        char offset[32];
        std::snprintf(offset, sizeof offset, "   %06zx ", at);
        out += offset;
        std::string text;
        for (std::size_t i = 0; i < 16; ++i) {
            if (i == 8) out += ' ';
            out += ' ';
            out += i < row.size() ? digits[row[i] >> 4] : ' ';
            out += i < row.size() ? digits[row[i] & 0xf] : ' ';
            if (i < row.size()) text += row[i] >= 0x20 && row[i] < 0x7f ? static_cast<char>(row[i]) : '.';
        }
        out += "  |" + text + "|\n";
    }
    return out;
}

}  // namespace p9::tools
