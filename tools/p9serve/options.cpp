#include "tools/p9serve/options.hpp"

#include "tools/listen_options.hpp"
#include "tools/messages.hpp"
#include "tools/service_options.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>

namespace p9::serve {
namespace {

constexpr const char* EXAMPLES =
    "Clients act with the rights of whoever runs p9serve: listen where only friends\n"
    "connect.\n"
    "Exit status: 0 ended by SIGTERM or with its last client, 1 the tree cannot be\n"
    "served, 2 usage, 3 cannot listen, 130 interrupted. p9serve(1) tells more.\n\n"
    "Examples:\n"
    "  p9serve --listen unix:/tmp/9p.socket --dir /srv --read-only\n"
    "  p9serve --listen tcp://localhost:5640 --sip --type 'echo=exec sleep 100'\n"
    "  p9ls -a 'exec!ssh host p9serve --stdio --dir /srv'";

using tools::in_quotes;
using tools::take_number;
using tools::Wrong;

/// What was given, as text.
struct Given {
    std::vector<std::string> listen, types;
    bool stdio = false, memory = false, sip = false, read_only = false, devices = false, verbose = false;
    std::optional<std::string> dir, size, operator_capabilities, grace, dialects, msize, max_connections, max_fids,
        capture;
    std::vector<std::string> trace;
    ListenOptions listening;
};

void describe(CLI::App& app, Given& given) {
    const auto text = [&](const char* name, std::optional<std::string>& value, const char* metavar, const char* help,
                          const char* group) {
        app.add_option(name, value, help)->type_name(metavar)->take_last()->group(group);
    };
    app.add_option("--listen", given.listen,
                   "Where clients connect: tcp!HOST!PORT (* is any HOST,\n"
                   "0 any PORT), unix!PATH, ws://[HOST]:PORT/, wss://...,\n"
                   "virtio!PORT, vsock!CID!PORT, fd!N or exec!CMD")
        ->type_name("ADDR...");
    app.add_flag("--stdio", given.stdio, "Serve the one client on standard input and output")->disable_flag_override();
    text("--dir", given.dir, "PATH", "Serve a directory", "Trees");
    app.add_flag("--read-only", given.read_only, "Let nothing be changed in it")
        ->group("Trees")
        ->disable_flag_override();
    app.add_flag("--devices", given.devices, "Let device files in it be opened and made")
        ->group("Trees")
        ->disable_flag_override();
    app.add_flag("--memory", given.memory, "Serve an empty tree that is kept in memory")
        ->group("Trees")
        ->disable_flag_override();
    text("--size", given.size, "BYTES", "The most that it may hold; 1G if left out", "Trees");
    app.add_flag("--sip", given.sip, "Serve SIP servers and their devices, simulated")
        ->group("Trees")
        ->disable_flag_override();
    app.add_option("--type", given.types, "SIP servers that are processes of sh; any number")
        ->type_name("NAME=COMMAND")
        ->group("Trees");
    text("--operator-capabilities", given.operator_capabilities, "LIST",
         "What of the devices clients may use that are no SIP\nserver: device,ioport,interrupt,dma; all if left out",
         "Trees");
    text("--grace", given.grace, "SECONDS", "Between SIGTERM and SIGKILL for processes; 2", "Trees");
    tools::describe_listen_options(app, given.listening, "WebSocket and TLS");
    text("--dialects", given.dialects, "LIST", "What to speak, of 9P2000.L,9P2000.u,9P2000; all", "Limits");
    text("--msize", given.msize, "BYTES", "The largest message; 1M of data if left out", "Limits");
    text("--max-connections", given.max_connections, "N", "At a time; 1000 if left out", "Limits");
    text("--max-fids", given.max_fids, "N", "Of one connection; 200000 if left out", "Limits");
    app.add_flag("--trace{-}", given.trace, "Print each message, to FILE or standard error")->type_name("[=FILE]");
    text("--capture", given.capture, "FILE", "Write the messages to FILE as pcapng, for Wireshark", "Options");
    app.add_flag("-v,--verbose", given.verbose, "Tell of every connection")->disable_flag_override();
}

Wrong take_addresses(const Given& given, Options& options) {
    if (Wrong wrong = tools::take_listen(given.listen, options.listen)) return wrong;
    if (given.stdio) options.listen.emplace_back(FdAddress{0, 1});
    if (options.listen.empty())
        return "nowhere to listen: say --listen unix:/tmp/9p.socket, --listen tcp://localhost:5640 or --stdio";
    options.listening = given.listening;
    return tools::check_listen_options(options.listening, options.listen);
}

Wrong take_dialects(const Given& given, Options& options) {
    if (!given.dialects) return std::nullopt;
    options.server.dialects.clear();
    std::string_view rest = *given.dialects;
    while (!rest.empty()) {
        const std::string_view word = rest.substr(0, rest.find_first_of(", "));
        rest.remove_prefix(std::min(rest.size(), word.size() + 1));
        if (word.empty()) continue;
        const auto dialect = dialect_of(word);
        if (!dialect) return "--dialects: expected 9P2000.L, 9P2000.u and 9P2000, not " + in_quotes(word);
        options.server.dialects.push_back(*dialect);
    }
    if (options.server.dialects.empty()) return "--dialects: expected at least one of 9P2000.L, 9P2000.u and 9P2000";
    return std::nullopt;
}

Wrong take_sip(const Given& given, sip::SipOptions& options) {
    for (const std::string& text : given.types) {
        auto type = sip::parse_command_type(text);
        if (!type) return "--type: " + type.error().message();
        const auto same = [&](const auto& other) { return other.name == type->name; };
        if (std::ranges::any_of(options.types, same)) return "--type: " + in_quotes(type->name) + " is given twice";
        options.types.push_back(*std::move(type));
    }
    if (given.operator_capabilities) {
        const auto capabilities = sip::parse_capabilities(*given.operator_capabilities);
        if (!capabilities) return "--operator-capabilities: " + capabilities.error().message();
        options.operator_capabilities = *capabilities;
    }
    Duration grace = options.grace;
    if (Wrong wrong = tools::take_seconds("--grace", given.grace, grace)) return wrong;
    options.grace = std::chrono::duration_cast<std::chrono::milliseconds>(grace);
    return std::nullopt;
}

Wrong take_tree(const Given& given, Options& options) {
    if (int{given.dir.has_value()} + int{given.memory} + int{given.sip} != 1)
        return "say what to serve: one of --dir PATH, --memory and --sip";
    // An option that belongs to another tree was meant to do something.
    const std::pair<bool, const char*> misplaced[] = {
        {given.read_only && !given.dir, "--read-only belongs to --dir"},
        {given.devices && !given.dir, "--devices belongs to --dir"},
        {given.size && !given.memory, "--size belongs to --memory"},
        {!given.types.empty() && !given.sip, "--type belongs to --sip"},
        {given.operator_capabilities && !given.sip, "--operator-capabilities belongs to --sip"},
        {given.grace && !given.sip, "--grace belongs to --sip"},
    };
    for (const auto& [wrong, words] : misplaced)
        if (wrong) return words;
    if (given.dir) {
        if (given.dir->empty()) return "--dir: expected a directory's path after it";
        options.tree = DirectoryOptions{*given.dir, given.read_only, given.devices};
        return std::nullopt;
    }
    if (given.memory) {
        MemoryOptions memory;
        const Wrong wrong = take_number("--size", given.size, true, 4096, ~u64{0} >> 1, memory.size_limit);
        options.tree = memory;
        return wrong;
    }
    return take_sip(given, options.tree.emplace<sip::SipOptions>());
}

Wrong take_all(const Given& given, Options& options) {
    ServerOptions& server = options.server;
    Wrong wrong = take_tree(given, options);
    if (!wrong) wrong = take_addresses(given, options);
    if (!wrong) wrong = take_dialects(given, options);
    if (!wrong) wrong = take_number("--msize", given.msize, true, 4096, 64 << 20, server.msize);
    if (!wrong)
        wrong = take_number("--max-connections", given.max_connections, true, 1, 1'000'000, server.max_connections);
    if (!wrong) wrong = take_number("--max-fids", given.max_fids, true, 1, 100'000'000, server.max_fids);
    options.verbose = given.verbose;
    if (!given.trace.empty()) options.trace = given.trace.back();
    if (!wrong) wrong = tools::take_capture(given.capture, "p9serve", options.listen, options.capture);
    return wrong;
}

}  // namespace

std::optional<Options> parse_options(int argc, char** argv, int& status) {
    CLI::App app("Serves a directory, a tree in memory, or the SIP tree over 9P.", "p9serve");
    tools::describe_service(app, EXAMPLES);
    Given given;
    describe(app, given);
    if (!tools::parse_service(app, argc, argv, status)) return std::nullopt;
    Options options;
    if (const Wrong wrong = take_all(given, options)) {
        tools::complain("p9serve", *wrong);
        status = tools::EXIT_USAGE;
        return std::nullopt;
    }
    return options;
}

}  // namespace p9::serve
