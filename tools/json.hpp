// JSON as the tools print it: one object a line.
//
// Written by hand, because names are bytes: what is not UTF-8 goes out as \udc80 to \udcff, one for each byte,
// as Python's "surrogateescape" has it, and no JSON library agrees to write such halves of a pair. In Python
// `json.loads(line)["name"].encode("utf-8", "surrogateescape")` gives the bytes back.
#pragma once

#include "p9/attributes.hpp"

#include <string>
#include <string_view>

namespace p9::tools {

/// Appends `text` in quotes.
void append_json_string(std::string& out, std::string_view text);

/// A file as an object, without a newline. `path` starts at the attached root; attributes that were not told (see
/// Attributes::valid) are left out.
std::string json_of_file(std::string_view path, std::string_view name, const Qid& qid, std::optional<FileType> type,
                         const Attributes& attributes);

/// "file", "directory", "symlink", "block", "char", "fifo" or "socket".
std::string_view type_name(FileType type);

}  // namespace p9::tools
