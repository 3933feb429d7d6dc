// What is copied: a file, directory or symlink on either side.
//
// A Source is shared by what is copied out of it, and used from one thread. Everything of a tree is reached from its
// directory and by one name, so that nothing that is moved or replaced meanwhile leads elsewhere. Local files are read
// on the spot: they come from the page cache or from a disk that is faster than most connections.
#pragma once

#include "p9/client.hpp"

#include <memory>
#include <string>
#include <vector>

namespace p9::tools {

/// An entry of a directory.
struct SourceEntry {
    std::string name;
    std::optional<FileType> type;  ///< where the listing told it
};

struct SourceBatch {
    std::vector<SourceEntry> entries;
    std::vector<std::string> refused;  ///< names that nothing may bear
    bool end = false;
};

class Source;
using SourcePtr = std::shared_ptr<Source>;

class Source {
public:
    virtual ~Source() = default;

    /// Mode, size and times, as far as they are told. What the type is says `type`, not these.
    Attributes attributes;
    FileType type = FileType::file;
    std::string target;  ///< of a symlink

    /// The next entries of a directory.
    virtual awaitable<Result<SourceBatch>> list() = 0;
    /// Opens an entry of a directory, but not what is special. Symlinks are not followed.
    virtual awaitable<Result<SourcePtr>> enter(SourceEntry entry) = 0;

    /// Of a file: what `read` gives begins at `offset`, in pieces of at most `piece` bytes.
    virtual void begin(u64 offset, std::size_t piece) = 0;
    /// The next bytes; none at the end.
    virtual awaitable<Result<Payload>> read() = 0;
};

/// What is at `path` on the server. With `special`, devices and the like are opened as files are.
awaitable<Result<SourcePtr>> open_remote(const Client& client, std::string path, Follow follow, bool special);
/// What is at `path` here. `executor` is for waiting for what is no regular file.
Result<SourcePtr> open_local(const boost::asio::any_io_executor& executor, const std::string& path, Follow follow,
                             bool special);

}  // namespace p9::tools
