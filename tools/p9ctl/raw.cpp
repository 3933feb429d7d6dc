// write and ask: any ctl file.
#include "tools/p9ctl/command.hpp"
#include "tools/p9ctl/ctl.hpp"
#include "tools/words.hpp"

namespace p9::tools {
namespace {

awaitable<void> write_text(Ctl& ctl, Where where, std::string text) {
    const auto sent = co_await send_to(ctl, where, std::move(text));
    if (!sent) ctl.sink.fail(where.path, sent.error());
}

awaitable<void> ask_text(Ctl& ctl, Where where, std::string text) {
    const auto reply = co_await ask_at(ctl, where, std::move(text));
    if (!reply) co_return ctl.sink.fail(where.path, reply.error());
    ctl.sink.raw(*reply);
}

std::string text_to_send(const Arguments& arguments) {
    std::string text = joined(arguments.words, 1);
    if (arguments.has("--newline")) text += '\n';
    return text;
}

}  // namespace

Result<Action> prepare_write(const Arguments& arguments) {
    return Action([where = Where{Base::tree, arguments.words[0]}, text = text_to_send(arguments)](Ctl& ctl) {
        return write_text(ctl, where, text);
    });
}

Result<Action> prepare_ask(const Arguments& arguments) {
    return Action([where = Where{Base::tree, arguments.words[0]}, text = text_to_send(arguments)](Ctl& ctl) {
        return ask_text(ctl, where, text);
    });
}

}  // namespace p9::tools
