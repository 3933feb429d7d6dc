// The ways in which the fake server departs from the manual, one knob for each thing that real servers were seen to do.
#pragma once

#include "p9/types.hpp"

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace p9::test {

/// What becomes of a request that the server does not serve.
enum class Answer : u8 { served, eopnotsupp, enosys, text, silence, hang_up };

/// The answer to a version that the server does not speak.
enum class VersionAnswer : u8 { less, unknown, unknown_msize_0, rerror, rlerror, hang_up, silence };

/// The order of "." and ".." in a listing.
enum class Dots : u8 { first, last, omitted };

/// The type byte of a directory entry.
enum class EntryTypes : u8 { right, zero, qid };

/// What no server does but one that means harm.
enum class Lie : u8 {
    bad_names,          ///< listings hold names that nothing may bear, between those of files
    self_entry,         ///< each directory has an entry "self" that is the directory
    huge_size,          ///< files are larger than 2^63 bytes
    flipping_type,      ///< files are directories in every second answer
    endless_directory,  ///< listings never end
    circling_cookies,   ///< listings lead back to where they were
    walk_type,          ///< a walk to a file says that it is a directory
    long_read,          ///< more bytes than were asked for
    xattr_grows,        ///< attributes have more bytes than announced
    xattr_shrinks,      ///< and fewer
    xattr_endless,      ///< an attribute of a terabyte
    link_empty,         ///< symlinks that lead to "",
    link_huge,          ///< to 60000 bytes,
    link_nul,           ///< or to bytes with NUL
    wild_attributes,    ///< no links, odd block sizes, times beyond all clocks, type bits that nothing has
    falls_silent,       ///< after a walk to "silence" the connection stays, and nothing is answered on it
    wrong_tag,          ///< a read is answered with another tag
    bad_locks,          ///< locks of states and types that there are none of
    interrupted_locks,  ///< EINTR for every lock, though nobody has interrupted it
    wild_figures,       ///< statfs: block sizes of 0, and more free than there is
    tiny_iounit,        ///< a byte in each message
    wrote_nothing,      ///< writes are accepted, and none of their bytes
    root_is_a_file,     ///< the root has a file's attributes in every second answer
    heavy_names,        ///< listings never end, and their names are as long as names can be
    repeated_names,     ///< each name is listed again, right after itself and at the end
    only_dots,          ///< listings never end, and hold nothing but "."
    long_listing,       ///< more bytes of a listing than were asked for
};

struct Knobs {
    Dialect dialect = Dialect::linux_;  ///< the largest that the server speaks
    VersionAnswer version_answer = VersionAnswer::less;
    bool version_always = false;  ///< answers `dialect` to whatever was asked
    u32 msize = 65536;            ///< at most this is granted
    bool msize_echo = false;      ///< grants whatever was asked
    u32 iounit = 0;
    bool strict_count = false;  ///< a Tread or Treaddir count above msize-24 is an error
    u32 read_max = 0;           ///< at most so many bytes a Tread; 0: as many as asked
    u32 entries_max = 0;        ///< at most so many entries a Treaddir; 0: as many as fit
    Dots dots = Dots::first;
    EntryTypes entry_types = EntryTypes::right;
    bool qid_version_zero = false;
    bool qid_type_wrong = false;  ///< directories carry 0x40
    bool qid_zero = false;        ///< in Rsymlink, Rmkdir and Rmknod
    bool qid_path_reused = false;
    bool partial_walk_makes_fid = false;
    bool partial_walk_error = false;
    bool same_fid_walk_refused = false;
    std::set<u8> missing;  ///< T-message types that are not served
    Answer missing_answer = Answer::eopnotsupp;
    Answer flush_answer = Answer::served;
    bool reversed = false;       ///< replies to requests that came together go out last first
    bool auth_required = false;  ///< Tauth is answered with Rauth; the afid wants "secret"
    std::set<Lie> lies;
    std::string aname;  ///< the only aname that is accepted; empty: any
};

/// Turns a knob by its name, such as "msize=8192" or "missing=Trenameat"; false if there is none of that name.
bool turn(Knobs& knobs, std::string_view setting);
/// What `turn` understands, one line each.
std::string knob_names();

}  // namespace p9::test
