#include "tools/p9serve/accounts.hpp"

#include <grp.h>
#include <pwd.h>

#include <charconv>
#include <cstdio>
#include <memory>
#include <utility>

namespace p9::serve {
namespace {

using FilePointer = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;

std::string name_of(const std::map<u32, std::string>& names, u32 number) {
    const auto found = names.find(number);
    return found == names.end() ? std::to_string(number) : found->second;
}

}  // namespace

void Accounts::load() {
    if (std::exchange(loaded_, true)) return;
    if (const FilePointer file{std::fopen("/etc/passwd", "re"), &std::fclose})
        while (const passwd* entry = fgetpwent(file.get())) users_.try_emplace(entry->pw_uid, entry->pw_name);
    if (const FilePointer file{std::fopen("/etc/group", "re"), &std::fclose})
        while (const ::group* entry = fgetgrent(file.get())) groups_.try_emplace(entry->gr_gid, entry->gr_name);
}

std::string Accounts::user(u32 uid) {
    load();
    return name_of(users_, uid);
}

std::string Accounts::group(u32 gid) {
    load();
    return name_of(groups_, gid);
}

std::optional<u32> Accounts::group_number(const std::string& name) {
    load();
    for (const auto& [gid, known] : groups_)
        if (known == name) return gid;
    u32 gid = 0;
    const auto [end, failed] = std::from_chars(name.data(), name.data() + name.size(), gid);
    if (failed != std::errc{} || end != name.data() + name.size()) return std::nullopt;
    return gid;
}

}  // namespace p9::serve
