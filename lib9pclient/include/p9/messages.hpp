// Every message of 9P2000, 9P2000.u and 9P2000.L, declared once.
//
// A message is a struct with its name (`message`), its type number, the dialects that have it, for a T-message its
// Reply, and `fields`, which shows its fields to a visitor in wire order under the names of the manual. A
// field that only some dialects have is a plain `if` on the visitor's dialect. Size, encoding, decoding
// (wire.hpp) and the trace (trace.hpp) all follow from these declarations through the list `Messages`.
//
// Messages are plain values. Strings own their bytes; a Payload may borrow them. Sources: the Plan 9
// manual, section 5; the 9P2000.u draft; diod's protocol description for 9P2000.L.
#pragma once

#include "p9/frame.hpp"
#include "p9/types.hpp"

#include <boost/container/static_vector.hpp>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

namespace p9 {

/// A list of types.
template <class... Ms>
struct List {};

/// Which dialects have a message.
enum class Dialects : u8 { everywhere, before_linux, only_linux };

constexpr bool speaks(Dialects which, Dialect dialect) {
    return which == Dialects::everywhere || (which == Dialects::only_linux) == (dialect == Dialect::linux_);
}

/// Names of a Twalk.
using Names = boost::container::static_vector<std::string, MAXWELEM>;
/// Qids of an Rwalk.
using Qids = boost::container::static_vector<Qid, MAXWELEM>;

/// Data of a read or write: a view, and its owner where there is one. On the wire count[4] and the bytes.
struct Payload {
    Bytes bytes;
    Buffer owner;  // keeps `bytes` alive if it is not empty
    /// Of a Twrite: the connection may hand over the pages of `bytes` instead of a copy, if that is faster. The server
    /// then sees changes made before it receives. So the memory must not be written to until Rwrite has come, and
    /// never again if none comes: it may be unmapped then, not freed or used again. A server that answers early can
    /// look at it for as long as it likes: nothing may ever be there that it must not see. Pages go by splice(2),
    /// which raises SIGPIPE: ignore it.
    bool lent = false;

    Payload() = default;
    /// Borrows: the bytes must outlive the payload.
    Payload(Bytes borrowed) : bytes(borrowed) {}
    bool operator==(const Payload& other) const { return std::ranges::equal(bytes, other.bytes); }
};

/// A value with its length in bytes as a number of 16 bits before it, as Rstat and Twstat carry a stat.
template <class T>
struct Counted {
    T value;
    bool operator==(const Counted&) const = default;
};

/// A last field that older peers leave out.
template <class T>
struct Tail {
    std::optional<T> value;
    bool operator==(const Tail&) const = default;
};

/// The attributes of a file before 9P2000.L (stat(5)), and an entry of a directory there. On the wire it
/// begins with its own size[2].
struct Stat {
    static constexpr bool sized = true;

    u16 type{};
    u32 dev{};
    Qid qid;
    u32 mode{};
    u32 atime{};
    u32 mtime{};
    u64 length{};
    std::string name;
    std::string uid;
    std::string gid;
    std::string muid;
    std::string extension;
    u32 n_uid = NONUNAME;
    u32 n_gid = NONUNAME;
    u32 n_muid = NONUNAME;

    static void fields(auto& m, auto& v) {
        v("type", m.type);
        v("dev", m.dev);
        v("qid", m.qid);
        v("mode", m.mode);
        v("atime", m.atime);
        v("mtime", m.mtime);
        v("length", m.length);
        v("name", m.name);
        v("uid", m.uid);
        v("gid", m.gid);
        v("muid", m.muid);
        if (v.dialect != Dialect::base) {
            v("extension", m.extension);
            v("n_uid", m.n_uid);
            v("n_gid", m.n_gid);
            v("n_muid", m.n_muid);
        }
    }
    bool operator==(const Stat&) const = default;
};

/// The value of every integer field that a Twstat leaves as it is (stat(5)).
Stat unchanged_stat();

/// One entry in the data of an Rreaddir. `offset` is the cookie of the entry after it; `type` a DT_* of readdir(3).
struct Dirent {
    Qid qid;
    u64 offset{};
    u8 type{};
    std::string name;

