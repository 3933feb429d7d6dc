// Names of numeric users and groups on this system. In a static program from /etc/passwd and /etc/group alone: glibc's
// lookup would load shared libraries (NSS) that a guest does not have. Any one thread at a time.
#pragma once

#include "p9/types.hpp"

#include <string>

namespace p9::tools {

/// Empty if nobody knows a name.
std::string user_name(u32 uid);
/// Empty if nobody knows a name.
std::string group_name(u32 gid);

/// The name of whoever runs this program, or his number.
std::string login_name();

}  // namespace p9::tools
