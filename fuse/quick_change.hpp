// What one message answers, without coroutines: writes to open files, and changes of attributes of files that were just
// made. Whatever is not as usual goes the general way.
#pragma once

#include "fuse/operations.hpp"
#include "fuse/request.hpp"

namespace p9::fuse {

/// Begins a WRITE; null, and `data` is as it was, if that takes more than one message, or has to wait for others.
std::shared_ptr<Request> write_quickly(FileSystem& filesystem, fuse_req_t req, std::shared_ptr<OpenFile> open,
                                       u64 offset, WriteData& data, WriteManner how);

/// Begins a SETATTR; false if it takes more than one message.
bool change_quickly(FileSystem& filesystem, fuse_req_t req, u64 number, const SetAttributes& wanted);

}  // namespace p9::fuse
