// reconnect: a new connection, after the old one was lost or instead of it.
#include "tools/p9sh/command.hpp"

namespace p9::tools {

awaitable<void> run_reconnect(Call& call) {
    auto connecting = call.shell.connect(call.messages());
    const auto connected = co_await std::move(connecting);
    if (!connected) co_return call.messages().report("", connected.error());
    // The directory may be gone; where one is then is said and not left to the next command.
    const std::string directory = call.shell.directory();
    const auto there = co_await call.shell.client()->attributes(directory);
    if (there) co_return;
    call.shell.directory("/");
    call.messages().note(escaped(directory) + ": " + there.error().message() + "; the directory is now /");
}

}  // namespace p9::tools
