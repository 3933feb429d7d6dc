// status and health of servers that are named.
#include "tools/p9ctl/command.hpp"
#include "tools/p9ctl/ctl.hpp"
#include "tools/p9ctl/record.hpp"
#include "tools/p9ctl/servers.hpp"
#include "tools/words.hpp"

namespace p9::tools {
namespace {

struct Report {
    bool json = false;
    bool check = false;
};

std::string health_json(std::string_view server, std::string_view text) {
    auto lines = lines_of(text);
    JsonObject object;
    object.text("server", server).text("health", lines.empty() ? "" : lines.front());
    if (!lines.empty()) lines.erase(lines.begin());
    return object.texts("details", lines).str();
}

awaitable<void> show_status(Ctl& ctl, std::vector<std::string> servers, Report report) {
    auto reading = read_of_servers(ctl, servers, "status");
    const auto texts = co_await std::move(reading);
    const bool json = report.json || ctl.sink.wants_json();
    bool printed = false;
    for (std::size_t i = 0; i < servers.size(); ++i) {
        if (!texts[i]) {
            ctl.sink.fail(servers[i], texts[i].error());
            continue;
        }
        if (json) {
            ctl.sink.object(status_json(servers[i], *texts[i]));
        } else {
            if (printed) ctl.sink.lines("\n");
            ctl.sink.lines(*texts[i]);
        }
        printed = true;
        if (report.check && field(fields_of(*texts[i]), "status") != "healthy")
            ctl.sink.answer_no(servers[i] + " is not healthy");
    }
}

awaitable<void> show_health(Ctl& ctl, std::vector<std::string> servers, Report report) {
    auto reading = read_of_servers(ctl, servers, "health");
    const auto texts = co_await std::move(reading);
    const bool json = report.json || ctl.sink.wants_json();
    for (std::size_t i = 0; i < servers.size(); ++i) {
        if (!texts[i]) {
            ctl.sink.fail(servers[i], texts[i].error());
            continue;
        }
        const auto lines = lines_of(*texts[i]);
        if (json) {
            ctl.sink.object(health_json(servers[i], *texts[i]));
        } else {
            // Of several servers each line says whose it is.
            const std::string prefix = servers.size() > 1 ? servers[i] + ": " : "";
            for (const auto line : lines) ctl.sink.lines(prefix + std::string(line) + "\n");
        }
        if (report.check && (lines.empty() || lines.front() != "healthy"))
            ctl.sink.answer_no(servers[i] + " is not healthy");
    }
}

using Show = awaitable<void> (*)(Ctl& ctl, std::vector<std::string> servers, Report report);

Result<Action> prepare_report(const Arguments& arguments, Show show) {
    for (const auto& server : arguments.words)
        if (auto checked = check_server(server); !checked) return checked.error();
    const Report report{arguments.has("--json"), arguments.has("--check")};
    return Action([servers = arguments.words, report, show](Ctl& ctl) { return show(ctl, servers, report); });
}

}  // namespace

Result<Action> prepare_status(const Arguments& arguments) { return prepare_report(arguments, show_status); }
Result<Action> prepare_health(const Arguments& arguments) { return prepare_report(arguments, show_health); }

}  // namespace p9::tools
