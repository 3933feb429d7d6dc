// The kernel's side of a mount: what has to be there before, how libfuse is told, and how it ends.
//
// Functions for one mount each; Mount calls them in turn.
#pragma once

#include "fuse/fuse.hpp"
#include "fuse/options.hpp"

#include <sys/types.h>

#include <memory>

namespace p9::fuse {

/// The kernel's page in bytes, of which its reads and writes are made.
inline constexpr u32 PAGE = 4096;

struct SessionDeleter {
    void operator()(fuse_session* session) const { fuse_session_destroy(session); }
};
using FuseSession = std::unique_ptr<fuse_session, SessionDeleter>;

/// The absolute path of the mountpoint, if something can be mounted there; else what to do about it.
Result<std::string> check_mountpoint(const std::string& mountpoint);

/// A libfuse session for `filesystem`, mounted, with its descriptor non-blocking.
Result<FuseSession> mount_session(const Options& options, const std::string& mountpoint, FileSystem& filesystem);

/// Starts a process that unmounts without force, so that what the kernel still holds is written; its id, or -1. It
/// ends with 0 if that worked.
pid_t start_unmount(const std::string& mountpoint);

}  // namespace p9::fuse
