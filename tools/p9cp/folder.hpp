// Where copies go: a directory on either side, and the drafts of files in it.
//
// A draft has a name of its own beside the file's, and gets that only when it is whole. Nothing below a folder follows
// a symlink: each name is taken alone, in the directory that was made or opened here. A Folder is shared by what is
// made in it. One thread.
#pragma once

#include "p9/client.hpp"
#include "tools/p9cp/names.hpp"

#include <memory>
#include <string>
#include <vector>

namespace p9::tools {

class Folder;
using FolderPtr = std::shared_ptr<Folder>;

/// What a copy takes over from its source beside the contents.
struct Stamp {
    std::optional<u32> mode;
    std::optional<Time> atime;
    std::optional<Time> mtime;
};

struct DraftPlan {
    std::string name;
    u32 mode = 0666;      ///< of a new file, before the umask
    Version version;      ///< of the source
    bool resume = false;  ///< go on with what an earlier run has left, and leave something for the next
    bool replace = true;  ///< what has the name already
    bool single = false;  ///< the user has named the file: it may be a device, or where nothing can be made
    std::optional<Attributes> existing;  ///< what has the name already
};

/// A file that is being written. Destroying it before `commit` has succeeded removes it, or leaves it for a resumption.
class Draft {
public:
    virtual ~Draft() = default;

    u64 begin = 0;          ///< where to go on: what is before is there already
    std::size_t piece = 0;  ///< bytes that suit one write
    bool again = false;     ///< after `commit` failed: the server cannot rename; a new draft will do without

    virtual awaitable<Result<void>> write(Payload data) = 0;
    /// The file is whole: stamps it and gives it its name.
    virtual awaitable<Result<void>> commit(Stamp stamp) = 0;
};
using DraftPtr = std::unique_ptr<Draft>;

class Folder {
public:
    virtual ~Folder() = default;

    bool fresh = false;  ///< made by us: nothing is in it but what we put there

    /// Much will be copied into it: learns what is there, so that `look` need not ask for each name.
    virtual awaitable<Result<void>> prepare() = 0;
    /// What has the name; nothing if nothing has. Symlinks are not followed.
    virtual awaitable<Result<std::optional<Attributes>>> look(std::string name) = 0;
    /// The directory of that name, made if it is not there, with write permission for us.
    virtual awaitable<Result<FolderPtr>> folder(std::string name, u32 mode) = 0;
    virtual awaitable<Result<DraftPtr>> draft(DraftPlan plan) = 0;
    virtual awaitable<Result<void>> symlink(std::string name, std::string target, bool replace) = 0;
    /// Stamps the directory itself.
    virtual awaitable<Result<void>> settle(Stamp stamp) = 0;
};

/// What all folders of a server share.
struct RemoteState {
    struct Leftover {
        FolderPtr folder;
        std::string name;
    };
    /// Drafts that are to be removed: that takes requests, which a destructor cannot wait for.
    std::vector<Leftover> leftovers;
    /// Whether the server renames files; nothing: not known.
    std::optional<bool> renames;
};

/// Wraps a directory of the server.
FolderPtr remote_folder(Node directory, std::shared_ptr<RemoteState> state);
/// Removes what `state` has left over, as far as it can.
awaitable<Result<void>> remove_leftovers(RemoteState& state);

/// Opens a directory here, through symlinks.
Result<FolderPtr> local_folder(const std::string& path);

}  // namespace p9::tools
