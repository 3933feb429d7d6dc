// write, echo: words into a file, and to the output.
#include "tools/p9sh/modes.hpp"
#include "tools/p9sh/places.hpp"

namespace p9::tools {

awaitable<void> run_write(Call& call) {
    const std::string& path = call.arguments.text(0);
    const bool append = call.arguments.has('a');
    std::string text = call.arguments.joined(1);
    if (!call.arguments.has('n')) text += '\n';
    const OpenFlags flags = P9_O_WRONLY | (append ? P9_O_APPEND : P9_O_TRUNC);
    const auto file = co_await call.client().create(call.shell.absolute(path), flags, after_umask(0666));
    if (!file) co_return call.messages().report(path, file.error());
    u64 offset = 0;
    if (append) {
        // Only 9P2000.L knows O_APPEND.
        const auto attributes = co_await file->node().attributes(GETATTR_BASIC);
        if (!attributes) co_return call.messages().report(path, attributes.error());
        offset = attributes->size;
    }
    const auto written = co_await file->write_all(offset, Bytes(reinterpret_cast<const u8*>(text.data()), text.size()));
    if (!written) call.messages().report(path, written.error());
}

awaitable<void> run_echo(Call& call) {
    call.out().put(call.arguments.joined(0));
    call.out().put("\n");
    co_return;
}

}  // namespace p9::tools
