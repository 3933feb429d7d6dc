// The parts of p9ls: what it was asked for, what it found, and how that is printed.
#pragma once

#include "p9/file.hpp"

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace p9::tools {

struct LsOptions {
    std::vector<std::string> paths;
    bool long_format = false;
    bool directory = false;  ///< directories themselves, not what is in them
    bool recursive = false;
    bool reverse = false;
    bool by_time = false;
    bool by_size = false;
    bool one_column = false;
    bool human = false;
    bool classify = false;
    bool mark_directories = false;
    bool qids = false;
    bool zero = false;  ///< a NUL ends each name
    bool json = false;
    bool colour = false;    ///< decided: the output is coloured
    bool terminal = false;  ///< standard output is one: names are escaped, columns are made
    std::size_t width = 80;

    /// Whether all attributes of each file are needed, or at least its type.
    bool needs_attributes() const { return long_format || by_time || by_size || classify || json; }
    bool needs_type() const { return recursive || classify || mark_directories || colour; }
    bool needs_target() const { return long_format || json; }
};

/// A file to be shown.
struct Item {
    std::string name;  ///< as it is shown: a name, or a path of the command line
    std::string path;  ///< from the attached root
    Qid qid;
    std::optional<FileType> type;
    Attributes attributes;  ///< `valid` is 0 if they are not known
    bool failed = false;    ///< they were asked for in vain

    bool has_attributes() const { return attributes.valid != 0; }
    bool is_directory() const { return type == FileType::directory; }
};

using Items = std::vector<Item*>;

/// Sorts as the options say; names by their bytes.
void sort_items(Items& items, const LsOptions& options);

/// The lines for `items`; `with_total` puts the line of a directory's blocks before a long listing.
std::string print_items(const Items& items, const LsOptions& options, bool with_total);

// The pieces of that.

/// A name with qid, colour, indicator and escapes as asked for, and how wide it is on a terminal.
struct Shown {
    std::string text;
    std::size_t width = 0;
};
Shown show_name(const Item& item, const LsOptions& options);
std::string print_long(const Items& items, const LsOptions& options, bool with_total);
std::string print_columns(const std::vector<Shown>& names, std::size_t width);
/// The escape sequence that begins the colour of `item`; empty for none. Reads LS_COLORS once.
std::string colour_of(const Item& item);
/// A size as -h has it: rounded up, with K, M, G... of 1024.
std::string human_size(u64 bytes);
/// How many columns `text` takes on a terminal.
std::size_t display_width(const std::string& text);

}  // namespace p9::tools
