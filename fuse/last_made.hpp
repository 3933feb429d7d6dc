// What the file that was made last tells of the next.
//
// Who unpacks an archive makes many files, one like the other. So a fid for the next is at hand in the directory where
// two were made in a row, and where all is as it was the last time, the owner and mode of a new file are known before
// the server has told them: until somebody looks, which then costs a request of the kernel's more. Owned by MountState.
// One thread.
#pragma once

#include "p9/attributes.hpp"
#include "p9/file.hpp"

#include <memory>
#include <optional>

namespace p9::fuse {

/// How a file is made: where, as whom, and with what group and permissions.
struct Manner {
    u64 directory = 0;
    u32 label = 0;
    u32 gid = NONUNAME;
    u32 mode = 0;
    bool operator==(const Manner&) const = default;
};

class LastMade {
public:
    /// What the server is going to say of a file that is made in this manner; null if nobody knows, or if somebody
    /// looks at once.
    const Attributes* like(const Manner& manner) {
        if (asking_ > 0) --asking_;
        return asking_ == 0 && told_ && manner == manner_ ? &*told_ : nullptr;
    }
    /// The server has told the attributes of a file that was made in this manner, when it was asked after it was made.
    void told(const Manner& manner, const Attributes& attributes) {
        manner_ = manner;
        told_ = attributes;
    }
    /// Somebody has looked at a file before whoever made it has closed it: such programs do so again.
    void looked_at() { asking_ = ASK; }

    /// A fid in the directory `number`, as the user `label` reaches it, from before any of the renames since `moves`.
    std::optional<Node> take_spare(u64 number, u32 label, u64 moves) {
        std::optional<Node> taken = std::move(spare_);
        spare_.reset();
        if (taken && (number != spare_number_ || taken->label() != label || moves != spare_moves_)) taken.reset();
        return taken;
    }
    void keep_spare(u64 number, u64 moves, Node node) {
        spare_number_ = number;
        spare_moves_ = moves;
        spare_ = std::move(node);
    }
    /// True if a file was made in this directory before, with none in another since.
    bool again_in(u64 number) { return std::exchange(last_directory_, number) == number; }
    void new_session() { spare_.reset(); }

private:
    static constexpr unsigned ASK = 64;  // files of which the server is asked, before another attempt without
    Manner manner_;
    std::optional<Attributes> told_;
    unsigned asking_ = 0;
    std::optional<Node> spare_;
    u64 spare_number_ = 0;
    u64 spare_moves_ = 0;
    u64 last_directory_ = 0;
};

}  // namespace p9::fuse
