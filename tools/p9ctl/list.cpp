// types, list and devices: what there is.
#include "tools/p9ctl/command.hpp"
#include "tools/p9ctl/ctl.hpp"
#include "tools/p9ctl/record.hpp"
#include "tools/p9ctl/servers.hpp"
#include "tools/words.hpp"

#include <algorithm>
#include <array>
#include <cerrno>

namespace p9::tools {
namespace {

awaitable<void> show_types(Ctl& ctl, bool json) {
    const Where where{Base::sip, "types"};
    const auto text = co_await read_text(ctl, where);
    if (!text) co_return ctl.sink.fail("types", text.error());
    if (!json && !ctl.sink.wants_json()) co_return ctl.sink.lines(*text);
    for (const auto line : lines_of(*text)) ctl.sink.object(JsonObject().text("type", line).str());
}

using Row = std::array<std::string, 3>;

/// Each column as wide as its longest cell.
std::string table(const std::vector<Row>& rows) {
    std::array<std::size_t, 3> width{};
    for (const Row& row : rows)
        for (std::size_t i = 0; i < row.size(); ++i) width[i] = std::max(width[i], row[i].size());
    std::string text;
    for (const Row& row : rows) {
        for (std::size_t i = 0; i < row.size(); ++i) {
            text += row[i];
            if (i + 1 < row.size()) text.append(width[i] - row[i].size() + 2, ' ');
        }
        text += '\n';
    }
    return text;
}

awaitable<void> show_list(Ctl& ctl, bool json) {
    const Where where{Base::sip, "servers"};
    const auto names = co_await names_in(ctl, where);
    if (!names) co_return ctl.sink.fail("servers", names.error());
    auto reading = read_of_servers(ctl, *names, "status");
    const auto texts = co_await std::move(reading);
    std::vector<Row> rows;
    for (std::size_t i = 0; i < names->size(); ++i) {
        if (!texts[i]) {
            // Removed since it was listed.
            if (!texts[i].error().is_errno(ENOENT)) ctl.sink.fail((*names)[i], texts[i].error());
            continue;
        }
        if (json || ctl.sink.wants_json()) {
            ctl.sink.object(status_json((*names)[i], *texts[i]));
            continue;
        }
        const auto fields = fields_of(*texts[i]);
        const auto cell = [&fields](std::string_view key) {
            const auto value = field(fields, key);
            return std::string(value.empty() ? "-" : value);
        };
        rows.push_back({(*names)[i], cell("type"), cell("status")});
    }
    if (!rows.empty()) ctl.sink.lines(table(rows));
}

awaitable<void> show_devices(Ctl& ctl, std::string server, bool json) {
    const Where where = server_file(server, "devices");
    const auto names = co_await names_in(ctl, where);
    if (!names) co_return ctl.sink.fail(server, names.error());
    for (const auto& name : *names) {
        if (json || ctl.sink.wants_json())
            ctl.sink.object(JsonObject().text("server", server).text("device", name).str());
        else
            ctl.sink.lines(name + "\n");
    }
}

}  // namespace

Result<Action> prepare_types(const Arguments& arguments) {
    return Action([json = arguments.has("--json")](Ctl& ctl) { return show_types(ctl, json); });
}

Result<Action> prepare_list(const Arguments& arguments) {
    return Action([json = arguments.has("--json")](Ctl& ctl) { return show_list(ctl, json); });
}

Result<Action> prepare_devices(const Arguments& arguments) {
    if (auto checked = check_server(arguments.words[0]); !checked) return checked.error();
    return Action([server = arguments.words[0], json = arguments.has("--json")](Ctl& ctl) {
        return show_devices(ctl, server, json);
    });
}

}  // namespace p9::tools
