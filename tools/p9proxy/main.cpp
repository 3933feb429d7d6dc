// p9proxy: joins clients over any transport to a server over any other.
#include "p9/transports/dial.hpp"
#include "tools/messages.hpp"
#include "tools/output.hpp"
#include "tools/p9proxy/options.hpp"
#include "tools/p9proxy/proxy.hpp"
#include "tools/service.hpp"
#include "tools/tls_options.hpp"
#include "tools/trace_output.hpp"

#include <unistd.h>

namespace p9::proxy {
namespace {

/// Sees to the sinks of the trace and the log. A trace on standard error has every line of the log, too.
bool prepare(const Options& options, ProxyOptions& proxy, int& status) {
    const auto say = [](const std::string& line) { tools::complain("p9proxy", line); };
    if (options.trace) {
        auto lines = tools::open_trace_lines(*options.trace);
        if (!lines) {
            say("--trace: " + lines.error().message());
            status = tools::EXIT_USAGE;
            return false;
        }
        proxy.tracing.line = *std::move(lines);
    }
    if (!options.trace || *options.trace != "-") proxy.tracing.log = say;
    return true;
}

int run(Options options) {
    int status = tools::EXIT_DONE;
    if (!prepare(options, options.proxy, status)) return status;
    if (const auto warning = tools::tls_warning(options.dial, options.dialling.tls))
        tools::complain("p9proxy", *warning);
    options.proxy.dialler = dialler(options.dial, options.dialling);
    options.listening.refused = [](const std::string& line) { tools::complain("p9proxy", line); };
    tools::Service service("p9proxy", std::move(options.listen), std::move(options.listening), options.verbose);
    if (options.capture && options.capture->to_output()) service.leave_output();
    Proxy proxy(service.context().get_executor(), std::move(options.proxy));
    const auto serve = [&](std::unique_ptr<Listener> listener) {
        proxy.listen(options.capture ? options.capture->watch(std::move(listener)) : std::move(listener));
    };
    return service.run({serve, [&] { return proxy.wait_until_idle(); }, [&] { return proxy.stop(); }});
}

}  // namespace
}  // namespace p9::proxy

int main(int argc, char** argv) {
    using namespace p9;
    int status = tools::EXIT_DONE;
    auto options = proxy::parse_options(argc, argv, status);
    if (!options) return status;
    tools::prepare_process();
    tools::occupy_standard_descriptors();
    return proxy::run(*std::move(options));
}
