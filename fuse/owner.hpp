// Who owns files: the server's owners as the mount shows them, and the mount's as the server is told.
//
// Plain values and pure functions.
#pragma once

#include "p9/attributes.hpp"
#include "p9/error.hpp"

#include <sys/stat.h>

namespace p9::fuse {

/// A user with his group.
struct Owner {
    u32 uid = NONUNAME;
    u32 gid = NONUNAME;
};

/// How owners and permissions are shown. The members are options of the mount, but for `remote`.
struct OwnerMap {
    bool idmap_user = false;       ///< files of the server's user `remote` are shown as `local`'s, and back
    Owner local;                   ///< whoever mounts
    Owner remote;                  ///< whom the server took him for; NONUNAME where nobody knows
    std::string remote_name;       ///< the same by name, where a dialect has only names
    Owner fixed;                   ///< the owner shown of everything, where it is not NONUNAME
    Owner untold;                  ///< the owner of what the server tells no owner of
    std::optional<u32> file_mask;  ///< permissions that files are shown without; all others they are shown with
    std::optional<u32> dir_mask;   ///< the same for directories

    /// Replaces owner and permissions in `status`, which come from `attributes`, by those to be shown.
    void show(struct stat& status, const Attributes& attributes) const;
    /// Replaces the owners in `change` by the server's. EPERM for another owner where the one shown is fixed.
    Result<void> to_server(AttributeChange& change) const;
    /// The group to ask for where the caller, of group `gid`, makes a file; NONUNAME leaves it to the server.
    u32 group_of_new(u32 gid) const;
};

/// The inode number to show: made of what the server calls the file, so that links to one file show one number, and
/// the same after a remount. Files of different types never share one, whatever the server says. `own` is for files
/// of which the server says nothing.
u64 shown_number(u64 qid_path, FileType type, u64 own);

}  // namespace p9::fuse
