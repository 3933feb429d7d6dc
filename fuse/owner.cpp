#include "fuse/owner.hpp"

#include <cerrno>

namespace p9::fuse {

void OwnerMap::show(struct stat& status, const Attributes& attributes) const {
    status.st_uid = attributes.uid == NONUNAME ? untold.uid : attributes.uid;
    status.st_gid = attributes.gid == NONUNAME ? untold.gid : attributes.gid;
    if (idmap_user) {
        const bool by_number = remote.uid != NONUNAME && attributes.uid == remote.uid;
        const bool by_name = attributes.uid == NONUNAME && !remote_name.empty() && attributes.user == remote_name;
        if (by_number || by_name) status.st_uid = local.uid;
        if (remote.gid != NONUNAME && attributes.gid == remote.gid) status.st_gid = local.gid;
    }
    if (fixed.uid != NONUNAME) status.st_uid = fixed.uid;
    if (fixed.gid != NONUNAME) status.st_gid = fixed.gid;
    const auto& mask = S_ISDIR(status.st_mode) ? dir_mask : file_mask;
    // A symlink's permissions mean nothing, and everybody shows them all.
    if (mask && !S_ISLNK(status.st_mode)) status.st_mode = (status.st_mode & S_IFMT) | (0777 & ~*mask);
}

namespace {

/// One number of a change: nothing is left of it where it is what is shown anyway.
Result<void> number_to_server(std::optional<u32>& wanted, u32 fixed, u32 local, u32 remote) {
    if (!wanted) return boost::system::in_place_value;
    if (fixed != NONUNAME) {
        if (*wanted != fixed) return Error::from_errno(EPERM, "the owner shown is fixed by uid= or gid=");
        wanted.reset();
    } else if (remote != NONUNAME && *wanted == local) {
        wanted = remote;
    }
    return boost::system::in_place_value;
}

}  // namespace

Result<void> OwnerMap::to_server(AttributeChange& change) const {
    auto user = number_to_server(change.uid, fixed.uid, local.uid, idmap_user ? remote.uid : NONUNAME);
    if (!user) return user;
    return number_to_server(change.gid, fixed.gid, local.gid, idmap_user ? remote.gid : NONUNAME);
}

u32 OwnerMap::group_of_new(u32 gid) const {
    if (fixed.gid != NONUNAME) return NONUNAME;
    if (!idmap_user) return gid;
    // The numbers of other groups mean nothing to that server.
    return gid == local.gid ? remote.gid : NONUNAME;
}

u64 shown_number(u64 qid_path, FileType type, u64 own) {
    // The golden ratio: far apart for each type, and no server comes near by counting.
    constexpr u64 apart = 0x9e3779b97f4a7c15;
    const u64 number = qid_path + apart * static_cast<u64>(type);
    return qid_path == 0 || number == 0 ? own : number;
}

}  // namespace p9::fuse
