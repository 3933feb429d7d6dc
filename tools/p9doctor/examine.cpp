// All steps, in order. What cannot work after a failure is skipped, and said to be.
#include "tools/p9doctor/steps.hpp"

#include <cstdlib>

namespace p9::doctor {
namespace {

/// The steps that need a connection, up to the first that fails. Returns the next one, which was not tried.
awaitable<const char*> examine_server(const tools::CommonOptions& options, Report& report) {
    Found address = look_at_address(options.address);
    bool failed = address.finding == Finding::fail;
    auto adding = report.add("address", std::move(address));
    co_await std::move(adding);
    if (failed) co_return "connect";

    auto connecting = try_to_connect(options);
    Found connected = co_await std::move(connecting);
    failed = connected.finding == Finding::fail;
    auto adding_connect = report.add("connect", std::move(connected));
    co_await std::move(adding_connect);
    if (failed) co_return "version";

    auto exchanging = try_versions(options);
    Versions versions = co_await std::move(exchanging);
    if (versions.spoken.empty()) {
        auto looking = look_at_banner(options.address);
        auto banner = co_await std::move(looking);
        if (banner) {
            // Who it is says all; what it did to a Tversion is noise.
            versions.found.clear();
            versions.found.push_back(std::move(*banner));
        }
    }
    for (Found& found : versions.found) {
        auto adding_version = report.add("version", std::move(found));
        co_await std::move(adding_version);
    }
    if (versions.spoken.empty() || std::holds_alternative<FdAddress>(options.address)) co_return "attach";

    auto attaching = try_to_attach(options, versions.spoken);
    Attached attached = co_await std::move(attaching);
    for (Found& found : attached.found) {
        auto adding_attach = report.add("attach", std::move(found));
        co_await std::move(adding_attach);
    }
    if (!attached.client) co_return "list";

    std::vector<std::string> files;
    auto listing = try_to_list(attached.client, files);
    Found listed = co_await std::move(listing);
    failed = listed.finding == Finding::fail;
    auto adding_list = report.add("list", std::move(listed));
    co_await std::move(adding_list);
    if (failed) co_return "read";

    std::string file;
    auto reading = try_to_read(attached.client, files, file);
    Found read = co_await std::move(reading);
    failed = read.finding == Finding::fail;
    auto adding_read = report.add("read", std::move(read));
    co_await std::move(adding_read);
    if (failed) co_return "abilities";

    auto trying = try_abilities(attached.client, std::move(file));
    Found abilities = co_await std::move(trying);
    auto adding_abilities = report.add("abilities", std::move(abilities));
    co_await std::move(adding_abilities);
    auto closing = attached.client.close();
    co_await std::move(closing);
    co_return nullptr;
}

}  // namespace

awaitable<void> examine(const tools::CommonOptions& options, bool with_mount, Report& report) {
    co_await boost::asio::this_coro::throw_if_cancelled(false);
    auto examining = examine_server(options, report);
    const char* skipped = co_await std::move(examining);
    const auto state = co_await boost::asio::this_coro::cancellation_state;
    if (state.cancelled() != boost::asio::cancellation_type::none) co_return;
    if (skipped != nullptr) {
        Found rest{Finding::skip, "this and what follows was not tried", "", 0};
        auto adding = report.add(skipped, std::move(rest));
        co_await std::move(adding);
    }
    if (!with_mount) co_return;
    MountPlaces places;
    const char* path = std::getenv("PATH");
    places.path = path == nullptr ? "/usr/bin:/bin" : path;
    for (Found& found : look_at_mount(places)) {
        auto adding = report.add("mount", std::move(found));
        co_await std::move(adding);
    }
}

}  // namespace p9::doctor