    static void fields(auto& m, auto& v) {
        v("qid", m.qid);
        v("offset", m.offset);
        v("type", m.type);
        v("name", m.name);
    }
    bool operator==(const Dirent&) const = default;
};

/// Bits of Tgetattr's request_mask and Rgetattr's valid.
enum : u64 {
    GETATTR_MODE = 0x1,
    GETATTR_NLINK = 0x2,
    GETATTR_UID = 0x4,
    GETATTR_GID = 0x8,
    GETATTR_RDEV = 0x10,
    GETATTR_ATIME = 0x20,
    GETATTR_MTIME = 0x40,
    GETATTR_CTIME = 0x80,
    GETATTR_INO = 0x100,
    GETATTR_SIZE = 0x200,
    GETATTR_BLOCKS = 0x400,
    GETATTR_BTIME = 0x800,
    GETATTR_GEN = 0x1000,
    GETATTR_DATA_VERSION = 0x2000,
    GETATTR_BASIC = 0x7ff,
    GETATTR_ALL = 0x3fff,
};

/// Bits of Tsetattr's valid. A time without its *_SET bit means "now".
enum : u32 {
    SETATTR_MODE = 0x1,
    SETATTR_UID = 0x2,
    SETATTR_GID = 0x4,
    SETATTR_SIZE = 0x8,
    SETATTR_ATIME = 0x10,
    SETATTR_MTIME = 0x20,
    SETATTR_CTIME = 0x40,
    SETATTR_ATIME_SET = 0x80,
    SETATTR_MTIME_SET = 0x100,
};

/// Tunlinkat's flag for a directory.
inline constexpr u32 P9_AT_REMOVEDIR = 0x200;

/// Answers Tversion.
struct Rversion {
    static constexpr std::string_view message = "Rversion";
    static constexpr u8 type = 101;
    static constexpr Dialects dialects = Dialects::everywhere;

    u32 msize{};
    std::string version;

    static void fields(auto& m, auto& v) {
        v("msize", m.msize);
        v("version", m.version);
    }
    bool operator==(const Rversion&) const = default;
};

/// Opens a conversation and resets the connection (version(5)). Its layout is the same in every dialect.
struct Tversion {
    static constexpr std::string_view message = "Tversion";
    static constexpr u8 type = 100;
    static constexpr Dialects dialects = Dialects::everywhere;
    using Reply = Rversion;

    u32 msize{};
    std::string version;

    static void fields(auto& m, auto& v) {
        v("msize", m.msize);
        v("version", m.version);
    }
    bool operator==(const Tversion&) const = default;
};

/// Answers Tauth.
struct Rauth {
    static constexpr std::string_view message = "Rauth";
    static constexpr u8 type = 103;
    static constexpr Dialects dialects = Dialects::everywhere;

    Qid aqid;

    static void fields(auto& m, auto& v) { v("aqid", m.aqid); }
    bool operator==(const Rauth&) const = default;
};

/// Asks for a fid over which to authenticate (attach(5)).
struct Tauth {
    static constexpr std::string_view message = "Tauth";
    static constexpr u8 type = 102;
    static constexpr Dialects dialects = Dialects::everywhere;
    using Reply = Rauth;

    Fid afid = NOFID;
    std::string uname;
    std::string aname;
    u32 n_uname = NONUNAME;

    static void fields(auto& m, auto& v) {
        v("afid", m.afid);
        v("uname", m.uname);
        v("aname", m.aname);
        if (v.dialect != Dialect::base) v("n_uname", m.n_uname);
    }
    bool operator==(const Tauth&) const = default;
};

/// Answers Tattach.
struct Rattach {
    static constexpr std::string_view message = "Rattach";
    static constexpr u8 type = 105;
    static constexpr Dialects dialects = Dialects::everywhere;

    Qid qid;

    static void fields(auto& m, auto& v) { v("qid", m.qid); }
    bool operator==(const Rattach&) const = default;
};

/// Makes fid the root of a tree (attach(5)).
struct Tattach {
    static constexpr std::string_view message = "Tattach";
    static constexpr u8 type = 104;
    static constexpr Dialects dialects = Dialects::everywhere;
    using Reply = Rattach;

    Fid fid = NOFID;
    Fid afid = NOFID;
    std::string uname;
    std::string aname;
    u32 n_uname = NONUNAME;

    static void fields(auto& m, auto& v) {
        v("fid", m.fid);
        v("afid", m.afid);
        v("uname", m.uname);
        v("aname", m.aname);
        if (v.dialect != Dialect::base) v("n_uname", m.n_uname);
    }
    bool operator==(const Tattach&) const = default;
};

/// Answers Tflush.
struct Rflush {
    static constexpr std::string_view message = "Rflush";
    static constexpr u8 type = 109;
    static constexpr Dialects dialects = Dialects::everywhere;

    static void fields(auto&, auto&) {}
    bool operator==(const Rflush&) const = default;
};

/// Asks that oldtag be answered no more (flush(5)).
struct Tflush {
    static constexpr std::string_view message = "Tflush";
    static constexpr u8 type = 108;
    static constexpr Dialects dialects = Dialects::everywhere;
    using Reply = Rflush;

    Tag oldtag = NOTAG;

    static void fields(auto& m, auto& v) { v("oldtag", m.oldtag); }
    bool operator==(const Tflush&) const = default;
};

/// Answers Twalk.
struct Rwalk {
    static constexpr std::string_view message = "Rwalk";
    static constexpr u8 type = 111;
    static constexpr Dialects dialects = Dialects::everywhere;

    Qids wqid;

