// p9fuse --status: what a mount says of itself, and how it is asked.
//
// The mount answers a private extended attribute of its root, at once and without its server. The name begins with
// "system.", because for others the kernel may first ask for the root's attributes, and then the server would be asked.
// It is in no list and never sent. Whoever asks does so in a process of its own, so that a mount that hangs hangs
// nobody.
#pragma once

#include "fuse/filesystem.hpp"

namespace p9::fuse {

inline constexpr std::string_view STATUS_ATTRIBUTE = "system.p9fuse.status";
inline constexpr std::string_view STATUS_JSON_ATTRIBUTE = "system.p9fuse.status.json";

/// What the mount says: a line "name: value" for each thing, or one JSON object.
std::string status_of_mount(const FileSystem& fs, bool json);

/// What became of asking the mount at a place.
struct StatusAnswer {
    int number = 0;    ///< 0, or why there is no answer (errno): ENOTCONN of a mount whose p9fuse is gone, ETIMEDOUT of
                       ///< one that hangs
    std::string text;  ///< of the attribute
};

/// Asks the p9fuse mount at `mountpoint`, which must be an absolute path, and waits for that long at most (zero: for
/// ever).
StatusAnswer ask_for_status(const std::string& mountpoint, bool json, Duration patience);

/// Prints the status of the mount that `path` is or lies in. Returns what to exit with.
int show_status(const std::string& path, bool json, Duration patience);

}  // namespace p9::fuse
