#include "tools/p9serve/sip/world.hpp"

#include "tools/p9serve/sip/words.hpp"

#include <cerrno>
#include <ctime>

namespace p9::serve::sip {
namespace {

Time time_of_birth() {
    timespec now{};
    clock_gettime(CLOCK_REALTIME, &now);
    return {now.tv_sec, static_cast<u32>(now.tv_nsec)};
}

std::vector<ServerType> all_types(const SipOptions& options) {
    std::vector<ServerType> types{{"example-driver", {}, {"sd0", "sd1"}}, {"example-fileserver", {}, {}}};
    for (const CommandType& type : options.types) types.push_back({type.name, type.command, {}});
    return types;
}

}  // namespace

World::World(const boost::asio::any_io_executor& executor, SipOptions from)
    : options(std::move(from)),
      born(time_of_birth()),
      registry(executor, all_types(options)),
      interrupts(executor),
      lifecycle(executor, *this) {}

Visitor::Standing Visitor::standing() {
    if (auto server = world_->registry.find(uname_)) {
        was_server_ = true;
        return {std::move(server), false};
    }
    return {nullptr, was_server_};
}

Error Visitor::nobody() const {
    return Error::from_errno(EACCES, "permission denied: server " + quoted(uname_) + " was removed");
}

bool Visitor::is_operator() {
    const auto who = standing();
    return !who.server && !who.nobody;
}

Result<void> Visitor::may_use(Capabilities capability) {
    const auto who = standing();
    if (who.nobody) return nobody();
    if (includes(who.server ? who.server->capabilities : world_->options.operator_capabilities, capability))
        return boost::system::in_place_value;
    Error error = capability_required(capability);
    if (who.server) who.server->count_error(error.text);
    return error;
}

Result<void> Visitor::use(Capabilities capability) {
    const auto who = standing();
    if (who.server) who.server->count_request();
    return may_use(capability);
}

Result<void> Visitor::require_operator(std::string_view what) {
    const auto who = standing();
    if (who.nobody) return nobody();
    if (!who.server) return boost::system::in_place_value;
    return Error::from_errno(EACCES, "permission denied: only the operator " + std::string(what));
}

Result<void> Visitor::control(const Server& server) {
    const auto who = standing();
    if (who.nobody) return nobody();
    if (!who.server || who.server.get() == &server) return boost::system::in_place_value;
    return Error::from_errno(
        EACCES, "permission denied: " + quoted(uname_) + " is no operator of server " + quoted(server.title()));
}

Result<void> Visitor::take_interrupts(const Server& server) {
    const auto allowed = control(server);
    if (!allowed) return allowed.error();
    const auto who = standing();
    if (!who.server) return boost::system::in_place_value;
    return may_use(CAP_INTERRUPT);
}

}  // namespace p9::serve::sip