    static void fields(auto& m, auto& v) { v("wqid", m.wqid); }
    bool operator==(const Rwalk&) const = default;
};

/// Walks from fid by name and makes newfid the end of the walk (walk(5)).
struct Twalk {
    static constexpr std::string_view message = "Twalk";
    static constexpr u8 type = 110;
    static constexpr Dialects dialects = Dialects::everywhere;
    using Reply = Rwalk;

    Fid fid = NOFID;
    Fid newfid = NOFID;
    Names wname;

    static void fields(auto& m, auto& v) {
        v("fid", m.fid);
        v("newfid", m.newfid);
        v("wname", m.wname);
    }
    bool operator==(const Twalk&) const = default;
};

/// Answers Topen.
struct Ropen {
    static constexpr std::string_view message = "Ropen";
    static constexpr u8 type = 113;
    static constexpr Dialects dialects = Dialects::before_linux;

    Qid qid;
    u32 iounit{};

    static void fields(auto& m, auto& v) {
        v("qid", m.qid);
        v("iounit", m.iounit);
    }
    bool operator==(const Ropen&) const = default;
};

/// Opens a file (open(5)).
struct Topen {
    static constexpr std::string_view message = "Topen";
    static constexpr u8 type = 112;
    static constexpr Dialects dialects = Dialects::before_linux;
    using Reply = Ropen;

    Fid fid = NOFID;
    u8 mode{};

    static void fields(auto& m, auto& v) {
        v("fid", m.fid);
        v("mode", m.mode);
    }
    bool operator==(const Topen&) const = default;
};

/// Answers Tcreate.
struct Rcreate {
    static constexpr std::string_view message = "Rcreate";
    static constexpr u8 type = 115;
    static constexpr Dialects dialects = Dialects::before_linux;

    Qid qid;
    u32 iounit{};

    static void fields(auto& m, auto& v) {
        v("qid", m.qid);
        v("iounit", m.iounit);
    }
    bool operator==(const Rcreate&) const = default;
};

/// Creates and opens a file; fid, a directory, becomes it (open(5)).
struct Tcreate {
    static constexpr std::string_view message = "Tcreate";
    static constexpr u8 type = 114;
    static constexpr Dialects dialects = Dialects::before_linux;
    using Reply = Rcreate;

    Fid fid = NOFID;
    std::string name;
    u32 perm{};
    u8 mode{};
    std::string extension;

    static void fields(auto& m, auto& v) {
        v("fid", m.fid);
        v("name", m.name);
        v("perm", m.perm);
        v("mode", m.mode);
        if (v.dialect != Dialect::base) v("extension", m.extension);
    }
    bool operator==(const Tcreate&) const = default;
};

/// Answers Tread.
struct Rread {
    static constexpr std::string_view message = "Rread";
    static constexpr u8 type = 117;
    static constexpr Dialects dialects = Dialects::everywhere;

    Payload data;

    static void fields(auto& m, auto& v) { v("data", m.data); }
    bool operator==(const Rread&) const = default;
};

/// Reads bytes, or whole stat records of a directory before 9P2000.L (read(5)).
struct Tread {
    static constexpr std::string_view message = "Tread";
    static constexpr u8 type = 116;
    static constexpr Dialects dialects = Dialects::everywhere;
    using Reply = Rread;

    Fid fid = NOFID;
    u64 offset{};
    u32 count{};

    static void fields(auto& m, auto& v) {
        v("fid", m.fid);
        v("offset", m.offset);
        v("count", m.count);
    }
    bool operator==(const Tread&) const = default;
};

/// Answers Twrite.
struct Rwrite {
    static constexpr std::string_view message = "Rwrite";
    static constexpr u8 type = 119;
    static constexpr Dialects dialects = Dialects::everywhere;

    u32 count{};

    static void fields(auto& m, auto& v) { v("count", m.count); }
    bool operator==(const Rwrite&) const = default;
};

/// Writes bytes (read(5)).
struct Twrite {
    static constexpr std::string_view message = "Twrite";
    static constexpr u8 type = 118;
    static constexpr Dialects dialects = Dialects::everywhere;
    using Reply = Rwrite;

    Fid fid = NOFID;
    u64 offset{};
    Payload data;

    static void fields(auto& m, auto& v) {
        v("fid", m.fid);
        v("offset", m.offset);
        v("data", m.data);
    }
    bool operator==(const Twrite&) const = default;
};

/// Answers Tclunk.
struct Rclunk {
    static constexpr std::string_view message = "Rclunk";
    static constexpr u8 type = 121;
    static constexpr Dialects dialects = Dialects::everywhere;

    static void fields(auto&, auto&) {}
    bool operator==(const Rclunk&) const = default;
};

/// Ends a fid, whatever the answer (clunk(5)).
struct Tclunk {
    static constexpr std::string_view message = "Tclunk";
    static constexpr u8 type = 120;
    static constexpr Dialects dialects = Dialects::everywhere;
    using Reply = Rclunk;

    Fid fid = NOFID;

