// Symlinks that lead out of the mount (-o symlinks=): a server must not be able to send those who read its tree
// elsewhere, if they do not want that (sshfs had CVE-2026-47187).
//
// Pure functions.
#pragma once

#include "p9/error.hpp"
#include "p9/types.hpp"

#include <string>

namespace p9::fuse {

enum class Symlinks : u8 {
    keep,    ///< as the server has them
    inside,  ///< what would lead out is taken as of the mount's root
    deny,    ///< what would lead out is refused with EPERM
};

/// The target to show of a link in a directory that lies `depth` directories below the mount's root. In the modes
/// other than `keep` a ".." stands only at its beginning, and at most `depth` times: after a name, which may be a
/// symlink itself, nobody can tell where ".." leads; so `a/../b` becomes `b`.
Result<std::string> contained(std::string target, std::size_t depth, Symlinks mode);

}  // namespace p9::fuse
