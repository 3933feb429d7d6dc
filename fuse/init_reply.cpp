#include "fuse/init_reply.hpp"

#include "fuse/filesystem.hpp"

#include <linux/fuse.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cstring>
#include <utility>

namespace p9::fuse {
namespace {

constexpr u32 INIT_EXT = 1u << 30;
constexpr u32 DIRECT_IO_ALLOW_MMAP = 1u << (36 - 32);  // in flags2

ssize_t receive(int descriptor, void* bytes, std::size_t size, void*) { return ::read(descriptor, bytes, size); }

ssize_t answer(int descriptor, iovec* pieces, int count, void* userdata) {
    // The kernel asks for nothing else before it has the answer to INIT.
    const bool first = !std::exchange(static_cast<FileSystem*>(userdata)->init_answered, true);
    if (first && count == 2 && pieces[1].iov_len == sizeof(fuse_init_out)) {
        fuse_init_out reply{};
        std::memcpy(&reply, pieces[1].iov_base, sizeof reply);
        reply.flags |= INIT_EXT;
        reply.flags2 |= DIRECT_IO_ALLOW_MMAP;
        iovec changed[2] = {pieces[0], {&reply, sizeof reply}};
        return ::writev(descriptor, changed, 2);
    }
    return ::writev(descriptor, pieces, count);
}

}  // namespace

void allow_shared_maps(fuse_session* session) {
    const fuse_custom_io io{.writev = answer, .read = receive, .splice_receive = nullptr, .splice_send = nullptr};
    (void)fuse_session_custom_io(session, &io, fuse_session_fd(session));
}

}  // namespace p9::fuse
