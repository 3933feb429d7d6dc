// The mounts of this process's namespace, from /proc/self/mountinfo (proc(5)): looking there touches none of them, and
// so cannot hang on a dead one.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace p9::fuse {

inline constexpr std::string_view MOUNT_TYPE = "fuse.p9fuse";

struct MountEntry {
    std::string place;    ///< where it is mounted, absolute
    std::string type;     ///< "fuse.p9fuse" is ours
    std::string options;  ///< of the file system: "rw,user_id=0,..."
    std::string device;   ///< "0:53"

    /// The number after `name` in the options.
    std::optional<unsigned> number(std::string_view name) const;
};

/// In the order in which they were made: of several at one place the last hides the others.
std::vector<MountEntry> list_mounts();

/// The mount at exactly `place`, if any.
std::optional<MountEntry> mount_at(const std::string& place);

/// `path` made absolute without looking at it: "." and ".." are taken away as text.
std::string absolute_path(const std::string& path);

}  // namespace p9::fuse
