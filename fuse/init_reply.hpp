// What the answer to the kernel's INIT says that this libfuse has no name for.
//
// Functions for one session; Mount's FileSystem keeps whether INIT has been answered. One thread.
#pragma once

#include "fuse/fuse.hpp"

namespace p9::fuse {

/// Lets programs map files (MAP_SHARED) that go past the page cache: FUSE_DIRECT_IO_ALLOW_MMAP, of Linux 6.6 and
/// libfuse 3.17. Older kernels do not look at it, and refuse such maps with ENODEV. To be called once, when `session`
/// is mounted and before it serves.
void allow_shared_maps(fuse_session* session);

}  // namespace p9::fuse
