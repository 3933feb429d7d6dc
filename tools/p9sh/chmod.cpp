// chmod: changes permissions.
#include "tools/p9sh/modes.hpp"
#include "tools/p9sh/places.hpp"

namespace p9::tools {
namespace {

awaitable<void> change_mode(Call& call, std::string path) {
    const std::string place = call.shell.absolute(path);
    const auto before = co_await call.client().attributes(place);
    if (!before) co_return call.messages().report(path, before.error());
    const auto mode = changed_mode(call.arguments.text(0), before->mode, before->is_directory());
    AttributeChange change;
    change.mode = *mode;
    const auto changed = co_await call.client().change(place, change);
    if (!changed) call.messages().report(path, changed.error());
}

}  // namespace

Result<void> check_chmod(const Arguments& arguments) {
    const auto mode = changed_mode(arguments.text(0), 0, false);
    if (!mode) return mode.error();
    return {};
}

awaitable<void> run_chmod(Call& call) { return for_each_place(call, 1, change_mode); }

}  // namespace p9::tools
