#include "tools/p9serve/sip/sip.hpp"

#include "tools/p9serve/sip/tree.hpp"
#include "tools/p9serve/sip/words.hpp"

#include <cerrno>

namespace p9::serve::sip {

Result<CommandType> parse_command_type(std::string_view text) {
    const auto equals = text.find('=');
    if (equals == text.npos || equals + 1 == text.size())
        return invalid("bad type " + quoted(text) + ": expected NAME=COMMAND");
    const std::string_view name = text.substr(0, equals);
    if (!is_name(name)) {
        return invalid("bad name of a type " + quoted(name) +
                       ": expected letters, digits, '.', '_' and '-', and not a number");
    }
    if (name == "example-driver" || name == "example-fileserver")
        return invalid("the type " + quoted(name) + " is there already: choose another name");
    return CommandType{std::string(name), std::string(text.substr(equals + 1))};
}

Sip::Sip(const boost::asio::any_io_executor& executor, SipOptions options)
    : world_(std::make_shared<World>(executor, std::move(options))) {}

Sip::~Sip() { world_->lifecycle.kill_all(); }

awaitable<Result<FilePtr>> Sip::attach(const User& user, std::string aname) {
    const ServerPtr server = world_->registry.find(user.uname);
    if (server) Lifecycle::attached(*server);
    // What a process left behind does not become the operator when its server is removed.
    if (!server && user.bound)
        co_return Error::from_errno(EACCES, "permission denied: server " + quoted(user.uname) + " was removed");
    auto visitor = std::make_shared<Visitor>(world_, user.uname);
    visitor->is_operator();  // who is a server now stays one
    FilePtr root = make_tree(visitor);
    auto walking = walk_path(std::move(root), std::move(aname));
    co_return co_await std::move(walking);
}

awaitable<void> Sip::stop() {
    const auto world = world_;
    co_await world->lifecycle.stop_all();
}

}  // namespace p9::serve::sip
