// A directory of this machine as a tree that is served; the server never leaves it.
//
// Every file that a client has walked to is held by an O_PATH descriptor, got from that of its directory one name at a
// time by openat2(2), which follows no symlink. What is done to a file goes through its descriptor, so that renaming
// things under the server's feet leads nowhere else. Symlinks are the client's to follow.
//
// The server does what its own process may do: whoever can connect has the rights of its user. Started as root, it
// gives new files to the user who attached.
//
// Belongs to one io_context and must outlive the server and its files. Make it after forking, if there is any: it keeps
// a descriptor of /proc/self/fd.
#pragma once

#include "tools/p9serve/filesystem.hpp"

namespace p9::serve {

class DirectoryContext;

/// What to serve, and how much of it.
struct DirectoryOptions {
    std::string path;        ///< a directory; may be a symlink to one
    bool read_only = false;  ///< refuse with EROFS whatever changes a file
    bool devices = false;    ///< let clients open and make device nodes, and so reach the host's disks
};

class DirectoryTree final : public Filesystem {
public:
    /// Opens the directory, and tries whether the kernel has what this needs: openat2 (Linux 5.6) and /proc. The error
    /// says what is missing. `executor` is the server's: reads of fifos wait there.
    static Result<std::unique_ptr<DirectoryTree>> open(boost::asio::any_io_executor executor, DirectoryOptions options);
    ~DirectoryTree() override;

    /// `aname` is empty, "/" or the path that is served, for all of it; or the path of a part, below either.
    awaitable<Result<FilePtr>> attach(const User& user, std::string aname) override;

private:
    explicit DirectoryTree(std::shared_ptr<DirectoryContext> context);
    std::shared_ptr<DirectoryContext> context_;
};

}  // namespace p9::serve
