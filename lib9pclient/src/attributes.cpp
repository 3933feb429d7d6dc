#include "p9/attributes.hpp"

namespace p9 {

FileType type_of_mode(u32 mode) {
    switch (mode & P9_S_IFMT) {
        case P9_S_IFDIR:
            return FileType::directory;
        case P9_S_IFLNK:
            return FileType::symlink;
        case P9_S_IFBLK:
            return FileType::block;
        case P9_S_IFCHR:
            return FileType::character;
        case P9_S_IFIFO:
            return FileType::fifo;
        case P9_S_IFSOCK:
            return FileType::socket;
        default:
            return FileType::file;
    }
}

u32 mode_bits(FileType type) {
    switch (type) {
        case FileType::file:
            return P9_S_IFREG;
        case FileType::directory:
            return P9_S_IFDIR;
        case FileType::symlink:
            return P9_S_IFLNK;
        case FileType::block:
            return P9_S_IFBLK;
        case FileType::character:
            return P9_S_IFCHR;
        case FileType::fifo:
            return P9_S_IFIFO;
        case FileType::socket:
            return P9_S_IFSOCK;
    }
    return P9_S_IFREG;
}

FileType type_of_qid(u8 qid_type) {
    if (qid_type & QTDIR) return FileType::directory;
    return qid_type & QTSYMLINK ? FileType::symlink : FileType::file;
}

Tlcreate lcreate_message(Fid fid, std::string name, OpenFlags flags, u32 mode, u32 gid) {
    const OpenFlags sent = (flags & (SENT_OPEN_FLAGS | P9_O_EXCL)) | P9_O_CREAT;
    return {fid, std::move(name), sent, mode & P9_S_PERMISSIONS, gid};
}

Tsetattr setattr_message(Fid fid, const AttributeChange& change) {
    Tsetattr request{.fid = fid};
    const auto set = [&](u32 bit) { request.valid |= bit; };
    if (change.mode) set(SETATTR_MODE), request.mode = *change.mode & P9_S_PERMISSIONS;
    if (change.uid) set(SETATTR_UID), request.uid = *change.uid;
    if (change.gid) set(SETATTR_GID), request.gid = *change.gid;
    if (change.size) set(SETATTR_SIZE), request.size = *change.size;
    if (change.atime) {
        set(SETATTR_ATIME);
        if (const auto& time = change.atime->time) {
            set(SETATTR_ATIME_SET);
            request.atime_sec = static_cast<u64>(time->seconds);
            request.atime_nsec = time->nanoseconds;
        }
    }
    if (change.mtime) {
        set(SETATTR_MTIME);
        if (const auto& time = change.mtime->time) {
            set(SETATTR_MTIME_SET);
            request.mtime_sec = static_cast<u64>(time->seconds);
            request.mtime_nsec = time->nanoseconds;
        }
    }
    return request;
}

}  // namespace p9
