#include "tools/p9serve/sip/registry.hpp"

#include "tools/p9serve/sip/words.hpp"

#include <algorithm>
#include <cerrno>

namespace p9::serve::sip {

Registry::Registry(boost::asio::any_io_executor executor, std::vector<ServerType> types)
    : executor_(std::move(executor)) {
    for (ServerType& type : types) {
        const auto same =
            std::find_if(types_.begin(), types_.end(), [&](const auto& t) { return t->name == type.name; });
        auto shared = std::make_shared<const ServerType>(std::move(type));
        if (same == types_.end())
            types_.push_back(std::move(shared));
        else
            *same = std::move(shared);
    }
}

Result<ServerPtr> Registry::allocate() {
    if (servers_.size() >= MAX_SERVERS) {
        return Error::from_errno(ENOSPC, "there are " + std::to_string(MAX_SERVERS) +
                                             " servers already, and no more are possible: remove some");
    }
    auto server = std::make_shared<Server>(executor_, next_number_++);
    servers_.emplace(server->number, server);
    return server;
}

ServerPtr Registry::find(std::string_view name) const {
    u64 number = 0;
    if (const auto named = numbers_.find(std::string(name)); named != numbers_.end()) {
        number = named->second;
    } else {
        const auto parsed = number_of_word(name);
        // One way to write a number: 7 is also not 07 and not 0x7.
        if (!parsed || std::to_string(*parsed) != name) return nullptr;
        number = *parsed;
    }
    const auto found = servers_.find(number);
    return found == servers_.end() ? nullptr : found->second;
}

Result<ServerPtr> Registry::get(std::string_view name) const {
    auto server = find(name);
    if (!server) return Error::from_errno(ENOENT, "there is no server " + quoted(name));
    return server;
}

ServerPtr Registry::from(u64 number) const {
    const auto found = servers_.lower_bound(number);
    return found == servers_.end() ? nullptr : found->second;
}

void Registry::erase(Server& server) {
    server.removed = true;
    if (!server.name.empty()) numbers_.erase(server.name);
    servers_.erase(server.number);
}

Result<void> Registry::rename(Server& server, std::string_view name) {
    if (!is_name(name)) {
        return invalid("bad name " + quoted(name) +
                       ": expected letters, digits, '.', '_' and '-', at most 255 of them, and not a number");
    }
    const auto owner = numbers_.find(std::string(name));
    if (owner != numbers_.end() && owner->second != server.number) {
        return Error::from_errno(EEXIST, "the name " + quoted(name) + " is taken by server " +
                                             std::to_string(owner->second) + ": choose another");
    }
    if (server.active() && server.name != name)
        return Error::from_errno(EBUSY, "server " + quoted(server.title()) + " is running: stop it to name it");
    if (!server.name.empty()) numbers_.erase(server.name);
    server.name = name;
    numbers_[server.name] = server.number;
    return boost::system::in_place_value;
}

Result<void> Registry::set_type(Server& server, std::string_view name) const {
    std::vector<std::string_view> known;
    for (const auto& type : types_) {
        known.push_back(type->name);
        if (type->name != name) continue;
        server.type = type;
        return boost::system::in_place_value;
    }
    return invalid("unknown type " + quoted(name) + ": expected " + alternatives(known));
}

std::string Registry::types_text() const {
    std::string text;
    for (const auto& type : types_) text += type->name + "\n";
    return text;
}

}  // namespace p9::serve::sip