    static void fields(auto& m, auto& v) { v("fid", m.fid); }
    bool operator==(const Tclunk&) const = default;
};

/// Answers Tremove.
struct Rremove {
    static constexpr std::string_view message = "Rremove";
    static constexpr u8 type = 123;
    static constexpr Dialects dialects = Dialects::everywhere;

    static void fields(auto&, auto&) {}
    bool operator==(const Rremove&) const = default;
};

/// Removes a file and ends its fid even when it fails (remove(5)).
struct Tremove {
    static constexpr std::string_view message = "Tremove";
    static constexpr u8 type = 122;
    static constexpr Dialects dialects = Dialects::everywhere;
    using Reply = Rremove;

    Fid fid = NOFID;

    static void fields(auto& m, auto& v) { v("fid", m.fid); }
    bool operator==(const Tremove&) const = default;
};

/// Answers Tstat.
struct Rstat {
    static constexpr std::string_view message = "Rstat";
    static constexpr u8 type = 125;
    static constexpr Dialects dialects = Dialects::before_linux;

    Counted<Stat> stat;

    static void fields(auto& m, auto& v) { v("stat", m.stat); }
    bool operator==(const Rstat&) const = default;
};

/// Asks for the attributes of a file (stat(5)).
struct Tstat {
    static constexpr std::string_view message = "Tstat";
    static constexpr u8 type = 124;
    static constexpr Dialects dialects = Dialects::before_linux;
    using Reply = Rstat;

    Fid fid = NOFID;

    static void fields(auto& m, auto& v) { v("fid", m.fid); }
    bool operator==(const Tstat&) const = default;
};

/// Answers Twstat.
struct Rwstat {
    static constexpr std::string_view message = "Rwstat";
    static constexpr u8 type = 127;
    static constexpr Dialects dialects = Dialects::before_linux;

    static void fields(auto&, auto&) {}
    bool operator==(const Rwstat&) const = default;
};

/// Changes the attributes of a file; all ones and empty strings mean "leave it" (stat(5)).
struct Twstat {
    static constexpr std::string_view message = "Twstat";
    static constexpr u8 type = 126;
    static constexpr Dialects dialects = Dialects::before_linux;
    using Reply = Rwstat;

    Fid fid = NOFID;
    Counted<Stat> stat;

    static void fields(auto& m, auto& v) {
        v("fid", m.fid);
        v("stat", m.stat);
    }
    bool operator==(const Twstat&) const = default;
};

/// Answers Tstatfs.
struct Rstatfs {
    static constexpr std::string_view message = "Rstatfs";
    static constexpr u8 type = 9;
    static constexpr Dialects dialects = Dialects::only_linux;

    u32 fs_type{};
    u32 bsize{};
    u64 blocks{};
    u64 bfree{};
    u64 bavail{};
    u64 files{};
    u64 ffree{};
    u64 fsid{};
    u32 namelen{};

    static void fields(auto& m, auto& v) {
        v("type", m.fs_type);
        v("bsize", m.bsize);
        v("blocks", m.blocks);
        v("bfree", m.bfree);
        v("bavail", m.bavail);
        v("files", m.files);
        v("ffree", m.ffree);
        v("fsid", m.fsid);
        v("namelen", m.namelen);
    }
    bool operator==(const Rstatfs&) const = default;
};

/// Asks for the figures of statfs(2).
struct Tstatfs {
    static constexpr std::string_view message = "Tstatfs";
    static constexpr u8 type = 8;
    static constexpr Dialects dialects = Dialects::only_linux;
    using Reply = Rstatfs;

    Fid fid = NOFID;

    static void fields(auto& m, auto& v) { v("fid", m.fid); }
    bool operator==(const Tstatfs&) const = default;
};

/// Answers Tlopen.
struct Rlopen {
    static constexpr std::string_view message = "Rlopen";
    static constexpr u8 type = 13;
    static constexpr Dialects dialects = Dialects::only_linux;

    Qid qid;
    u32 iounit{};

    static void fields(auto& m, auto& v) {
        v("qid", m.qid);
        v("iounit", m.iounit);
    }
    bool operator==(const Rlopen&) const = default;
};

/// Opens a file with the flags of open(2).
struct Tlopen {
    static constexpr std::string_view message = "Tlopen";
    static constexpr u8 type = 12;
    static constexpr Dialects dialects = Dialects::only_linux;
    using Reply = Rlopen;

    Fid fid = NOFID;
    u32 flags{};

    static void fields(auto& m, auto& v) {
        v("fid", m.fid);
        v("flags", m.flags);
    }
    bool operator==(const Tlopen&) const = default;
};

/// Answers Tlcreate.
struct Rlcreate {
    static constexpr std::string_view message = "Rlcreate";
    static constexpr u8 type = 15;
    static constexpr Dialects dialects = Dialects::only_linux;

    Qid qid;
    u32 iounit{};

