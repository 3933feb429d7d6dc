// The parts of p9cat: opening a file, and the three ways of reading it.
//
// Each of the reading coroutines reports its errors itself and returns false when nothing more may be written:
// the output failed, or the run was cancelled.
#pragma once

#include "tools/progress.hpp"
#include "tools/run.hpp"

#include <optional>
#include <string>
#include <vector>

namespace p9::tools {

struct CatOptions {
    std::vector<std::string> paths;
    std::optional<u64> offset;
    std::optional<u64> length;
    std::optional<u64> count;  ///< of replies: the file is an event file
    bool follow = false;
    std::string output;  ///< a file; empty: standard output
    bool progress = false;
};

/// A file on the server, open. (p9cp has a Source, and p9sh links both.)
struct OpenSource {
    std::string path;
    File file;
    Attributes attributes;  ///< their `valid` is 0 if the server did not tell

    /// The size, where it says something about what can be read.
    u64 expected_end() const;
};

/// Where the bytes go and what goes with them.
struct Sink {
    Messages& messages;
    Output& out;
    Progress& progress;
};

/// Walks to `path`, from `directory` if it is relative, and opens it; EISDIR for a directory.
awaitable<Result<OpenSource>> open_source(const Client& client, std::string path, std::string_view directory);

/// Copies the range that `options` name with many reads in flight; `position`, unless null, gets the offset reached.
awaitable<bool> copy(OpenSource& source, const CatOptions& options, Sink& sink, u64* position = nullptr);
/// Copies, then waits for more for ever.
awaitable<bool> follow(OpenSource& source, const CatOptions& options, Sink& sink);
/// Reads one reply after the other, printing each as it comes.
awaitable<bool> copy_events(OpenSource& source, const CatOptions& options, Sink& sink);

/// Does what the command line says.
awaitable<void> cat(Context& context, const CatOptions& options);
/// Prints `paths`, which are no patterns, as `options` say.
awaitable<void> cat_paths(Context& context, const CatOptions& options, std::vector<std::string> paths, Sink& sink);

}  // namespace p9::tools
