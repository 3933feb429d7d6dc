// What servers of 9P2000, which know no numbers, say when they refuse.
#include "p9/error.hpp"

#include <boost/algorithm/string/predicate.hpp>

#include <cerrno>

namespace p9 {
namespace {

struct Words {
    std::string_view text;
    int number;
};

// Searched from the top, as a part of the server's text and whatever the case: what is specific stands before
// what is general ("directory not empty" before "directory"). Collected from Plan 9's kernel and file servers,
// plan9port, Inferno, u9fs, npfs, ixp and the strings of strerror(3).
constexpr Words table[] = {
    {"operation not permitted", EPERM},
    {"wstat prohibited", EPERM},
    {"not owner", EPERM},
    {"not the owner", EPERM},
    {"only owner can", EPERM},
    {"permission denied", EACCES},
    {"access permission", EACCES},
    {"no permission", EACCES},
    {"read-only", EROFS},
    {"read only", EROFS},
    {"rofs", EROFS},
    {"no such file", ENOENT},
    {"file not found", ENOENT},
    {"directory entry not found", ENOENT},
    {"file does not exist", ENOENT},
    {"does not exist", ENOENT},
    {"not found", ENOENT},
    {"not exist", ENOENT},
    {"no such process", ESRCH},
    {"no such device", ENODEV},
    {"no device", ENODEV},
    {"no such user", EINVAL},
    {"unknown user", EINVAL},
    {"authentication failed", EACCES},
    {"unknown group", EINVAL},
    {"file already exists", EEXIST},
    {"already exists", EEXIST},
    {"file exists", EEXIST},
    {"name in use", EEXIST},
    {"directory not empty", ENOTEMPTY},
    {"dir not empty", ENOTEMPTY},
    {"not empty", ENOTEMPTY},
    {"not a directory", ENOTDIR},
    {"not directory", ENOTDIR},
    {"walk in non-directory", ENOTDIR},
    {"walk -- not a dir", ENOTDIR},
    {"is a directory", EISDIR},
    {"file is a directory", EISDIR},
    {"directory entry is a directory", EISDIR},
    {"wrong type for file", EISDIR},
    {"file name too long", ENAMETOOLONG},
    {"name too long", ENAMETOOLONG},
    {"illegal name", EINVAL},
    {"bad character in file name", EINVAL},
    {"bad character", EINVAL},
    {"file too large", EFBIG},
    {"file too big", EFBIG},
    {"no space left", ENOSPC},
    {"file system is full", ENOSPC},
    {"file system full", ENOSPC},
    {"device is full", ENOSPC},
    {"disk full", ENOSPC},
    {"no space", ENOSPC},
    {"quota", EDQUOT},
    {"interrupted", EINTR},
    {"timed out", ETIMEDOUT},
    {"timeout", ETIMEDOUT},
    {"connection refused", ECONNREFUSED},
    {"connection reset", ECONNRESET},
    {"hungup", EPIPE},
    {"hangup", EPIPE},
    {"hung up", EPIPE},
    {"broken pipe", EPIPE},
    {"i/o error", EIO},
    {"input/output error", EIO},
    {"exclusive use file already open", EBUSY},
    {"exclusive lock", EAGAIN},
    {"file is locked", EAGAIN},
    {"would block", EAGAIN},
    {"temporarily unavailable", EAGAIN},
    {"file in use", EBUSY},
    {"already in use", EBUSY},
    {"in use", EBUSY},
    {"device or resource busy", EBUSY},
    {"busy", EBUSY},
    {"too many open files", EMFILE},
    {"too many levels of symbolic links", ELOOP},
    {"too many links", EMLINK},
    {"cross-device", EXDEV},
    {"invalid cross", EXDEV},
    {"out of memory", ENOMEM},
    {"no memory", ENOMEM},
    {"no free", ENOMEM},
    {"unknown fid", EBADF},
    {"fid unknown", EBADF},
    {"bad fid", EBADF},
    {"fid not open", EBADF},
    {"file not open", EBADF},
    {"not open for", EBADF},
    {"bad use of fid", EBADF},
    {"bad file descriptor", EBADF},
    {"stale", ESTALE},
    {"bad offset", EINVAL},
    {"negative offset", EINVAL},
    {"bad seek", EINVAL},
    {"illegal seek", ESPIPE},
    {"operation not supported", EOPNOTSUPP},
    {"not supported", EOPNOTSUPP},
    {"unsupported", EOPNOTSUPP},
    {"not implemented", EOPNOTSUPP},
    {"unimplemented", EOPNOTSUPP},
    {"unknown message", EOPNOTSUPP},
    {"illegal operation", EOPNOTSUPP},
    {"illegal mode", EINVAL},
    {"invalid argument", EINVAL},
    {"bad argument", EINVAL},
    {"bad arg", EINVAL},
    {"bad process or channel control request", EINVAL},
    {"bad command", EINVAL},
    {"unknown command", EINVAL},
    {"unknown control", EINVAL},
    {"bad address", EFAULT},
    {"invalid", EINVAL},
};

}  // namespace

int errno_of_text(std::string_view ename) {
    for (const Words& words : table)
        if (boost::algorithm::icontains(ename, words.text, std::locale::classic())) return words.number;
    return EIO;
}

}  // namespace p9