    static void fields(auto& m, auto& v) {
        v("qid", m.qid);
        v("iounit", m.iounit);
    }
    bool operator==(const Rlcreate&) const = default;
};

/// Creates and opens a file; fid, a directory, becomes it.
struct Tlcreate {
    static constexpr std::string_view message = "Tlcreate";
    static constexpr u8 type = 14;
    static constexpr Dialects dialects = Dialects::only_linux;
    using Reply = Rlcreate;

    Fid fid = NOFID;
    std::string name;
    u32 flags{};
    u32 mode{};
    u32 gid = NONUNAME;

    static void fields(auto& m, auto& v) {
        v("fid", m.fid);
        v("name", m.name);
        v("flags", m.flags);
        v("mode", m.mode);
        v("gid", m.gid);
    }
    bool operator==(const Tlcreate&) const = default;
};

/// Answers Tsymlink.
struct Rsymlink {
    static constexpr std::string_view message = "Rsymlink";
    static constexpr u8 type = 17;
    static constexpr Dialects dialects = Dialects::only_linux;

    Qid qid;

    static void fields(auto& m, auto& v) { v("qid", m.qid); }
    bool operator==(const Rsymlink&) const = default;
};

/// Makes a symbolic link in the directory fid.
struct Tsymlink {
    static constexpr std::string_view message = "Tsymlink";
    static constexpr u8 type = 16;
    static constexpr Dialects dialects = Dialects::only_linux;
    using Reply = Rsymlink;

    Fid fid = NOFID;
    std::string name;
    std::string symtgt;
    u32 gid = NONUNAME;

    static void fields(auto& m, auto& v) {
        v("fid", m.fid);
        v("name", m.name);
        v("symtgt", m.symtgt);
        v("gid", m.gid);
    }
    bool operator==(const Tsymlink&) const = default;
};

/// Answers Tmknod.
struct Rmknod {
    static constexpr std::string_view message = "Rmknod";
    static constexpr u8 type = 19;
    static constexpr Dialects dialects = Dialects::only_linux;

    Qid qid;

    static void fields(auto& m, auto& v) { v("qid", m.qid); }
    bool operator==(const Rmknod&) const = default;
};

/// Makes a device, fifo or socket node.
struct Tmknod {
    static constexpr std::string_view message = "Tmknod";
    static constexpr u8 type = 18;
    static constexpr Dialects dialects = Dialects::only_linux;
    using Reply = Rmknod;

    Fid dfid = NOFID;
    std::string name;
    u32 mode{};
    u32 major{};
    u32 minor{};
    u32 gid = NONUNAME;

    static void fields(auto& m, auto& v) {
        v("dfid", m.dfid);
        v("name", m.name);
        v("mode", m.mode);
        v("major", m.major);
        v("minor", m.minor);
        v("gid", m.gid);
    }
    bool operator==(const Tmknod&) const = default;
};

/// Answers Trename.
struct Rrename {
    static constexpr std::string_view message = "Rrename";
    static constexpr u8 type = 21;
    static constexpr Dialects dialects = Dialects::only_linux;

    static void fields(auto&, auto&) {}
    bool operator==(const Rrename&) const = default;
};

/// Moves the file fid into the directory dfid as name.
struct Trename {
    static constexpr std::string_view message = "Trename";
    static constexpr u8 type = 20;
    static constexpr Dialects dialects = Dialects::only_linux;
    using Reply = Rrename;

    Fid fid = NOFID;
    Fid dfid = NOFID;
    std::string name;

    static void fields(auto& m, auto& v) {
        v("fid", m.fid);
        v("dfid", m.dfid);
        v("name", m.name);
    }
    bool operator==(const Trename&) const = default;
};

/// Answers Treadlink.
struct Rreadlink {
    static constexpr std::string_view message = "Rreadlink";
    static constexpr u8 type = 23;
    static constexpr Dialects dialects = Dialects::only_linux;

    std::string target;

    static void fields(auto& m, auto& v) { v("target", m.target); }
    bool operator==(const Rreadlink&) const = default;
};

/// Reads a symbolic link.
struct Treadlink {
    static constexpr std::string_view message = "Treadlink";
    static constexpr u8 type = 22;
    static constexpr Dialects dialects = Dialects::only_linux;
    using Reply = Rreadlink;

    Fid fid = NOFID;

    static void fields(auto& m, auto& v) { v("fid", m.fid); }
    bool operator==(const Treadlink&) const = default;
};

/// Answers Tgetattr.
struct Rgetattr {
    static constexpr std::string_view message = "Rgetattr";
    static constexpr u8 type = 25;
    static constexpr Dialects dialects = Dialects::only_linux;

    u64 valid{};
    Qid qid;
    u32 mode{};
    u32 uid = NONUNAME;
    u32 gid = NONUNAME;
    u64 nlink{};
    u64 rdev{};
    u64 size{};
    u64 blksize{};
    u64 blocks{};
    u64 atime_sec{};
    u64 atime_nsec{};
    u64 mtime_sec{};
    u64 mtime_nsec{};
    u64 ctime_sec{};
    u64 ctime_nsec{};
    u64 btime_sec{};
    u64 btime_nsec{};
    u64 gen{};
    u64 data_version{};

