// What the callbacks of operations*.cpp have in common: what a request of libfuse's tells, and what is to be waited for
// before it is served. One thread.
#pragma once

#include "fuse/operations.hpp"
#include "fuse/request.hpp"

#include <optional>
#include <string_view>

namespace p9::fuse {

/// The mount as the caller has it.
inline FileSystem& fs_of(fuse_req_t req) {
    return static_cast<FileSystem*>(fuse_req_userdata(req))->of_caller(fuse_req_ctx(req)->uid);
}
inline u32 gid_of(fuse_req_t req) { return fs_of(req).behaviour().owners.group_of_new(fuse_req_ctx(req)->gid); }
/// CAP_FSETID, as far as FUSE tells.
inline bool keeps_set_id(fuse_req_t req) { return fuse_req_ctx(req)->uid == 0; }
inline std::optional<u64> handle_of(const fuse_file_info* info) {
    return info != nullptr ? std::optional<u64>(info->fh) : std::nullopt;
}

/// The inode if writes to it are under way whose callers were told that they are done; else null.
inline InodePtr written_behind(const FileSystem& fs, u64 number) {
    InodePtr inode = fs.write_behind.any() ? fs.inodes.find(number) : nullptr;
    return inode && inode->writes_behind != 0 ? inode : nullptr;
}
/// The same for what is known under that name.
inline InodePtr written_behind(const FileSystem& fs, u64 parent, std::string_view name) {
    const InodePtr directory = fs.write_behind.any() ? fs.inodes.find(parent) : nullptr;
    InodePtr inode = directory ? fs.inodes.child(*directory, name) : nullptr;
    return inode && inode->writes_behind != 0 ? inode : nullptr;
}

template <class Operation>
std::invoke_result_t<Operation&> after_writes(FileSystem* fs, InodePtr inode, Operation* operation) {
    auto waiting = fs->write_behind.wait_for(std::move(inode));
    auto settled = co_await std::move(waiting);
    if (!settled) co_return std::move(settled).error();
    auto working = (*operation)();
    co_return co_await std::move(working);
}

/// `operation`, begun when the writes to `inode`, if it is not null, have ended. Stays where it is while it runs.
template <class Operation>
auto after(FileSystem& fs, InodePtr inode, Operation operation) {
    return [&fs, inode = std::move(inode), operation = std::move(operation)]() mutable {
        return inode ? after_writes(&fs, inode, &operation) : operation();
    };
}

}  // namespace p9::fuse
