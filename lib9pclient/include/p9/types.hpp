// The small types that every layer shares: identifiers, dialects, qids and the protocol's constants.
//
// Values only: nothing here owns memory or knows of connections. Names and numbers follow the Plan 9
// manual, section 5 (intro, open, stat), the 9P2000.u draft, and diod's protocol description for 9P2000.L.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace p9 {

using u8 = std::uint8_t;
using u16 = std::uint16_t;
using u32 = std::uint32_t;
using u64 = std::uint64_t;

/// Bytes that somebody else owns.
using Bytes = std::span<const u8>;

/// A client's number for a file on the server (intro(5)).
enum class Fid : u32 {};
/// A client's number for a request in flight (intro(5)).
enum class Tag : u16 {};

/// "No fid": the afid of an attach without authentication.
inline constexpr Fid NOFID{0xffffffff};
/// The tag of Tversion, and of nothing else.
inline constexpr Tag NOTAG{0xffff};
/// "No numeric user": n_uname and gid where the number is unknown.
inline constexpr u32 NONUNAME = 0xffffffff;

/// At most this many names in one Twalk (walk(5)).
inline constexpr std::size_t MAXWELEM = 16;
/// size[4] type[1] tag[2].
inline constexpr u32 HEADER_SIZE = 7;
/// What Rread and Twrite need beside their data (intro(5): IOHDRSZ).
inline constexpr u32 IOHDRSZ = 24;

/// The msize to ask for, and to grant, where nobody says another: a read or a write of 1 MiB in one message.
inline constexpr u32 DEFAULT_MSIZE = (1 << 20) + IOHDRSZ;
/// The smallest msize that this library accepts from a server: room for a walk of one long name and a stat.
inline constexpr u32 MIN_MSIZE = 512;

constexpr u32 number(Fid fid) { return static_cast<u32>(fid); }
constexpr u16 number(Tag tag) { return static_cast<u16>(tag); }

/// The dialects of the protocol, from the smallest to the largest.
enum class Dialect : u8 {
    base,    ///< 9P2000
    unix_,   ///< 9P2000.u
    linux_,  ///< 9P2000.L
};

/// The version string of a dialect as Tversion carries it.
std::string_view version_string(Dialect dialect);
/// The dialect of a version string, compared exactly; nothing for any other string.
std::optional<Dialect> dialect_of(std::string_view version);

/// The server's identity of a file (intro(5)). A version of 0 on a synthetic file means: do not cache.
struct Qid {
    u8 type{};
    u32 version{};
    u64 path{};

    static void fields(auto& m, auto& v) {
        v("type", m.type);
        v("version", m.version);
        v("path", m.path);
    }
    bool operator==(const Qid&) const = default;
};

/// Bits of Qid::type (stat(5); QTSYMLINK is of 9P2000.u and .L).
enum : u8 {
    QTDIR = 0x80,
    QTAPPEND = 0x40,
    QTEXCL = 0x20,
    QTMOUNT = 0x10,
    QTAUTH = 0x08,
    QTTMP = 0x04,
    QTSYMLINK = 0x02,
    QTFILE = 0x00,
};

/// Bits of Stat::mode and Tcreate's perm beside the nine permission bits (stat(5); the last six are of 9P2000.u).
enum : u32 {
    DMDIR = 0x80000000,
    DMAPPEND = 0x40000000,
    DMEXCL = 0x20000000,
    DMMOUNT = 0x10000000,
    DMAUTH = 0x08000000,
    DMTMP = 0x04000000,
    DMSYMLINK = 0x02000000,
    DMDEVICE = 0x00800000,
    DMNAMEDPIPE = 0x00200000,
    DMSOCKET = 0x00100000,
    DMSETUID = 0x00080000,
    DMSETGID = 0x00040000,
    DMSETVTX = 0x00010000,
};

/// Topen and Tcreate modes (open(5)).
enum : u8 {
    OREAD = 0,
    OWRITE = 1,
    ORDWR = 2,
    OEXEC = 3,
    OTRUNC = 0x10,
    ORCLOSE = 0x40,
};

}  // namespace p9
