#include "tools/p9proxy/tracing.hpp"

#include "p9/wire.hpp"
#include "tools/trace_output.hpp"

namespace p9::proxy {
namespace {

constexpr std::size_t HEX_SHOWN = 64;

std::string hex(Bytes bytes) {
    static constexpr char digits[] = "0123456789abcdef";
    std::string out;
    for (const u8 byte : bytes.first(std::min(bytes.size(), HEX_SHOWN))) {
        out += ' ';
        out += digits[byte >> 4];
        out += digits[byte & 0xf];
    }
    if (bytes.size() > HEX_SHOWN) out += " ...";
    return out;
}

/// Reads the fields that it visits, and keeps the name of the first that does not fit.
struct Examiner {
    Dialect dialect;
    wire::Reader reader;
    const char* failed = nullptr;

    void operator()(const char* name, auto& field) {
        reader(name, field);
        if (!reader.ok && failed == nullptr) failed = name;
    }
};

}  // namespace

std::string to_string(const Speaker& speaker) {
    return "client " + std::to_string(speaker.number) + " (" + escaped(speaker.peer) + ')';
}

namespace {

/// A line of the log; what happens to the proxy itself is nobody's.
std::string about(const Speaker& speaker, const std::string& words) {
    return speaker.number == 0 ? words : to_string(speaker) + ": " + words;
}

}  // namespace

std::string what_is_broken(Bytes frame, Dialect dialect) {
    const Header header = header_of(frame);
    std::string words;
    const bool known = with_message(Messages{}, header.type, [&]<class M>() {
        M message{};
        Examiner examiner{dialect, {dialect, body_of(frame)}};
        M::fields(message, examiner);
        if (examiner.failed != nullptr)
            words = std::string("broken at ") + examiner.failed;
        else if (!examiner.reader.complete())
            words = std::to_string(examiner.reader.in.size()) + " bytes too many";
        else if (!speaks(M::dialects, dialect))
            words = "not of " + std::string(version_string(dialect));
    });
    if (!known) words = "no such message";
    if (words.empty()) return words;
    return words + ':' + hex(frame);
}

void Tracing::message(const Speaker& speaker, Direction direction, Bytes frame, Dialect dialect) const {
    if (!line) return;
    std::string text = std::to_string(speaker.number) + ' ' + escaped(speaker.peer) + ' ' +
                       tools::trace_line(direction, frame, dialect);
    const std::string broken = what_is_broken(frame, dialect);
    if (!broken.empty()) text += " {" + broken + '}';
    line(text);
}

void Tracing::event(const Speaker& speaker, const std::string& words) const {
    if (line) line(std::to_string(speaker.number) + ' ' + escaped(speaker.peer) + " -- " + words);
    if (log && log_everything) log(about(speaker, words));
}

void Tracing::problem(const Speaker& speaker, const std::string& words) const {
    if (line) line(std::to_string(speaker.number) + ' ' + escaped(speaker.peer) + " -- " + words);
    if (log) log(about(speaker, words));
}

}  // namespace p9::proxy
