// Names: of files that are not whole yet, of what is copied, and which names a server may not bring.
//
// Free functions without state.
#pragma once

#include "p9/attributes.hpp"

#include <string>
#include <string_view>

namespace p9::tools {

/// What tells one version of a file from another.
struct Version {
    u64 size = 0;
    Time mtime;
};

/// The name that a file has until it is whole: `.NAME.p9cp-` and sixteen digits that follow from NAME and `version`, so
/// that a later run finds what an earlier one has left of the same file; `salt` other than 0 makes another. Never above
/// 255 bytes.
std::string draft_name(std::string_view name, const Version& version, u64 salt = 0);

/// True for a name with control characters: no honest tree has one, and a terminal obeys it.
bool is_suspicious(std::string_view name);

/// The last name of a path, trailing slashes aside; empty for one that ends in none: "/", "." and "..".
std::string base_name(std::string_view path);
/// What stands before the last name: "." if nothing does.
std::string folder_of(std::string_view path);

}  // namespace p9::tools
