// Between the kernel's structures and the library's, with what a server says checked on the way.
//
// Pure functions.
#pragma once

#include "fuse/owner.hpp"

#include "p9/attributes.hpp"
#include "p9/error.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

namespace p9::fuse {

/// `attributes` for the inode of this number and type, with the owners that are to be shown. ESTALE if the server now
/// says another type; EOVERFLOW for a size that no file offset reaches.
Result<struct stat> to_stat(const OwnerMap& owners, const Attributes& attributes, u64 number, FileType type);

struct statvfs to_statvfs(const StatFs& figures);

/// Linux's open flags, as this host numbers them, in the protocol's numbers; those that concern only the kernel's side
/// of the mount are left out.
OpenFlags to_open_flags(int flags);

/// The change that a SETATTR request with this mask (FUSE_SET_ATTR_*) asks for.
AttributeChange to_change(const struct stat& wanted, int mask);

/// The permissions of a file with this mode after somebody has written to it: without the set-user-ID bit and, where
/// the group may execute it, the set-group-ID bit (else that would mean mandatory locks).
u32 without_set_id(u32 mode);
/// A file that would lose bits so.
bool has_set_id(const Attributes& attributes);

/// Part of a file, and how it is locked; a length of 0 reaches to the end.
struct LockRange {
    LockType type = LockType::unlock;
    u64 start = 0;
    u64 length = 0;
};

LockRange to_range(const struct flock& lock);
struct flock to_flock(const LockRange& range, u32 pid);

}  // namespace p9::fuse
