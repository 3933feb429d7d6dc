// tree: a tree, drawn.
#include "tools/p9sh/places.hpp"

namespace p9::tools {
namespace {

struct Counts {
    std::size_t directories = 0;
    std::size_t files = 0;
};

/// Draws what is below `branch`. Depth is bounded by what paths can be.
void draw(Call& call, const Branch& branch, const std::string& indent, Counts& counts) {
    const bool only_directories = call.arguments.has('d');
    std::vector<const Branch*> shown;
    for (const auto& child : branch.children) {
        const bool directory = child->type == FileType::directory;
        (directory ? counts.directories : counts.files) += directory || !only_directories ? 1 : 0;
        if (directory || !only_directories) shown.push_back(child.get());
    }
    for (const Branch* child : shown) {
        const bool last = child == shown.back();
        const std::string mark = child->type == FileType::directory ? "/" : child->type == FileType::symlink ? "@" : "";
        call.out().put(indent + (last ? "└── " : "├── ") + call.shown(child->name) +
                       (call.arguments.has('F') ? mark : "") + "\n");
        draw(call, *child, indent + (last ? "    " : "│   "), counts);
    }
}

std::string counted(std::size_t n, std::string_view one, std::string_view many) {
    return std::to_string(n) + " " + std::string(n == 1 ? one : many);
}

}  // namespace

awaitable<void> run_tree(Call& call) {
    std::vector<std::string> paths{"."};
    if (!call.arguments.operands.empty()) {
        auto finding = remote_paths(call);
        paths = co_await std::move(finding);
    }
    const std::size_t depth = call.arguments.number('L').value_or(1000);
    Counts counts;
    bool any = false;
    for (const auto& path : paths) {
        auto scanning = scan_tree(call, path, depth);
        const auto tree = co_await std::move(scanning);
        if (!tree) continue;
        any = true;
        call.out().put(call.shown(path) + "\n");
        draw(call, *tree, "", counts);
    }
    if (!any) co_return;
    std::string sum = "\n" + counted(counts.directories, "directory", "directories");
    if (!call.arguments.has('d')) sum += ", " + counted(counts.files, "file", "files");
    call.out().put(sum + "\n");
}

}  // namespace p9::tools