    static void fields(auto& m, auto& v) {
        v("valid", m.valid);
        v("qid", m.qid);
        v("mode", m.mode);
        v("uid", m.uid);
        v("gid", m.gid);
        v("nlink", m.nlink);
        v("rdev", m.rdev);
        v("size", m.size);
        v("blksize", m.blksize);
        v("blocks", m.blocks);
        v("atime_sec", m.atime_sec);
        v("atime_nsec", m.atime_nsec);
        v("mtime_sec", m.mtime_sec);
        v("mtime_nsec", m.mtime_nsec);
        v("ctime_sec", m.ctime_sec);
        v("ctime_nsec", m.ctime_nsec);
        v("btime_sec", m.btime_sec);
        v("btime_nsec", m.btime_nsec);
        v("gen", m.gen);
        v("data_version", m.data_version);
    }
    bool operator==(const Rgetattr&) const = default;
};

/// Asks for the attributes of a file; the masks are GETATTR_*.
struct Tgetattr {
    static constexpr std::string_view message = "Tgetattr";
    static constexpr u8 type = 24;
    static constexpr Dialects dialects = Dialects::only_linux;
    using Reply = Rgetattr;

    Fid fid = NOFID;
    u64 request_mask{};

    static void fields(auto& m, auto& v) {
        v("fid", m.fid);
        v("request_mask", m.request_mask);
    }
    bool operator==(const Tgetattr&) const = default;
};

/// Answers Tsetattr.
struct Rsetattr {
    static constexpr std::string_view message = "Rsetattr";
    static constexpr u8 type = 27;
    static constexpr Dialects dialects = Dialects::only_linux;

    static void fields(auto&, auto&) {}
    bool operator==(const Rsetattr&) const = default;
};

/// Changes the attributes of a file that valid (SETATTR_*) names.
struct Tsetattr {
    static constexpr std::string_view message = "Tsetattr";
    static constexpr u8 type = 26;
    static constexpr Dialects dialects = Dialects::only_linux;
    using Reply = Rsetattr;

    Fid fid = NOFID;
    u32 valid{};
    u32 mode{};
    u32 uid = NONUNAME;
    u32 gid = NONUNAME;
    u64 size{};
    u64 atime_sec{};
    u64 atime_nsec{};
    u64 mtime_sec{};
    u64 mtime_nsec{};

    static void fields(auto& m, auto& v) {
        v("fid", m.fid);
        v("valid", m.valid);
        v("mode", m.mode);
        v("uid", m.uid);
        v("gid", m.gid);
        v("size", m.size);
        v("atime_sec", m.atime_sec);
        v("atime_nsec", m.atime_nsec);
        v("mtime_sec", m.mtime_sec);
        v("mtime_nsec", m.mtime_nsec);
    }
    bool operator==(const Tsetattr&) const = default;
};

/// Answers Txattrwalk.
struct Rxattrwalk {
    static constexpr std::string_view message = "Rxattrwalk";
    static constexpr u8 type = 31;
    static constexpr Dialects dialects = Dialects::only_linux;

    u64 size{};

    static void fields(auto& m, auto& v) { v("size", m.size); }
    bool operator==(const Rxattrwalk&) const = default;
};

/// Makes newfid the value of an extended attribute, or the list of names if name is empty.
struct Txattrwalk {
    static constexpr std::string_view message = "Txattrwalk";
    static constexpr u8 type = 30;
    static constexpr Dialects dialects = Dialects::only_linux;
    using Reply = Rxattrwalk;

    Fid fid = NOFID;
    Fid newfid = NOFID;
    std::string name;

    static void fields(auto& m, auto& v) {
        v("fid", m.fid);
        v("newfid", m.newfid);
        v("name", m.name);
    }
    bool operator==(const Txattrwalk&) const = default;
};

/// Answers Txattrcreate.
struct Rxattrcreate {
    static constexpr std::string_view message = "Rxattrcreate";
    static constexpr u8 type = 33;
    static constexpr Dialects dialects = Dialects::only_linux;

    static void fields(auto&, auto&) {}
    bool operator==(const Rxattrcreate&) const = default;
};

/// Turns fid into the new value of an extended attribute, which is set when fid is clunked.
struct Txattrcreate {
    static constexpr std::string_view message = "Txattrcreate";
    static constexpr u8 type = 32;
    static constexpr Dialects dialects = Dialects::only_linux;
    using Reply = Rxattrcreate;

    Fid fid = NOFID;
    std::string name;
    u64 attr_size{};
    u32 flags{};

