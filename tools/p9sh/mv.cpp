// mv: renames and moves.
#include "tools/p9sh/places.hpp"

#include <cerrno>

namespace p9::tools {
namespace {

/// Which of the two an error of theirs is about, if it can be told.
awaitable<std::string> at_fault(Call& call, std::string source, std::string target, Error error) {
    const std::string both = source + " to " + target;
    if (!error.is_errno(ENOENT) && !error.is_errno(ENOTDIR)) co_return both;
    const auto there = co_await type_at(call, source);
    if (!there) co_return there.error().is_errc() ? both : source;
    const std::string whole = call.shell.absolute(target);
    const bool folder = co_await is_directory(call, "/" + whole.substr(0, whole.rfind('/')));
    co_return folder ? both : target;
}

}  // namespace

awaitable<void> run_mv(Call& call) {
    const std::size_t last = call.arguments.operands.size() - 1;
    auto finding = remote_paths(call, 0, last);
    const auto sources = co_await std::move(finding);
    auto finding_target = remote_paths(call, last, last + 1);
    const auto targets = co_await std::move(finding_target);
    if (sources.empty() || targets.empty()) co_return;
    if (targets.size() > 1) co_return call.usage_error("more than one name matches the last pattern");
    const bool into = co_await is_directory(call, targets[0]);
    if (!into && sources.size() > 1)
        co_return call.messages().report(
            targets[0], Error::from_errno(ENOTDIR, "several files go into a directory, and this is none"));
    for (const auto& source : sources) {
        const std::string target = into ? path_in(targets[0], last_name(call.shell.absolute(source))) : targets[0];
        if (call.arguments.has('n')) {
            const auto there = co_await type_at(call, target);
            if (there) continue;
        }
        const auto moved = co_await call.client().rename(call.shell.absolute(source), call.shell.absolute(target));
        if (!moved) {
            const auto culprit = co_await at_fault(call, source, target, moved.error());
            call.messages().report(culprit, moved.error());
            if (call.messages().hopeless()) co_return;
        } else if (call.arguments.has('v')) {
            call.out().put(call.shown(source) + " -> " + call.shown(target) + "\n");
        }
    }
}

}  // namespace p9::tools
