// rm: removes files and trees.
#include "tools/p9sh/places.hpp"

#include <algorithm>
#include <cerrno>

namespace p9::tools {
namespace {

constexpr std::size_t removals_at_once = 256;

awaitable<void> remove_one(Call& call, std::string path, bool directory) {
    auto removing = unlink_at(call, path, directory);
    const auto removed = co_await std::move(removing);
    const bool force = call.arguments.has('f');
    if (!removed && !(force && removed.error().is_errno(ENOENT))) call.messages().report(path, removed.error());
    if (removed && call.arguments.has('v')) call.out().put("removed " + call.shown(path) + "\n");
}

awaitable<void> remove_tree(Call& call, std::string path) {
    auto scanning = scan_tree(call, path, ANY_NUMBER);
    const auto tree = co_await std::move(scanning);
    if (!tree) co_return;
    auto all = flattened(*tree);
    // The deepest first: directories are empty when their turn comes.
    std::ranges::sort(all, std::greater{}, &Branch::depth);
    for (auto begin = all.begin(); begin != all.end() && !call.messages().hopeless();) {
        const auto end =
            std::ranges::find_if(begin, all.end(), [&](const Branch* b) { return b->depth != (*begin)->depth; });
        std::function<awaitable<void>(std::size_t)> one = [&](std::size_t i) {
            const Branch& branch = **(begin + static_cast<std::ptrdiff_t>(i));
            return remove_one(call, branch.path, branch.type == FileType::directory);
        };
        auto level = for_each_concurrently(static_cast<std::size_t>(end - begin), removals_at_once, std::move(one));
        co_await std::move(level);
        begin = end;
    }
}

bool is_dots(const std::string& path) {
    const auto slash = path.find_last_not_of('/');
    const std::string_view trimmed = std::string_view(path).substr(0, slash == path.npos ? 0 : slash + 1);
    return trimmed == "." || trimmed == ".." || trimmed.ends_with("/.") || trimmed.ends_with("/..");
}

}  // namespace

awaitable<void> run_rm(Call& call) {
    const bool recursive = call.arguments.has('r') || call.arguments.has('R');
    auto finding = remote_paths(call);
    const auto paths = co_await std::move(finding);
    for (const auto& path : paths) {
        if (is_dots(path) || call.shell.absolute(path) == "/") {
            call.messages().report(path, Error::from_errno(EINVAL, R"(".", ".." and the root are not removed)"));
            continue;
        }
        auto asking = type_at(call, path);
        const auto type = co_await std::move(asking);
        if (!type) {
            const bool ignored = call.arguments.has('f') && type.error().is_errno(ENOENT);
            if (!ignored) call.messages().report(path, type.error());
        } else if (*type != FileType::directory) {
            co_await remove_one(call, path, false);
        } else if (recursive) {
            co_await remove_tree(call, path);
        } else {
            call.messages().report(
                path, Error::from_errno(EISDIR, "Is a directory; rm -r removes it with all that is in it"));
        }
        if (call.messages().hopeless()) co_return;
    }
}

}  // namespace p9::tools
