// Names of users and groups, which 9P2000 and 9P2000.u want beside or instead of their numbers.
//
// Read from /etc/passwd and /etc/group at the first question, not through NSS: a static program in a guest has none.
// Numbers without a name are their own name. One thread.
#pragma once

#include "p9/types.hpp"

#include <map>
#include <optional>
#include <string>

namespace p9::serve {

class Accounts {
public:
    std::string user(u32 uid);
    std::string group(u32 gid);
    /// The number of a group's name, or of the digits that a name consists of.
    std::optional<u32> group_number(const std::string& name);

private:
    void load();
    bool loaded_ = false;
    std::map<u32, std::string> users_;
    std::map<u32, std::string> groups_;
};

}  // namespace p9::serve
