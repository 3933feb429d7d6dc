// What files are and how they are opened, in one form for all dialects.
//
// Plain values, usable from any thread. Numbers (mode and its file type bits, open flags, lock types) are
// Linux's on every host, as 9P2000.L carries them; the older dialects are translated to and from them.
#pragma once

#include "p9/messages.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace p9 {

/// Flags of open(2) as 9P2000.L numbers them; the access mode is the low two bits.
using OpenFlags = u32;
enum : OpenFlags {
    P9_O_RDONLY = 00,
    P9_O_WRONLY = 01,
    P9_O_RDWR = 02,
    P9_O_ACCMODE = 03,
    P9_O_CREAT = 0100,
    P9_O_EXCL = 0200,
    P9_O_NOCTTY = 0400,
    P9_O_TRUNC = 01000,
    P9_O_APPEND = 02000,
    P9_O_NONBLOCK = 04000,
    P9_O_DSYNC = 010000,
    P9_O_DIRECT = 040000,
    P9_O_LARGEFILE = 0100000,
    P9_O_DIRECTORY = 0200000,
    P9_O_NOFOLLOW = 0400000,
    P9_O_NOATIME = 01000000,
    P9_O_CLOEXEC = 02000000,
    P9_O_SYNC = 04000000,
};

/// What a server needs to know of open flags: creation is Tlcreate's own business, and O_DIRECT would put the
/// alignment of its disks on us.
inline constexpr OpenFlags SENT_OPEN_FLAGS = P9_O_ACCMODE | P9_O_TRUNC | P9_O_APPEND | P9_O_NONBLOCK | P9_O_DSYNC |
                                             P9_O_DIRECTORY | P9_O_NOFOLLOW | P9_O_NOATIME | P9_O_SYNC | P9_O_LARGEFILE;

/// File type bits of Attributes::mode (stat(2), Linux numbers).
enum : u32 {
    P9_S_IFMT = 0170000,
    P9_S_IFSOCK = 0140000,
    P9_S_IFLNK = 0120000,
    P9_S_IFREG = 0100000,
    P9_S_IFBLK = 0060000,
    P9_S_IFDIR = 0040000,
    P9_S_IFCHR = 0020000,
    P9_S_IFIFO = 0010000,
    P9_S_PERMISSIONS = 07777,
};

enum class FileType : u8 { file, directory, symlink, block, character, fifo, socket };

/// The type that the P9_S_IFMT bits of `mode` name; `file` for bits that nothing has.
FileType type_of_mode(u32 mode);
/// The P9_S_IFMT bits for a type.
u32 mode_bits(FileType type);
/// The type that a qid's type bits tell; `file` for all that a qid does not tell apart.
FileType type_of_qid(u8 qid_type);

/// Seconds since 1970 and nanoseconds below 10^9. Servers may send times before 1970 as large unsigned numbers.
struct Time {
    std::int64_t seconds = 0;
    u32 nanoseconds = 0;
    auto operator<=>(const Time&) const = default;
};

/// The attributes of a file: Tgetattr's, or what a stat of the older dialects says of them.
struct Attributes {
    u64 valid = 0;  ///< GETATTR_* bits: what the server told; everything else is at its default
    Qid qid;
    u32 mode = 0;  ///< type and permission bits
    u32 uid = NONUNAME;
    u32 gid = NONUNAME;
    u64 nlink = 1;
    u64 rdev = 0;
    u64 size = 0;  ///< bytes; 0 for synthetic files that yield data all the same
    u64 blksize = 0;
    u64 blocks = 0;  ///< of 512 bytes
    Time atime;
    Time mtime;
    Time ctime;
    Time btime;
    u64 gen = 0;
    u64 data_version = 0;
    std::string user;      ///< the owner's name in 9P2000 and .u, else empty
    std::string group;     ///< the group's name in 9P2000 and .u, else empty
    std::string modifier;  ///< who changed it last (9P2000's muid), else empty
    std::string target;    ///< where a symlink of 9P2000.u points to, else empty

    FileType type() const { return type_of_mode(mode); }
    bool is_directory() const { return type() == FileType::directory; }
};

/// A new value for a time: a moment, or the server's "now".
struct TimeChange {
    std::optional<Time> time;  ///< nothing means now
};

/// Which attributes to change and to what; what is left out stays.
struct AttributeChange {
    std::optional<u32> mode;  ///< permission bits (07777)
    std::optional<u32> uid;
    std::optional<u32> gid;
    std::optional<u64> size;
    std::optional<TimeChange> atime;
    std::optional<TimeChange> mtime;
};

/// The message of 9P2000.L that makes the change; it says that nothing is valid if there is none.
Tsetattr setattr_message(Fid fid, const AttributeChange& change);

/// The message of 9P2000.L that makes the file `name` in the directory of `fid`, which becomes the open file.
Tlcreate lcreate_message(Fid fid, std::string name, OpenFlags flags, u32 mode, u32 gid);

/// An entry of a directory. The names are the server's and have been checked: never empty, ".", "..", longer
/// than 255 bytes, nor holding '/' or NUL.
struct DirectoryEntry {
    std::string name;
    Qid qid;
    u64 next = 0;                          ///< the cookie at which to go on after this entry
    std::optional<FileType> type;          ///< where the server told it
    std::optional<Attributes> attributes;  ///< where the dialect lists them (9P2000 and .u)
};

/// Some entries of a directory, in the server's order.
struct DirectoryBatch {
    std::vector<DirectoryEntry> entries;
    std::vector<std::string> refused;  ///< names that were skipped because nothing may bear them
    bool end = false;                  ///< true when there is nothing after these
    u64 next = 0;                      ///< the cookie at which to go on
};

/// True for a name that may stand in a directory: see DirectoryEntry.
bool valid_name(std::string_view name);

/// The figures of statfs(2); sizes are in blocks of `bsize` bytes.
using StatFs = Rstatfs;

enum class LockType : u8 { read = 0, write = 1, unlock = 2 };
enum class LockStatus : u8 { ok = 0, blocked = 1, error = 2, grace = 3 };

/// A POSIX record lock (fcntl(2)); a length of 0 reaches to the end of the file.
struct Lock {
    LockType type = LockType::unlock;
    u64 start = 0;
    u64 length = 0;
    u32 proc_id = 0;
    std::string client_id;
};

}  // namespace p9
