#include "tools/user_names.hpp"

#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#ifdef P9_STATIC
#include <cstdio>
#include <memory>
#endif

namespace p9::tools {

#ifdef P9_STATIC
namespace {

using AccountFile = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;

}  // namespace

std::string user_name(u32 uid) {
    if (const AccountFile file{std::fopen("/etc/passwd", "re"), &std::fclose})
        while (const passwd* entry = fgetpwent(file.get()))
            if (entry->pw_uid == uid) return entry->pw_name;
    return {};
}

std::string group_name(u32 gid) {
    if (const AccountFile file{std::fopen("/etc/group", "re"), &std::fclose})
        while (const group* entry = fgetgrent(file.get()))
            if (entry->gr_gid == gid) return entry->gr_name;
    return {};
}
#else
std::string user_name(u32 uid) {
    const passwd* entry = getpwuid(uid);
    return entry != nullptr ? entry->pw_name : "";
}

std::string group_name(u32 gid) {
    const group* entry = getgrgid(gid);
    return entry != nullptr ? entry->gr_name : "";
}
#endif

std::string login_name() {
    std::string name = user_name(geteuid());
    return name.empty() ? std::to_string(geteuid()) : name;
}

}  // namespace p9::tools
