// ls: what p9ls prints.
#include "tools/p9ls/list.hpp"
#include "tools/p9sh/command.hpp"

namespace p9::tools {

awaitable<void> run_ls(Call& call) {
    LsOptions options;
    options.long_format = call.arguments.has('l');
    options.directory = call.arguments.has('d');
    options.recursive = call.arguments.has('R');
    options.reverse = call.arguments.has('r');
    options.by_time = call.arguments.has('t');
    options.by_size = call.arguments.has('S');
    options.one_column = call.arguments.has('1');
    options.human = call.arguments.has('h');
    options.classify = call.arguments.has('F');
    options.qids = call.arguments.has('q');
    options.json = call.arguments.has('j');
    if (options.by_time && options.by_size) co_return call.usage_error("-t and -S are two orders; choose one");
    if (call.out().terminal()) look_at_terminal(options, "auto");
    std::vector<std::string> paths;
    if (call.arguments.operands.empty()) {
        paths.emplace_back(".");
    } else {
        auto finding = remote_paths(call);
        paths = co_await std::move(finding);
    }
    if (paths.empty()) co_return;
    auto listing = list_paths(call.context, options, std::move(paths));
    co_await std::move(listing);
}

}  // namespace p9::tools