    static void fields(auto& m, auto& v) {
        v("fid", m.fid);
        v("name", m.name);
        v("attr_size", m.attr_size);
        v("flags", m.flags);
    }
    bool operator==(const Txattrcreate&) const = default;
};

/// Answers Treaddir.
struct Rreaddir {
    static constexpr std::string_view message = "Rreaddir";
    static constexpr u8 type = 41;
    static constexpr Dialects dialects = Dialects::only_linux;

    Payload data;

    static void fields(auto& m, auto& v) { v("data", m.data); }
    bool operator==(const Rreaddir&) const = default;
};

/// Reads whole directory entries (struct Dirent) from a cookie on.
struct Treaddir {
    static constexpr std::string_view message = "Treaddir";
    static constexpr u8 type = 40;
    static constexpr Dialects dialects = Dialects::only_linux;
    using Reply = Rreaddir;

    Fid fid = NOFID;
    u64 offset{};
    u32 count{};

    static void fields(auto& m, auto& v) {
        v("fid", m.fid);
        v("offset", m.offset);
        v("count", m.count);
    }
    bool operator==(const Treaddir&) const = default;
};

/// Answers Tfsync.
struct Rfsync {
    static constexpr std::string_view message = "Rfsync";
    static constexpr u8 type = 51;
    static constexpr Dialects dialects = Dialects::only_linux;

    static void fields(auto&, auto&) {}
    bool operator==(const Rfsync&) const = default;
};

/// Makes a file durable. Older peers leave datasync out: both forms are accepted.
struct Tfsync {
    static constexpr std::string_view message = "Tfsync";
    static constexpr u8 type = 50;
    static constexpr Dialects dialects = Dialects::only_linux;
    using Reply = Rfsync;

    Fid fid = NOFID;
    Tail<u32> datasync;

    static void fields(auto& m, auto& v) {
        v("fid", m.fid);
        v("datasync", m.datasync);
    }
    bool operator==(const Tfsync&) const = default;
};

/// Answers Tlock.
struct Rlock {
    static constexpr std::string_view message = "Rlock";
    static constexpr u8 type = 53;
    static constexpr Dialects dialects = Dialects::only_linux;

    u8 status{};

    static void fields(auto& m, auto& v) { v("status", m.status); }
    bool operator==(const Rlock&) const = default;
};

/// Sets a POSIX record lock (fcntl(2)).
struct Tlock {
    static constexpr std::string_view message = "Tlock";
    static constexpr u8 type = 52;
    static constexpr Dialects dialects = Dialects::only_linux;
    using Reply = Rlock;

    Fid fid = NOFID;
    u8 lock_type{};
    u32 flags{};
    u64 start{};
    u64 length{};
    u32 proc_id{};
    std::string client_id;

    static void fields(auto& m, auto& v) {
        v("fid", m.fid);
        v("type", m.lock_type);
        v("flags", m.flags);
        v("start", m.start);
        v("length", m.length);
        v("proc_id", m.proc_id);
        v("client_id", m.client_id);
    }
    bool operator==(const Tlock&) const = default;
};

/// Answers Tgetlock.
struct Rgetlock {
    static constexpr std::string_view message = "Rgetlock";
    static constexpr u8 type = 55;
    static constexpr Dialects dialects = Dialects::only_linux;

    u8 lock_type{};
    u64 start{};
    u64 length{};
    u32 proc_id{};
    std::string client_id;

    static void fields(auto& m, auto& v) {
        v("type", m.lock_type);
        v("start", m.start);
        v("length", m.length);
        v("proc_id", m.proc_id);
        v("client_id", m.client_id);
    }
    bool operator==(const Rgetlock&) const = default;
};

/// Asks which lock is in the way.
struct Tgetlock {
    static constexpr std::string_view message = "Tgetlock";
    static constexpr u8 type = 54;
    static constexpr Dialects dialects = Dialects::only_linux;
    using Reply = Rgetlock;

    Fid fid = NOFID;
    u8 lock_type{};
    u64 start{};
    u64 length{};
    u32 proc_id{};
    std::string client_id;

    static void fields(auto& m, auto& v) {
        v("fid", m.fid);
        v("type", m.lock_type);
        v("start", m.start);
        v("length", m.length);
        v("proc_id", m.proc_id);
        v("client_id", m.client_id);
    }
    bool operator==(const Tgetlock&) const = default;
};

/// Answers Tlink.
struct Rlink {
    static constexpr std::string_view message = "Rlink";
    static constexpr u8 type = 71;
    static constexpr Dialects dialects = Dialects::only_linux;

    static void fields(auto&, auto&) {}
    bool operator==(const Rlink&) const = default;
};

/// Makes a hard link to fid in the directory dfid.
struct Tlink {
    static constexpr std::string_view message = "Tlink";
    static constexpr u8 type = 70;
    static constexpr Dialects dialects = Dialects::only_linux;
    using Reply = Rlink;

    Fid dfid = NOFID;
    Fid fid = NOFID;
    std::string name;

