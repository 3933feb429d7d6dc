// Linux errno numbers as the fake server answers them.
#pragma once

#include "p9/error.hpp"

namespace p9::test {

enum : int {
    P9_EPERM = 1,
    P9_ENOENT = 2,
    P9_EINTR = 4,
    P9_EIO = 5,
    P9_EBADF = 9,
    P9_EACCES = 13,
    P9_EEXIST = 17,
    P9_EXDEV = 18,
    P9_ENOTDIR = 20,
    P9_EISDIR = 21,
    P9_EINVAL = 22,
    P9_ERANGE = 34,
    P9_ENOSYS = 38,
    P9_ENOTEMPTY = 39,
    P9_ELOOP = 40,
    P9_ENODATA = 61,
    P9_EPROTO = 71,
    P9_EOPNOTSUPP = 95,
};

inline Error refusal(int number) { return Error::from_errno(number, errno_message(number)); }
/// What a handler returns that answers later or never.
inline Error no_answer() { return Error(errc::timed_out); }

}  // namespace p9::test
