#include "tools/p9ctl/servers.hpp"

#include "tools/p9ctl/record.hpp"

#include <algorithm>

namespace p9::tools {
namespace {

/// Servers that are asked at a time. Each has its file open meanwhile.
constexpr std::size_t most_servers = 256;

awaitable<void> read_of_server(Ctl& ctl, Where where, Result<std::string>& result) {
    result = co_await read_text(ctl, std::move(where));
}

bool is_count(std::string_view key) { return key == "uptime" || key == "requests" || key == "errors"; }

}  // namespace

awaitable<std::vector<Result<std::string>>> read_of_servers(Ctl& ctl, const std::vector<std::string>& servers,
                                                            std::string name) {
    std::vector<Result<std::string>> texts(servers.size(), Error(errc::cancelled));
    if (servers.size() == 1) {
        const Where where = server_file(servers[0], name);
        texts[0] = co_await read_text(ctl, where);
        co_return texts;
    }
    std::function<awaitable<void>(std::size_t)> each = [&](std::size_t i) {
        return read_of_server(ctl, server_file(servers[i], name), texts[i]);
    };
    auto all = for_each_concurrently(servers.size(), most_servers, std::move(each));
    co_await std::move(all);
    co_return texts;
}

awaitable<Result<std::vector<std::string>>> names_in(Ctl& ctl, Where where) {
    auto walked = co_await ctl.tree.walk(where);
    if (!walked) co_return walked.error();
    auto directory = co_await Directory::open(std::move(*walked));
    if (!directory) co_return directory.error();
    auto batch = co_await directory->read_all();
    if (!batch) co_return batch.error();
    std::vector<std::string> names;
    for (auto& entry : batch->entries) names.push_back(std::move(entry.name));
    std::ranges::sort(names);
    co_return names;
}

std::string status_json(std::string_view server, std::string_view text) {
    JsonObject object;
    object.text("server", server);
    for (const auto& [key, value] : fields_of(text))
        if (key != "server") object.field(key, value, is_count(key));
    return object.str();
}

}  // namespace p9::tools
