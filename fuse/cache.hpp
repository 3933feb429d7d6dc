// What tells whether the contents that the kernel caches of a file are still the server's.
//
// A Stamp is what a server says of a file's contents: two that are equal mean the same contents, if the file could not
// have changed twice within one tick of the server's clock. ServerClock knows whether that could be. Plain values.
#pragma once

#include "p9/attributes.hpp"
#include "p9/task.hpp"

namespace p9::fuse {

/// How far the kernel's caches are believed (-o cache=).
enum class CacheMode : u8 {
    none,       ///< every call reaches the server
    automatic,  ///< close-to-open: what open(2) finds unchanged is still good
    loose,      ///< nobody else changes the tree
};

/// What a server says of a file's contents.
struct Stamp {
    u64 size = 0;
    // In pieces, since each inode has a stamp and a Time is a quarter padding. The ctime is 0 where the dialect has
    // none; it shows changes whose mtime was set back.
    std::int64_t mtime_seconds = 0, ctime_seconds = 0;
    u32 mtime_nanoseconds = 0, ctime_nanoseconds = 0;
    u32 version = 0;
    bool operator==(const Stamp&) const = default;

    /// The time that moves with each change of the contents.
    Time changed() const {
        const Time ctime{ctime_seconds, ctime_nanoseconds};
        return ctime == Time{} ? Time{mtime_seconds, mtime_nanoseconds} : ctime;
    }
    /// False for files that show no version and no time: nothing tells when they change.
    bool tells() const { return version != 0 || changed() != Time{}; }
};

Stamp stamp_of(const Attributes& attributes);

/// How far the server's clock is ahead of this process's, at least: as far as the latest time that a file was seen to
/// have shows. Needs no clocks that agree, but only ones that run at the same speed.
class ServerClock {
public:
    /// A file had this stamp at `now`, or a little before.
    void saw(const Stamp& stamp, Clock::time_point now);
    /// True if the file has been as it is for longer than a tick of the server's clock, at `now`: whatever changes it
    /// from here on changes the stamp too.
    bool settled(const Stamp& stamp, Clock::time_point now) const;

private:
    std::optional<std::int64_t> ahead_;  // nanoseconds
};

}  // namespace p9::fuse
