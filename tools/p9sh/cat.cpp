// cat: what p9cat prints.
#include "tools/p9cat/cat.hpp"
#include "tools/p9sh/command.hpp"

namespace p9::tools {

awaitable<void> run_cat(Call& call) {
    CatOptions options;
    options.count = call.arguments.number('n');
    options.offset = call.arguments.number('o');
    options.length = call.arguments.number('l');
    options.follow = call.arguments.has('f');
    auto finding = remote_paths(call);
    auto paths = co_await std::move(finding);
    if (paths.empty()) co_return;
    if (options.follow && (paths.size() > 1 || options.count))
        co_return call.usage_error(options.count ? "-f and -n do not go together" : "-f follows one file");
    Progress progress(false);
    Sink sink{call.messages(), call.out(), progress};
    auto printing = cat_paths(call.context, options, std::move(paths), sink);
    co_await std::move(printing);
}

}  // namespace p9::tools
