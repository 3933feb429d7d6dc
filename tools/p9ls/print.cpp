#include "tools/p9ls/ls.hpp"

#include "p9/trace.hpp"
#include "tools/json.hpp"

#include <cstdio>
#include <cstdlib>
#include <cwchar>

#include <algorithm>

namespace p9::tools {
namespace {

char indicator_of(const Item& item) {
    if (!item.type) return 0;
    switch (*item.type) {
        case FileType::directory:
            return '/';
        case FileType::symlink:
            return '@';
        case FileType::fifo:
            return '|';
        case FileType::socket:
            return '=';
        case FileType::file:
            return (item.attributes.mode & 0111) != 0 ? '*' : 0;
        default:
            return 0;
    }
}

}  // namespace

std::size_t display_width(const std::string& text) {
    const bool ascii = std::ranges::all_of(text, [](char c) { return c >= 0x20 && c < 0x7f; });
    if (ascii) return text.size();
    std::mbstate_t state{};
    std::size_t width = 0;
    for (std::size_t at = 0; at < text.size();) {
        wchar_t character = 0;
        const std::size_t n = std::mbrtowc(&character, text.data() + at, text.size() - at, &state);
        if (n == 0 || n > text.size()) {
            // Not a character in this locale: a byte takes a column, as far as anybody can tell.
            state = {};
            ++width;
            ++at;
            continue;
        }
        width += static_cast<std::size_t>(std::max(0, ::wcwidth(character)));
        at += n;
    }
    return width;
}

Shown show_name(const Item& item, const LsOptions& options) {
    Shown shown;
    const std::string name = options.terminal ? escaped(item.name) : item.name;
    shown.width = options.terminal ? display_width(name) : name.size();
    const std::string colour = options.colour ? colour_of(item) : "";
    shown.text = colour.empty() ? name : colour + name + "\x1b[0m";
    // ls -l marks what a symlink points to, not the symlink.
    const bool marked = options.classify && !(options.long_format && item.type == FileType::symlink);
    const bool slash = options.mark_directories && item.is_directory();
    const char indicator = slash ? '/' : marked ? indicator_of(item) : '\0';
    if (indicator != '\0') {
        shown.text += indicator;
        ++shown.width;
    }
    return shown;
}

std::string print_columns(const std::vector<Shown>& names, std::size_t width) {
    if (names.empty()) return {};
    // Column after column, as ls does it; the largest number of columns that fits.
    std::vector<std::size_t> widths;
    std::size_t rows = names.size();
    for (std::size_t columns = std::min(names.size(), std::max<std::size_t>(1, width / 3)); columns >= 1; --columns) {
        rows = (names.size() + columns - 1) / columns;
        widths.assign((names.size() + rows - 1) / rows, 0);
        std::size_t sum = 0;
        for (std::size_t i = 0; i < names.size(); ++i) {
            const bool last = i / rows + 1 == widths.size();
            auto& column = widths[i / rows];
            const std::size_t needed = names[i].width + (last ? 0 : 2);
            if (needed > column) {
                sum += needed - column;
                column = needed;
            }
        }
        if (sum < width || columns == 1) break;
    }
    std::string out;
    for (std::size_t row = 0; row < rows; ++row) {
        for (std::size_t i = row; i < names.size(); i += rows) {
            out += names[i].text;
            if (i + rows < names.size()) out.append(widths[i / rows] - names[i].width, ' ');
        }
        out += '\n';
    }
    return out;
}

std::string print_items(const Items& items, const LsOptions& options, bool with_total) {
    std::string out;
    if (options.json) {
        for (const Item* item : items) {
            const auto slash = item->path.rfind('/');
            const std::string name = item->path == "/" ? "/" : item->path.substr(slash + 1);
            out += json_of_file(item->path, name, item->qid, item->type, item->attributes) + "\n";
        }
        return out;
    }
    if (options.long_format) return print_long(items, options, with_total);
    std::vector<Shown> names;
    names.reserve(items.size());
    for (const Item* item : items) {
        Shown shown = show_name(*item, options);
        if (options.qids) {
            const std::string qid = qid_text(item->qid) + " ";
            shown.text.insert(0, qid);
            shown.width += qid.size();
        }
        names.push_back(std::move(shown));
    }
    if (options.terminal && !options.one_column) return print_columns(names, options.width);
    for (const auto& name : names) out.append(name.text).push_back(options.zero ? '\0' : '\n');
    return out;
}

}  // namespace p9::tools
