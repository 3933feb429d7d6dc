// A read that one Tread answers, without the coroutines that the general way takes (op_io.cpp): nearly all are.
//
// It keeps itself alive until its answer. One thread.
#pragma once

#include "fuse/filesystem.hpp"
#include "fuse/fuse.hpp"

namespace p9::fuse {

/// Begins READ if it can be served so; false, and nothing has happened, if it cannot. What turns out not to be whole
/// goes on in the general way, and what loses its connection begins there anew.
bool read_quickly(FileSystem& filesystem, fuse_req_t req, u64 handle, u64 offset, std::size_t size);

}  // namespace p9::fuse
