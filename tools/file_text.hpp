// Small texts in files of a server: one command is one Twrite; files of length 0 are read to their end all the same.
//
// Free functions; the file must outlive the coroutine.
#pragma once

#include "p9/file.hpp"

#include <string>
#include <string_view>

namespace p9::tools {

/// Everything from the beginning of `file` to its end, whatever length it claims. EFBIG above 64 MiB.
awaitable<Result<std::string>> read_to_end(const File& file);
/// Writes `text` in exactly one Twrite. EMSGSIZE, and nothing sent, if it does not fit into one.
awaitable<Result<void>> write_once(const File& file, std::string_view text);
/// What the server answers to one Tread.
awaitable<Result<std::string>> read_once(const File& file, u64 offset);
/// Writes `text` in one Twrite and reads the one reply on the same fid; an empty one is an error.
awaitable<Result<std::string>> ask_once(const File& file, std::string_view text);

}  // namespace p9::tools
