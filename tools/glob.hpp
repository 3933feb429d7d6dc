// Patterns over the server's tree, as a shell has them for local files.
//
// `*` is any text and `?` any one character of a name, `[a-z]` one of a set and `[!a-z]` one outside of it, `**` as a
// whole name any number of directories. None of them matches a dot at the beginning of a name, nor is a symlink
// descended into by `**`. A backslash takes the meaning from the character after it.
#pragma once

#include "p9/client.hpp"
#include "tools/messages.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace p9::tools {

/// True if `path` holds an unescaped pattern character.
bool has_pattern(std::string_view path);
/// True if `name` matches the one-name pattern `pattern`.
bool matches(std::string_view pattern, std::string_view name);
/// `pattern` without its backslashes.
std::string unescaped(std::string_view pattern);

/// What becomes of a path that holds pattern characters and is the name of a file as it stands.
enum class Literal : u8 {
    first,  ///< it is that file
    last,   ///< it is that file if the pattern matches nothing
};

/// The paths that `paths` stand for, in order, each pattern replaced by its matches in byte order. A pattern without
/// any match is reported and left out. Relative paths begin at `directory`, and stay relative; "" is the root. In
/// messages `mark` stands before a path.
awaitable<std::vector<std::string>> expand(const Client& client, Messages& messages, std::vector<std::string> paths,
                                           Literal literal, std::string_view directory, std::string_view mark);
inline awaitable<std::vector<std::string>> expand(const Client& client, Messages& messages,
                                                  std::vector<std::string> paths, Literal literal,
                                                  std::string_view directory) {
    return expand(client, messages, std::move(paths), literal, directory, "");
}
inline awaitable<std::vector<std::string>> expand(const Client& client, Messages& messages,
                                                  std::vector<std::string> paths, Literal literal) {
    return expand(client, messages, std::move(paths), literal, "", "");
}

/// `path`, or if it is relative, as it is from the root when it begins at `directory`.
std::string path_from(std::string_view directory, const std::string& path);

}  // namespace p9::tools
