// The operations as libfuse calls them: a thin layer that copies arguments and starts coroutines.
#pragma once

#include "fuse/fuse.hpp"

namespace p9::fuse {

/// Every operation that the mount serves; `init` is for the mount to fill in. The session's user data is a FileSystem.
fuse_lowlevel_ops operation_table();
/// Those of open files, which it contains.
void add_open_file_operations(fuse_lowlevel_ops& table);

}  // namespace p9::fuse
