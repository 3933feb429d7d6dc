// ln: hard and symbolic links.
#include "tools/p9sh/places.hpp"

#include <cerrno>

namespace p9::tools {

awaitable<void> run_ln(Call& call) {
    const std::string& target = call.arguments.text(0);
    std::string name = call.arguments.operands.size() > 1 ? call.arguments.text(1) : last_name(target);
    const bool into = co_await is_directory(call, name);
    if (into) name = path_in(name, last_name(target));
    if (call.arguments.has('f')) {
        const auto there = co_await type_at(call, name);
        if (there && *there != FileType::directory) {
            const auto removed = co_await unlink_at(call, name, false);
            if (!removed) co_return call.messages().report(name, removed.error());
        }
    }
    const std::string at = call.shell.absolute(name);
    if (call.arguments.has('s')) {
        // The target is text: it is read where the link is, not here.
        const auto made = co_await call.client().symlink(at, target);
        if (!made) call.messages().report(name, made.error());
    } else {
        const auto made = co_await call.client().link(call.shell.absolute(target), at);
        if (!made) call.messages().report(name, made.error());
    }
}

}  // namespace p9::tools
