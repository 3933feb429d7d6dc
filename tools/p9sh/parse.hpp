// The language of p9sh: what a line means before anything is done.
//
// A line holds commands with ';' between them. The words of a command are quoted as in sh(1) (words.hpp); patterns in
// them are expanded on the server's tree later. What follows the first | or > that is not quoted, up to a ';' or the
// end of the line, is for /bin/sh on this machine, and so is the whole rest of a line that begins with '!'. Plain
// values; errors are EINVAL with words that say what is wrong.
#pragma once

#include "p9/error.hpp"
#include "tools/words.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace p9::tools {

/// One command of a line.
struct Statement {
    std::vector<Word> words;  ///< the first is the command's name; none if `local` is all there is
    std::string local;        ///< a command for /bin/sh; it reads what the words print, if there are words
};

/// The longest line that is looked at, in bytes: nobody types more, and a file that has more is no script.
inline constexpr std::size_t LONGEST_LINE = 1 << 20;

/// The commands of `line`, which is one line without its newline. None if it is empty or a comment.
Result<std::vector<Statement>> parse_line(std::string_view line);

/// The lines of a script, each without its newline.
std::vector<std::string_view> lines_of_script(std::string_view text);

}  // namespace p9::tools
