#include "tools/p9serve/sip/commands.hpp"

#include "tools/p9serve/sip/words.hpp"

#include <cerrno>

namespace p9::serve::sip {
namespace {

using Words = std::vector<std::string_view>;

struct ServerCommand {
    std::string_view word;
    std::string_view argument;  // an example, if it takes one
};

constexpr ServerCommand SERVER_COMMANDS[] = {
    {"name", "ahci-driver"}, {"capability", "device"}, {"mount", "/dev/sd"}, {"start", ""}, {"stop", ""},
    {"restart", ""},         {"remove", ""},
};

std::string expected_commands() {
    Words known;
    for (const ServerCommand& each : SERVER_COMMANDS) known.push_back(each.word);
    return "expected " + alternatives(known);
}

/// Whether it is a command with as many words as it takes.
Result<void> check_words(const Words& words) {
    if (words.empty()) return invalid("empty command: " + expected_commands());
    for (const ServerCommand& each : SERVER_COMMANDS) {
        if (each.word != words.front()) continue;
        if (words.size() == (each.argument.empty() ? 1 : 2)) return boost::system::in_place_value;
        if (each.argument.empty()) return invalid(std::string(each.word) + " takes no argument");
        return invalid(std::string(each.word) + " takes one word, as in \"" + std::string(each.word) + " " +
                       std::string(each.argument) + "\"");
    }
    return invalid("unknown command " + quoted(words.front()) + ": " + expected_commands());
}

Result<void> set_mount(Server& server, std::string_view path) {
    if (!path.starts_with('/'))
        return invalid("bad mount path " + quoted(path) + ": expected one that begins with '/'");
    server.mount = path;
    return boost::system::in_place_value;
}

Result<void> give_capability(Visitor& visitor, Server& server, std::string_view word) {
    // A server that could give itself capabilities would need none.
    const auto allowed = visitor.require_operator("gives capabilities");
    if (!allowed) return allowed.error();
    const auto capability = parse_capability(word);
    if (!capability) return capability.error();
    server.capabilities = server.capabilities | *capability;
    return boost::system::in_place_value;
}

Result<void> take_type(Visitor& visitor, Server& server, const Words& words) {
    if (words.size() != 1) return invalid("expected the name of a type, as in \"example-driver\"");
    return visitor.world().registry.set_type(server, words.front());
}

}  // namespace

awaitable<Result<void>> run_command(VisitorPtr visitor, ServerPtr server, std::string text) {
    World& world = visitor->world();
    if (server->removed) co_return Error::from_errno(ENOENT, "server " + quoted(server->title()) + " was removed");
    const auto allowed = visitor->control(*server);
    if (!allowed) co_return allowed.error();
    const auto words = command_words(text);
    if (!words) co_return words.error();
    if (!server->type) co_return take_type(*visitor, *server, *words);
    const auto checked = check_words(*words);
    if (!checked) co_return checked.error();
    const std::string_view word = words->front();
    if (word == "name") co_return world.registry.rename(*server, (*words)[1]);
    if (word == "capability") co_return give_capability(*visitor, *server, (*words)[1]);
    if (word == "mount") co_return set_mount(*server, (*words)[1]);
    if (word == "start") co_return world.lifecycle.start(server);
    if (word == "stop") co_return co_await world.lifecycle.stop(std::move(server));
    if (word == "restart") co_return co_await world.lifecycle.restart(std::move(server));
    co_return co_await world.lifecycle.remove(std::move(server));
}

Result<void> run_interrupt_command(Visitor& visitor, std::string_view text) {
    World& world = visitor.world();
    const auto words = command_words(text);
    if (!words) return words.error();
    const std::string_view word = words->empty() ? std::string_view() : words->front();
    const bool adding = word == "register";
    if (!adding && word != "unregister" && word != "trigger") {
        return invalid((words->empty() ? std::string("empty command") : "unknown command " + quoted(word)) +
                       ": expected register, unregister or trigger");
    }
    if (words->size() != (adding ? 3 : 2)) {
        return invalid(std::string(word) + (adding ? " takes a number and a server, as in \"register 11 ahci-driver\""
                                                   : " takes a number, as in \"" + std::string(word) + " 11\""));
    }
    const auto number = Interrupts::parse_number((*words)[1]);
    if (!number) return number.error();
    if (word == "trigger") return world.interrupts.trigger(*number);
    ServerPtr server;
    if (adding) {
        auto found = world.registry.get((*words)[2]);
        if (!found) return found.error();
        server = *std::move(found);
    } else if (const LinePtr line = world.interrupts.find(*number)) {
        server = line->server;
    }
    if (server) {
        const auto allowed = visitor.control(*server);
        if (!allowed) return allowed.error();
    }
    return adding ? world.interrupts.add(*number, server) : world.interrupts.remove(*number);
}

}  // namespace p9::serve::sip
