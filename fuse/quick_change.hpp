// What one message answers, without coroutines: writes to open files, and changes of attributes of files that were just
// made. Whatever is not as usual goes the general way.
#pragma once

#include "fuse/operations.hpp"

namespace p9::fuse {

/// Begins a WRITE; false, and `data` is as it was, if that takes more than one message, or one that must not be sent
/// twice.
bool write_quickly(FileSystem& filesystem, fuse_req_t req, u64 handle, u64 offset, WriteData& data, bool page);

/// Begins a SETATTR; false if it takes more than one message.
bool change_quickly(FileSystem& filesystem, fuse_req_t req, u64 number, const SetAttributes& wanted);

}  // namespace p9::fuse
