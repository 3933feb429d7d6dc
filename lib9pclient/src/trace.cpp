#include "p9/trace.hpp"

#include "p9/wire.hpp"

namespace p9 {
namespace {

/// The length of the UTF-8 sequence at the start of `text`; 0 if it is not one.
std::size_t utf8_length(std::string_view text) {
    const auto lead = static_cast<u8>(text[0]);
    const std::size_t n = lead < 0x80 ? 1 : lead >> 5 == 0x6 ? 2 : lead >> 4 == 0xe ? 3 : lead >> 3 == 0x1e ? 4 : 0;
    if (n == 0 || n > text.size()) return 0;
    u32 code = n == 1 ? lead : lead & (0x7fu >> n);
    for (std::size_t i = 1; i < n; ++i) {
        const auto next = static_cast<u8>(text[i]);
        if (next >> 6 != 0x2) return 0;
        code = code << 6 | (next & 0x3fu);
    }
    static constexpr u32 smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    const bool surrogate = code >= 0xd800 && code <= 0xdfff;
    return code < smallest[n] || code > 0x10ffff || surrogate ? 0 : n;
}

/// Control characters of ASCII and of Latin-1 (C1, two bytes in UTF-8), the separators of lines and paragraphs,
/// and the marks that reorder text.
bool drives_terminal(std::string_view character) {
    const auto first = static_cast<u8>(character[0]);
    if (character.size() == 1) return first < 0x20 || first == 0x7f;
    if (character.size() == 2) return (first == 0xc2 && static_cast<u8>(character[1]) < 0xa0) || character == "\u061c";
    return character == "\u200e" || character == "\u200f" || (character >= "\u2028" && character <= "\u202e") ||
           (character >= "\u2066" && character <= "\u2069");
}

void append_hex(std::string& out, char byte) {
    static constexpr char digits[] = "0123456789abcdef";
    out += "\\x";
    out += digits[static_cast<u8>(byte) >> 4];
    out += digits[static_cast<u8>(byte) & 0xf];
}

/// Prints the fields that it visits.
struct Printer {
    Dialect dialect;
    std::string& out;

    void operator()(const char* name, const wire::Integer auto& x) {
        label(name);
        if constexpr (std::is_same_v<std::decay_t<decltype(x)>, Fid>)
            out += x == NOFID ? "NOFID" : std::to_string(number(x));
        else if constexpr (std::is_same_v<std::decay_t<decltype(x)>, Tag>)
            out += x == NOTAG ? "NOTAG" : std::to_string(number(x));
        else
            out += std::to_string(x);
    }
    void operator()(const char* name, const std::string& s) {
        label(name);
        quoted(s);
    }
    void operator()(const char* name, const Payload& p) {
        label(name);
        out += '[' + std::to_string(p.bytes.size()) + (p.bytes.size() == 1 ? " byte" : " bytes");
        // The beginning is what tells a ctl command or a small text apart; data belongs into a capture.
        const std::size_t shown = std::min<std::size_t>(p.bytes.size(), 32);
        if (shown != 0) {
            out += ' ';
            quoted({reinterpret_cast<const char*>(p.bytes.data()), shown});
            if (shown < p.bytes.size()) out += "...";
        }
        out += ']';
    }
    void operator()(const char* name, const Names& names) {
        label(name);
        list(names, [&](const std::string& each) { quoted(each); });
    }
    void operator()(const char* name, const Qids& qids) {
        label(name);
        list(qids, [&](const Qid& each) { out += qid_text(each); });
    }
    void operator()(const char* name, const Qid& value) {
        label(name);
        out += qid_text(value);
    }
    template <class T>
    void operator()(const char* name, const Counted<T>& counted) {
        (*this)(name, counted.value);
    }
    template <class T>
    void operator()(const char* name, const Tail<T>& tail) {
        if (tail.value) (*this)(name, *tail.value);
    }
    template <wire::Record<Printer> T>
    void operator()(const char* name, const T& record) {
        label(name);
        out += '{';
        T::fields(record, *this);
        out += '}';
    }

private:
    void label(const char* name) {
        if (out.back() != '{') out += ' ';
        out += name;
        out += '=';
    }
    void quoted(std::string_view text) { out += '"' + escaped(text) + '"'; }
    void list(const auto& values, auto&& each) {
        out += '[';
        for (const auto& value : values) {
            if (out.back() != '[') out += ' ';
            each(value);
        }
        out += ']';
    }
};

}  // namespace

std::string qid_text(const Qid& qid) {
    return '(' + std::to_string(qid.type) + ' ' + std::to_string(qid.version) + ' ' + std::to_string(qid.path) + ')';
}

std::string escaped(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    while (!text.empty()) {
        const std::size_t n = utf8_length(text);
        const std::string_view character = text.substr(0, n == 0 ? 1 : n);
        if (character == "\\")
            out += "\\\\";
        else if (character == "\n")
            out += "\\n";
        else if (character == "\t")
            out += "\\t";
        else if (n == 0 || drives_terminal(character))
            for (const char byte : character) append_hex(out, byte);
        else
            out += character;
        text.remove_prefix(character.size());
    }
    return out;
}

std::string describe(Bytes frame, Dialect dialect) {
    if (frame.size() < HEADER_SIZE) return "a message of " + std::to_string(frame.size()) + " bytes (too short)";
    const Header header = header_of(frame);
    std::string line = message_name(header.type);
    line += " tag=" + (header.tag == NOTAG ? "NOTAG" : std::to_string(number(header.tag)));
    const std::size_t head = line.size();
    const bool known = with_message(Messages{}, header.type, [&]<class M>() {
        const auto message = decode<M>(body_of(frame), dialect);
        Printer printer{dialect, line};
        if (message)
            M::fields(*message, printer);
        else
            line += " (malformed, " + std::to_string(frame.size()) + " bytes)";
    });
    if (!known) line.replace(head, std::string::npos, " (unknown, " + std::to_string(frame.size()) + " bytes)");
    return line;
}

}  // namespace p9
