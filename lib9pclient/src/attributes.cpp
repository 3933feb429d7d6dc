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

}  // namespace p9
