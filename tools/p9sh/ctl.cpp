// ctl, ask: one write to a control file, and its answer.
#include "tools/file_text.hpp"
#include "tools/p9sh/places.hpp"

namespace p9::tools {
namespace {

std::string words_to_send(const Call& call) {
    std::string text = call.arguments.joined(1);
    if (call.arguments.has('l')) text += '\n';
    return text;
}

}  // namespace

awaitable<void> run_ctl(Call& call) {
    const std::string& path = call.arguments.text(0);
    const auto file = co_await call.client().open(call.shell.absolute(path), P9_O_WRONLY);
    if (!file) co_return call.messages().report(path, file.error());
    const std::string text = words_to_send(call);
    const auto written = co_await write_once(*file, text);
    if (!written) call.messages().report(path, written.error());
}

awaitable<void> run_ask(Call& call) {
    const std::string& path = call.arguments.text(0);
    const auto file = co_await call.client().open(call.shell.absolute(path), P9_O_RDWR);
    if (!file) co_return call.messages().report(path, file.error());
    const std::string text = words_to_send(call);
    const auto answer = co_await ask_once(*file, text);
    if (answer)
        call.out().put(*answer);
    else
        call.messages().report(path, answer.error());
}

}  // namespace p9::tools
