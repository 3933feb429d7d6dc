#include "tools/messages.hpp"

#include <unistd.h>

#include <cerrno>

namespace p9::tools {

int status_of(const Error& error) {
    if (!error.is_errc()) return EXIT_REFUSED;
    switch (static_cast<errc>(error.code.value())) {
        case errc::bad_address:
            return EXIT_USAGE;
        case errc::connection_failed:
        case errc::handshake_failed:
        case errc::connection_lost:
            return EXIT_NO_CONNECTION;
        case errc::protocol_violation:
            return EXIT_PROTOCOL;
        case errc::timed_out:
            return EXIT_OUT_OF_TIME;
        case errc::cancelled:
            return EXIT_INTERRUPTED;
    }
    return EXIT_REFUSED;
}

bool ends_everything(const Error& error) { return error.is_errc(); }

std::string one_line(std::string_view text) {
    std::string out;
    for (;;) {
        const auto backslash = text.find('\\');
        out += escaped(text.substr(0, backslash));
        if (backslash == text.npos) return out;
        out += '\\';
        text.remove_prefix(backslash + 1);
    }
}

void complain(std::string_view tool, std::string_view text) {
    const std::string line = std::string(tool).append(": ").append(one_line(text)).append("\n");
    // One write a line keeps lines whole when several programs share a terminal or a log.
    std::string_view rest = line;
    while (!rest.empty()) {
        const ssize_t n = ::write(STDERR_FILENO, rest.data(), rest.size());
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return;
        rest.remove_prefix(static_cast<std::size_t>(n));
    }
}

void Messages::report(std::string_view what, const Error& error) {
    const bool fatal = ends_everything(error);
    if (status_ == EXIT_DONE || (fatal && !hopeless_)) status_ = status_of(error);
    // The end of a connection fails everything that was under way: once is enough to say so.
    if (fatal && hopeless_) return;
    hopeless_ = hopeless_ || fatal;
    if (error.code == make_error_code(errc::cancelled)) return;
    std::string text;
    if (!what.empty()) text = escaped(what) + ": ";
    complain(tool_, text + error.message());
}

}  // namespace p9::tools
