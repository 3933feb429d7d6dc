#include "tools/p9proxy/options.hpp"

#include "tools/listen_options.hpp"
#include "tools/messages.hpp"
#include "tools/service_options.hpp"
#include "tools/tls_options.hpp"

#include <CLI/CLI.hpp>

namespace p9::proxy {
namespace {

constexpr const char* EXAMPLES =
    "Whoever connects acts with the rights that the server gives to the proxy: listen\n"
    "where only friends connect.\n"
    "Exit status: 0 ended by SIGTERM or with its last client, 2 usage, 3 cannot\n"
    "listen, 130 interrupted. p9proxy(1) tells more.\n\n"
    "Examples:\n"
    "  p9proxy --listen ws://127.0.0.1:8080/ --dial unix:/tmp/9p.socket --keep 30\n"
    "      (for v86: proxy_url: \"ws://localhost:8080/\")\n"
    "  p9proxy --listen unix:/tmp/guest --dial virtio:/tmp/port.socket --share\n"
    "      (then p9fuse and p9ls use unix:/tmp/guest at the same time)";

using tools::in_quotes;
using tools::take_number;
using tools::take_seconds;
using tools::Wrong;

/// What was given, as text.
struct Given {
    std::vector<std::string> listen, trace;
    std::optional<std::string> dial, msize, dialect, connect_timeout, keep, delay, drop_after, capture;
    bool share = false, verbose = false;
};

void describe(CLI::App& app, Given& given, Options& options) {
    const auto text = [&](const char* name, std::optional<std::string>& value, const char* metavar, const char* help,
                          const char* group) {
        app.add_option(name, value, help)->type_name(metavar)->take_last()->group(group);
    };
    app.add_option("--listen", given.listen,
                   "Where clients connect: tcp!HOST!PORT (HOST * is every\n"
                   "interface, PORT 0 any free one), unix!PATH,\n"
                   "ws://HOST:PORT/, or any other address. Any number")
        ->type_name("ADDR");
    app.add_option("--dial", given.dial, "The server")->type_name("ADDR")->take_last();
    app.add_flag("--share", given.share, "Let all clients use one connection to the server")->disable_flag_override();
    text("--keep", given.keep, "SECONDS",
         "Hold the connection to the server for a client that\nlost its own, until it goes on without Tversion", "");
    app.get_option("--keep")->group("Options");
    text("--connect-timeout", given.connect_timeout, "SECONDS", "For connecting to the server; 10 if left out",
         "Options");
    text("--msize", given.msize, "BYTES",
         "The largest message: Tversion is lowered to it. 1M\nwith --share if left out", "Options");
    text("--dialect", given.dialect, "NAME", "What --share offers the server: auto, 9P2000.L,\n9P2000.u or 9P2000",
         "Options");
    tools::describe_listen_options(app, options.listening, "WebSocket and TLS");
    tools::describe_tls_options(app, options.dialling.tls, "WebSocket and TLS");
    app.add_flag("--trace{-}", given.trace,
                 "Print each message, to FILE or standard error:\n"
                 "seconds, client, -> to the server or <- from it")
        ->type_name("[=FILE]")
        ->group("Debugging");
    text("--capture", given.capture, "FILE", "Write what passes to FILE as pcapng, for Wireshark", "Debugging");
    app.add_flag("-v,--verbose", given.verbose, "Tell of every connection")
        ->group("Debugging")
        ->disable_flag_override();
    text("--delay", given.delay, "MS", "Pass each message on so many milliseconds later", "Debugging");
    text("--drop-after", given.drop_after, "N", "Cut each client off after N of its messages", "Debugging");
}

Wrong take_addresses(const Given& given, Options& options) {
    if (Wrong wrong = tools::take_listen(given.listen, options.listen)) return wrong;
    if (options.listen.empty())
        return "nowhere to listen: say --listen unix:/tmp/9p.socket or --listen ws://127.0.0.1:8080/";
    if (!given.dial) return "no server: say --dial ADDR";
    auto address = parse_address(*given.dial);
    if (!address) return "--dial: " + address.error().message();
    options.dial = *std::move(address);
    options.proxy.server = display_name(options.dial);
    options.proxy.one_connection =
        std::holds_alternative<VirtioAddress>(options.dial) || std::holds_alternative<FdAddress>(options.dial);
    return tools::check_listen_options(options.listening, options.listen);
}

Wrong take_all(const Given& given, Options& options) {
    ProxyOptions& proxy = options.proxy;
    u64 msize = 0, delay = 0, drop_after = 0;
    Wrong wrong = take_addresses(given, options);
    if (!wrong) wrong = take_number("--msize", given.msize, true, MIN_MSIZE, LARGEST_MSIZE, msize);
    if (!wrong) wrong = take_number("--delay", given.delay, false, 0, 3'600'000, delay);
    if (!wrong) wrong = take_number("--drop-after", given.drop_after, false, 1, ~u64{0} >> 1, drop_after);
    if (!wrong) wrong = take_seconds("--keep", given.keep, proxy.keep);
    if (!wrong) wrong = take_seconds("--connect-timeout", given.connect_timeout, proxy.connect_timeout);
    if (wrong) return wrong;
    if (given.dialect && !given.share) return "--dialect belongs to --share";
    if (given.dialect && *given.dialect != "auto") {
        const auto dialect = dialect_of(*given.dialect);
        if (!dialect) return "--dialect: expected auto, 9P2000.L, 9P2000.u or 9P2000, not " + in_quotes(*given.dialect);
        proxy.dialects = {*dialect};
    }
    if (given.msize) proxy.msize = static_cast<u32>(msize);
    proxy.share = given.share;
    proxy.delay = std::chrono::milliseconds(delay);
    proxy.drop_after = drop_after;
    proxy.tracing.log_everything = given.verbose;
    options.verbose = given.verbose;
    if (!given.trace.empty()) options.trace = given.trace.back();
    return tools::take_capture(given.capture, "p9proxy", options.listen, options.capture);
}

}  // namespace

std::optional<Options> parse_options(int argc, char** argv, int& status) {
    CLI::App app("Joins 9P clients over any transport to a server over any other.", "p9proxy");
    tools::describe_service(app, EXAMPLES);
    Given given;
    Options options;
    describe(app, given, options);
    if (!tools::parse_service(app, argc, argv, status)) return std::nullopt;
    if (const Wrong wrong = take_all(given, options)) {
        tools::complain("p9proxy", *wrong);
        status = tools::EXIT_USAGE;
        return std::nullopt;
    }
    return options;
}

}  // namespace p9::proxy