    static void fields(auto& m, auto& v) {
        v("dfid", m.dfid);
        v("fid", m.fid);
        v("name", m.name);
    }
    bool operator==(const Tlink&) const = default;
};

/// Answers Tmkdir.
struct Rmkdir {
    static constexpr std::string_view message = "Rmkdir";
    static constexpr u8 type = 73;
    static constexpr Dialects dialects = Dialects::only_linux;

    Qid qid;

    static void fields(auto& m, auto& v) { v("qid", m.qid); }
    bool operator==(const Rmkdir&) const = default;
};

/// Makes a directory.
struct Tmkdir {
    static constexpr std::string_view message = "Tmkdir";
    static constexpr u8 type = 72;
    static constexpr Dialects dialects = Dialects::only_linux;
    using Reply = Rmkdir;

    Fid dfid = NOFID;
    std::string name;
    u32 mode{};
    u32 gid = NONUNAME;

    static void fields(auto& m, auto& v) {
        v("dfid", m.dfid);
        v("name", m.name);
        v("mode", m.mode);
        v("gid", m.gid);
    }
    bool operator==(const Tmkdir&) const = default;
};

/// Answers Trenameat.
struct Rrenameat {
    static constexpr std::string_view message = "Rrenameat";
    static constexpr u8 type = 75;
    static constexpr Dialects dialects = Dialects::only_linux;

    static void fields(auto&, auto&) {}
    bool operator==(const Rrenameat&) const = default;
};

/// Renames by directory and name.
struct Trenameat {
    static constexpr std::string_view message = "Trenameat";
    static constexpr u8 type = 74;
    static constexpr Dialects dialects = Dialects::only_linux;
    using Reply = Rrenameat;

    Fid olddirfid = NOFID;
    std::string oldname;
    Fid newdirfid = NOFID;
    std::string newname;

    static void fields(auto& m, auto& v) {
        v("olddirfid", m.olddirfid);
        v("oldname", m.oldname);
        v("newdirfid", m.newdirfid);
        v("newname", m.newname);
    }
    bool operator==(const Trenameat&) const = default;
};

/// Answers Tunlinkat.
struct Runlinkat {
    static constexpr std::string_view message = "Runlinkat";
    static constexpr u8 type = 77;
    static constexpr Dialects dialects = Dialects::only_linux;

    static void fields(auto&, auto&) {}
    bool operator==(const Runlinkat&) const = default;
};

/// Removes by directory and name; flags is AT_REMOVEDIR (0x200) for a directory.
struct Tunlinkat {
    static constexpr std::string_view message = "Tunlinkat";
    static constexpr u8 type = 76;
    static constexpr Dialects dialects = Dialects::only_linux;
    using Reply = Runlinkat;

    Fid dirfid = NOFID;
    std::string name;
    u32 flags{};

    static void fields(auto& m, auto& v) {
        v("dirfid", m.dirfid);
        v("name", m.name);
        v("flags", m.flags);
    }
    bool operator==(const Tunlinkat&) const = default;
};

/// A refusal, in words and (9P2000.u) a number (error(5)).
struct Rerror {
    static constexpr std::string_view message = "Rerror";
    static constexpr u8 type = 107;
    static constexpr Dialects dialects = Dialects::before_linux;

    std::string ename;
    u32 ecode{};

    static void fields(auto& m, auto& v) {
        v("ename", m.ename);
        if (v.dialect != Dialect::base) v("ecode", m.ecode);
    }
    bool operator==(const Rerror&) const = default;
};

/// A refusal, as a Linux errno.
struct Rlerror {
    static constexpr std::string_view message = "Rlerror";
    static constexpr u8 type = 7;
    static constexpr Dialects dialects = Dialects::only_linux;

    u32 ecode{};

    static void fields(auto& m, auto& v) { v("ecode", m.ecode); }
    bool operator==(const Rlerror&) const = default;
};

/// Every message there is.
using Messages =
    List<Tversion, Rversion, Tauth, Rauth, Tattach, Rattach, Tflush, Rflush, Twalk, Rwalk, Topen, Ropen, Tcreate,
         Rcreate, Tread, Rread, Twrite, Rwrite, Tclunk, Rclunk, Tremove, Rremove, Tstat, Rstat, Twstat, Rwstat, Tstatfs,
         Rstatfs, Tlopen, Rlopen, Tlcreate, Rlcreate, Tsymlink, Rsymlink, Tmknod, Rmknod, Trename, Rrename, Treadlink,
         Rreadlink, Tgetattr, Rgetattr, Tsetattr, Rsetattr, Txattrwalk, Rxattrwalk, Txattrcreate, Rxattrcreate,
         Treaddir, Rreaddir, Tfsync, Rfsync, Tlock, Rlock, Tgetlock, Rgetlock, Tlink, Rlink, Tmkdir, Rmkdir, Trenameat,
         Rrenameat, Tunlinkat, Runlinkat, Rerror, Rlerror>;

}  // namespace p9
