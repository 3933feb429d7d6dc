#include "tools/p9ls/ls.hpp"

#include "p9/trace.hpp"
#include "tools/user_names.hpp"

#include <sys/sysmacros.h>

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <map>

namespace p9::tools {
namespace {

/// Names of numeric users or groups, each looked up once.
class Names {
public:
    explicit Names(bool groups) : groups_(groups) {}
    /// Empty if nobody knows a name.
    const std::string& of(u32 id) {
        const auto [at, added] = known_.try_emplace(id);
        if (!added || id == NONUNAME) return at->second;
        return at->second = groups_ ? group_name(id) : user_name(id);
    }

private:
    bool groups_;
    std::map<u32, std::string> known_;
};

/// One line in pieces, to be aligned.
struct Line {
    std::string mode, links, owner, group, major, minor, size, time;
    bool owner_is_number = false, group_is_number = false;
};

char type_letter(FileType type) {
    switch (type) {
        case FileType::file:
            return '-';
        case FileType::directory:
            return 'd';
        case FileType::symlink:
            return 'l';
        case FileType::block:
            return 'b';
        case FileType::character:
            return 'c';
        case FileType::fifo:
            return 'p';
        case FileType::socket:
            return 's';
    }
    return '?';
}

std::string mode_string(u32 mode) {
    std::string out(1, type_letter(type_of_mode(mode)));
    static constexpr std::string_view letters = "rwxrwxrwx";
    for (unsigned i = 0; i < 9; ++i) out += (mode >> (8 - i) & 1) != 0 ? letters[i] : '-';
    const auto special = [&](u32 bit, std::size_t at, char with_x, char without_x) {
        if ((mode & bit) != 0) out[at] = out[at] == 'x' ? with_x : without_x;
    };
    special(04000, 3, 's', 'S');
    special(02000, 6, 's', 'S');
    special(01000, 9, 't', 'T');
    return out;
}

std::string time_string(const Time& time, std::time_t now) {
    const std::time_t seconds = time.seconds;
    std::tm parts{};
    if (localtime_r(&seconds, &parts) == nullptr) return std::to_string(time.seconds);
    // Half a year of 365.2425 days, as ls(1) counts it; what lies in the future shows its year too.
    constexpr std::time_t half_a_year = 31556952 / 2;
    const bool recent = seconds > now - half_a_year && seconds <= now;
    char text[64];
    const std::size_t n = std::strftime(text, sizeof text, recent ? "%b %e %H:%M" : "%b %e  %Y", &parts);
    return std::string(text, n);
}

/// A server's name for somebody, as it may be shown; without spaces a line keeps its columns.
std::string shown_owner(const std::string& name, const LsOptions& options) {
    return options.terminal ? escaped(name) : name;
}

Line line_of(const Item& item, const LsOptions& options, Names& users, Names& groups, std::time_t now) {
    Line line;
    const Attributes& a = item.attributes;
    if (!item.has_attributes()) {
        line.mode = std::string(1, item.type ? type_letter(*item.type) : '?') + "?????????";
        line.links = line.owner = line.group = line.size = line.time = "?";
        return line;
    }
    line.mode = mode_string(a.mode);
    line.links = std::to_string(a.nlink);
    const auto somebody = [&](const std::string& name, u32 id, Names& names, bool& is_number) {
        if (!name.empty()) return shown_owner(name, options);
        if (id == NONUNAME) return std::string("?");
        const std::string& local = names.of(id);
        is_number = local.empty();
        return is_number ? std::to_string(id) : local;
    };
    line.owner = somebody(a.user, a.uid, users, line.owner_is_number);
    line.group = somebody(a.group, a.gid, groups, line.group_is_number);
    if (a.type() == FileType::block || a.type() == FileType::character) {
        line.major = std::to_string(major(a.rdev));
        line.minor = std::to_string(minor(a.rdev));
    } else {
        line.size = options.human ? human_size(a.size) : std::to_string(a.size);
    }
    line.time = time_string(a.mtime, now);
    return line;
}

void pad_left(std::string& out, const std::string& text, std::size_t width) {
    out.append(width - std::min(width, text.size()), ' ').append(text);
}

void pad_right(std::string& out, const std::string& text, std::size_t width) {
    out.append(text).append(width - std::min(width, display_width(text)), ' ');
}

/// The blocks of all items, in bytes.
u64 total_bytes(const Items& items) {
    u64 total = 0;
    for (const Item* item : items) {
        const Attributes& a = item->attributes;
        // Where a dialect knows no blocks, the length is the best guess.
        total += (a.valid & GETATTR_BLOCKS) != 0 ? a.blocks * 512 : (a.size + 1023) / 1024 * 1024;
    }
    return total;
}

}  // namespace

std::string human_size(u64 bytes) {
    if (bytes < 1024) return std::to_string(bytes);
    static constexpr std::string_view letters = "KMGTPE";
    std::size_t power = 0;
    u64 unit = 1024;
    while (power + 1 < letters.size() && bytes / unit >= 1024) {
        unit *= 1024;
        ++power;
    }
    // One digit after the point below 10, none above, always rounded up: a file never looks smaller than it is.
    const u64 rest = bytes % unit;
    const u64 tenths = bytes / unit * 10 + (rest * 10 + unit - 1) / unit;
    if (tenths < 100) return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + letters[power];
    const u64 whole = bytes / unit + (rest != 0 ? 1 : 0);
    if (whole == 1024 && power + 1 < letters.size()) return std::string("1.0") + letters[power + 1];
    return std::to_string(whole) + letters[power];
}

std::string print_long(const Items& items, const LsOptions& options, bool with_total) {
    Names users(false), groups(true);
    const std::time_t now = std::time(nullptr);
    std::vector<Line> lines;
    lines.reserve(items.size());
    std::size_t links = 0, owner = 0, group = 0, major_width = 0, minor_width = 0, size = 0, time = 0;
    for (const Item* item : items) {
        const Line& line = lines.emplace_back(line_of(*item, options, users, groups, now));
        links = std::max(links, line.links.size());
        owner = std::max(owner, display_width(line.owner));
        group = std::max(group, display_width(line.group));
        major_width = std::max(major_width, line.major.size());
        minor_width = std::max(minor_width, line.minor.size());
        size = std::max(size, line.size.size());
        time = std::max(time, line.time.size());
    }
    if (major_width != 0) size = std::max(size, major_width + 2 + minor_width);

    std::string out;
    if (with_total) {
        const u64 total = total_bytes(items);
        out += "total " + (options.human ? human_size(total) : std::to_string((total + 1023) / 1024)) + "\n";
    }
    for (std::size_t i = 0; i < lines.size(); ++i) {
        const Line& line = lines[i];
        if (options.qids) out += qid_text(items[i]->qid) + " ";
        out += line.mode + ' ';
        pad_left(out, line.links, links);
        out += ' ';
        line.owner_is_number ? pad_left(out, line.owner, owner) : pad_right(out, line.owner, owner);
        out += ' ';
        line.group_is_number ? pad_left(out, line.group, group) : pad_right(out, line.group, group);
        out += ' ';
        if (line.major.empty()) {
            pad_left(out, line.size, size);
        } else {
            pad_left(out, line.major, size - 2 - minor_width);
            out += ", ";
            pad_left(out, line.minor, minor_width);
        }
        out += ' ';
        pad_left(out, line.time, time);
        out += ' ' + show_name(*items[i], options).text;
        const std::string& target = items[i]->attributes.target;
        if (!target.empty()) out += " -> " + (options.terminal ? escaped(target) : target);
        out += '\n';
    }
    return out;
}

}  // namespace p9::tools
