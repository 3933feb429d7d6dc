// chown: changes owner and group.
#include "p9/trace.hpp"
#include "tools/options.hpp"
#include "tools/p9sh/places.hpp"

#include <grp.h>
#include <pwd.h>

#include <cerrno>

namespace p9::tools {
namespace {

/// Numbers; what is left out stays.
struct Owner {
    std::optional<u32> uid;
    std::optional<u32> gid;
};

Result<u32> number_of(const std::string& name, bool group) {
    if (const auto number = parse_number(name, false); number && *number < NONUNAME) return static_cast<u32>(*number);
    if (group) {
        if (const auto* entry = ::getgrnam(name.c_str()); entry != nullptr) return static_cast<u32>(entry->gr_gid);
    } else if (const auto* entry = ::getpwnam(name.c_str()); entry != nullptr) {
        return static_cast<u32>(entry->pw_uid);
    }
    return Error::from_errno(EINVAL, std::string("no ") + (group ? "group" : "user") + " of this machine is called \"" +
                                         escaped(name) + "\"; a number does as well");
}

/// "USER", "USER:GROUP" or ":GROUP".
Result<Owner> parse_owner(const std::string& text) {
    Owner owner;
    const auto colon = text.find(':');
    const std::string user = text.substr(0, colon);
    if (!user.empty()) {
        const auto uid = number_of(user, false);
        if (!uid) return uid.error();
        owner.uid = *uid;
    }
    if (colon != text.npos && colon + 1 < text.size()) {
        const auto gid = number_of(text.substr(colon + 1), true);
        if (!gid) return gid.error();
        owner.gid = *gid;
    }
    if (!owner.uid && !owner.gid) return Error::from_errno(EINVAL, "expected USER, USER:GROUP or :GROUP");
    return owner;
}

awaitable<void> change_owner(Call& call, std::string path) {
    const auto owner = parse_owner(call.arguments.text(0));
    AttributeChange change;
    change.uid = owner->uid;
    change.gid = owner->gid;
    const Follow follow = call.arguments.has('h') ? Follow::no : Follow::yes;
    const auto changed = co_await call.client().change(call.shell.absolute(path), change, follow);
    if (!changed) call.messages().report(path, changed.error());
}

}  // namespace

Result<void> check_chown(const Arguments& arguments) {
    const auto owner = parse_owner(arguments.text(0));
    if (!owner) return owner.error();
    return {};
}

awaitable<void> run_chown(Call& call) { return for_each_place(call, 1, change_owner); }

}  // namespace p9::tools
