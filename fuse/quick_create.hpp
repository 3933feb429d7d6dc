// Making files one after the other in one directory, without coroutines, with one message for which the caller waits.
#pragma once

#include "fuse/operations.hpp"

namespace p9::fuse {

/// Begins a CREATE; false if it takes more than one message.
bool create_quickly(FileSystem& filesystem, fuse_req_t req, u64 parent, const char* name, int flags, u32 mode, u32 gid);

/// Sees to a fid for the next file that is made in the directory, where one has been made before.
void prepare_next(FileSystem& filesystem, const Inode& directory);

}  // namespace p9::fuse
