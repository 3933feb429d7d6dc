#include "tools/output.hpp"
#include "tools/p9ls/list.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <clocale>
#include <cstdlib>

namespace p9::tools {
namespace {

/// The width of the terminal in columns.
std::size_t terminal_width() {
    const char* columns = std::getenv("COLUMNS");
    const auto wanted = columns == nullptr ? std::nullopt : parse_number(columns, false);
    if (wanted && *wanted > 0 && *wanted < 100'000) return *wanted;
    winsize size{};
    return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

}  // namespace

void look_at_terminal(LsOptions& options, const std::optional<std::string>& colour) {
    options.terminal = isatty(STDOUT_FILENO) == 1 && !options.zero;
    const std::string when = colour.value_or("auto");
    const char* no_colour = std::getenv("NO_COLOR");
    const bool wanted = terminal_has_abilities() && (no_colour == nullptr || *no_colour == '\0');
    options.colour = (when == "always" || (when == "auto" && options.terminal && wanted)) && !options.json;
    if (!options.terminal) return;
    options.width = terminal_width();
    // For the width of characters only: names are sorted by their bytes in every locale.
    if (std::setlocale(LC_CTYPE, "C.UTF-8") == nullptr) std::setlocale(LC_CTYPE, "");
}

}  // namespace p9::tools
