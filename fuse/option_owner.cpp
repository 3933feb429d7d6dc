#include "fuse/option_items.hpp"
#include "fuse/options.hpp"

#include "tools/user_names.hpp"

#include <unistd.h>

namespace p9::fuse {
namespace {

std::optional<Error> take_access(const Item& item, Options& options) {
    Behaviour& behaviour = options.behaviour;
    const std::string text = item.value.value_or("");
    if (text == "client" || text == "any") {
        behaviour.access = Access::client;
    } else if (text == "user") {
        behaviour.access = Access::user;
    } else {
        behaviour.access = Access::single;
        if (take_number(item, 0, false, behaviour.access_uid))
            return usage("access: expected user, client or a numeric user id, not " + quoted(text));
    }
    return std::nullopt;
}

std::optional<Error> take_choice(const Item& item, std::initializer_list<std::string_view> choices, int& chosen) {
    const std::string text = item.value.value_or("");
    std::string list;
    int number = 0;
    for (const auto& choice : choices) {
        if (text == choice) return chosen = number, std::nullopt;
        list.append(list.empty() ? "" : ", ").append(choice);
        ++number;
    }
    return usage(item.name + ": expected one of " + list + ", not " + quoted(text));
}

std::optional<Error> take_owner(const Item& item, Options& options, bool& known) {
    const std::string& name = item.name;
    OwnerMap& owners = options.behaviour.owners;
    int chosen = 0;
    if (name == "access") return take_access(item, options);
    if (name == "uid") return take_number(item, 0, false, owners.fixed.uid);
    if (name == "gid") return take_number(item, 0, false, owners.fixed.gid);
    if (name == "n_uname") return take_number(item, 0, false, options.n_uname);
    if (name == "dfltuid") return take_number(item, 0, false, owners.untold.uid);
    if (name == "dfltgid") return take_number(item, 0, false, owners.untold.gid);
    if (name == "fmask") return take_mask(item, owners.file_mask);
    if (name == "dmask") return take_mask(item, owners.dir_mask);
    if (name == "umask") {
        auto error = take_mask(item, owners.file_mask);
        owners.dir_mask = owners.file_mask;
        return error;
    }
    if (name == "idmap") {
        auto error = take_choice(item, {"none", "user"}, chosen);
        owners.idmap_user = chosen == 1;
        return error;
    }
    if (name == "symlinks") {
        auto error = take_choice(item, {"keep", "inside", "deny"}, chosen);
        options.behaviour.symlinks = static_cast<Symlinks>(chosen);
        return error;
    }
    known = false;
    return std::nullopt;
}

}  // namespace

Result<bool> take_owner_item(const Item& item, Options& options) {
    bool known = true;
    if (auto error = take_owner(item, options, known)) return std::move(*error);
    return known;
}

std::optional<Error> settle_owners(Options& options) {
    Behaviour& behaviour = options.behaviour;
    OwnerMap& owners = behaviour.owners;
    owners.local = {::geteuid(), ::getegid()};
    if (owners.untold.uid == NONUNAME) owners.untold.uid = owners.local.uid;
    if (owners.untold.gid == NONUNAME) owners.untold.gid = owners.local.gid;
    if (behaviour.access == Access::single) {
        if (options.n_uname != NONUNAME && options.n_uname != behaviour.access_uid)
            return usage("access=" + std::to_string(behaviour.access_uid) +
                         " attaches as that user, and n_uname=" + std::to_string(options.n_uname) + " as another");
        options.n_uname = behaviour.access_uid;
        if (options.uname.empty()) options.uname = tools::user_name(behaviour.access_uid);
    }
    if (options.uname.empty()) options.uname = tools::login_name();
    if (options.n_uname == NONUNAME) options.n_uname = owners.fixed.uid;
    // Whoever says as which number he attaches knows whom the server takes him for.
    owners.remote.uid = options.n_uname;
    owners.remote_name = options.uname;
    if (options.n_uname == NONUNAME) options.n_uname = owners.local.uid;
    if (behaviour.access == Access::client) return std::nullopt;
    behaviour.access_uid = options.n_uname;
    // Others come only so, and the kernel must not show one what it has cached for another.
    options.fuse_options.emplace_back("default_permissions");
    const bool only_me = behaviour.access == Access::single && behaviour.access_uid == owners.local.uid;
    if (!only_me) options.fuse_options.emplace_back("allow_other");
    return std::nullopt;
}

}  // namespace p9::fuse
