#include "tools/p9sh/places.hpp"

#include "tools/glob.hpp"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <ranges>

namespace p9::tools {
namespace {

constexpr std::size_t directories_at_once = 128;
constexpr std::size_t changes_at_once = 256;

FileType type_of(const Attributes& attributes) {
    return (attributes.valid & GETATTR_MODE) != 0 ? attributes.type() : type_of_qid(attributes.qid.type);
}

/// Lists the children of one branch.
awaitable<void> list_branch(Call& call, Branch& branch, std::size_t& total) {
    // Nobody can use a path that is longer (path_resolution(7)); some servers have directories without end.
    if (branch.path.size() >= PATH_MAX)
        co_return call.messages().report(branch.path.substr(0, 64) + "...", Error::from_errno(ENAMETOOLONG));
    auto listing = call.client().list(path_from(call.context.directory, branch.path));
    auto batch = co_await std::move(listing);
    if (!batch) co_return call.messages().report(branch.path, batch.error());
    for (const auto& name : batch->refused)
        call.messages().note(escaped(branch.path) + ": left out a name that no file may have: \"" + escaped(name) +
                             '"');
    total += batch->entries.size();
    for (auto& entry : batch->entries) {
        auto child = std::make_unique<Branch>();
        child->path = path_in(branch.path, entry.name);
        child->name = std::move(entry.name);
        child->depth = branch.depth + 1;
        child->attributes = std::move(entry.attributes);
        if (child->attributes) {
            child->type = type_of(*child->attributes);
        } else if (entry.type) {
            child->type = *entry.type;
        } else {
            const auto asked = co_await type_at(call, child->path);
            child->type = asked ? *asked : type_of_qid(entry.qid.type);
        }
        branch.children.push_back(std::move(child));
    }
    std::ranges::sort(branch.children, {}, [](const auto& each) -> const std::string& { return each->name; });
}

}  // namespace

std::string last_name(const std::string& path) {
    const auto names = split_path(path);
    return names.empty() ? "/" : names.back();
}

std::string path_in(const std::string& directory, const std::string& name) {
    return directory.ends_with('/') ? directory + name : directory + '/' + name;
}

awaitable<Result<FileType>> type_at(Call& call, std::string path) {
    const auto attributes = co_await call.client().attributes(path_from(call.context.directory, path), Follow::no);
    if (!attributes) co_return attributes.error();
    co_return type_of(*attributes);
}

awaitable<bool> is_directory(Call& call, std::string path) {
    const auto attributes = co_await call.client().attributes(path_from(call.context.directory, path));
    co_return attributes&& type_of(*attributes) == FileType::directory;
}

awaitable<Result<void>> unlink_at(Call& call, std::string path, bool directory) {
    const std::string whole = call.shell.absolute(path);
    if (whole == "/") co_return Error::from_errno(EBUSY, "the root of the tree cannot be removed");
    const auto slash = whole.rfind('/');
    const auto parent = co_await call.client().walk(whole.substr(0, slash));
    if (!parent) co_return parent.error();
    co_return co_await parent->unlink(whole.substr(slash + 1), directory);
}

awaitable<std::unique_ptr<Branch>> scan_tree(Call& call, std::string path, std::size_t depth) {
    auto root = std::make_unique<Branch>();
    root->path = path;
    root->name = last_name(path);
    // A symlink that was named stands for what it points to if it has a slash behind it.
    const auto type = co_await type_at(call, path);
    if (!type) {
        call.messages().report(path, type.error());
        co_return nullptr;
    }
    root->type = *type;
    if (path.ends_with('/')) {
        const bool directory = co_await is_directory(call, path);
        if (directory) root->type = FileType::directory;
    }
    std::size_t total = 0;
    std::vector<Branch*> level{root.get()};
    for (std::size_t at = 0; at < depth && !level.empty(); ++at) {
        std::erase_if(level, [](const Branch* each) { return each->type != FileType::directory; });
        std::function<awaitable<void>(std::size_t)> one = [&](std::size_t i) {
            return list_branch(call, *level[i], total);
        };
        auto all = for_each_concurrently(level.size(), directories_at_once, std::move(one));
        co_await std::move(all);
        if (total > MOST_BRANCHES) {
            call.messages().report(path, Error::from_errno(EFBIG, "more than 1,000,000 files are in this tree"));
            co_return nullptr;
        }
        if (call.messages().hopeless()) co_return nullptr;
        std::vector<Branch*> below;
        for (const Branch* each : level) {
            for (const auto& child : each->children) below.push_back(child.get());
        }
        level = std::move(below);
    }
    co_return root;
}

awaitable<void> for_each_place(Call& call, std::size_t first, awaitable<void> (*one)(Call& call, std::string path)) {
    auto finding = remote_paths(call, first, call.arguments.operands.size());
    auto paths = co_await std::move(finding);
    if (call.arguments.has('R')) {
        std::vector<std::string> all;
        for (const auto& path : paths) {
            auto scanning = scan_tree(call, path, ANY_NUMBER);
            const auto tree = co_await std::move(scanning);
            if (!tree) continue;
            for (const Branch* each : flattened(*tree)) {
                if (each->type != FileType::symlink) all.push_back(each->path);
            }
        }
        paths = std::move(all);
    }
    std::function<awaitable<void>(std::size_t)> each = [&](std::size_t i) { return one(call, paths[i]); };
    auto every = for_each_concurrently(paths.size(), changes_at_once, std::move(each));
    co_await std::move(every);
}

std::vector<Branch*> flattened(Branch& root) {
    std::vector<Branch*> all;
    std::vector<Branch*> waiting{&root};
    while (!waiting.empty()) {
        Branch* const next = waiting.back();
        waiting.pop_back();
        all.push_back(next);
        for (const auto& child : next->children | std::views::reverse) waiting.push_back(child.get());
    }
    return all;
}

}  // namespace p9::tools
