// What the requests_*.cpp files share beside the Connection.
#pragma once

#include "tools/p9serve/connection.hpp"

#include <cerrno>

namespace p9::serve {

/// Why no file may be made or looked for under this name; nothing if it is valid.
inline std::optional<Error> bad_name(const std::string& name) {
    if (valid_name(name)) return std::nullopt;
    return Error::from_errno(name.size() > 255 ? ENAMETOOLONG : EINVAL,
                             "no file may be named \"" + escaped(name.substr(0, 60)) + "\"");
}

/// A directory that a fid stands for.
inline Result<FidPtr> find_directory(const Epoch& epoch, Fid number) {
    auto fid = epoch.find(number);
    if (fid && !(*fid)->place->file->is_directory()) return Error::from_errno(ENOTDIR);
    return fid;
}

}  // namespace p9::serve
