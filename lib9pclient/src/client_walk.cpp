#include "client_walk.hpp"

#include "dialect.hpp"

#include <cerrno>

namespace p9 {
namespace {

constexpr int MAX_SYMLINKS = 40;  // as Linux has it (path_resolution(7))
// The same, without the NUL: targets of 64 KiB, each ending in a symlink, would keep a walk busy for hours.
constexpr std::size_t MAX_TARGET = 4095;

/// How far one walk along a path came.
struct Progress {
    Node node;               // at the end of the path, if it came that far
    std::size_t passed = 0;  // names that were walked
    Qid last;                // the qid of the last of them
};

awaitable<Result<Progress>> walk_far(const Node& root, const std::vector<std::string>& names) {
    Progress progress;
    progress.last = root.qid();
    do {
        const Node& from = progress.node ? progress.node : root;
        Names piece;
        while (progress.passed + piece.size() < names.size() && piece.size() < MAXWELEM)
            piece.push_back(names[progress.passed + piece.size()]);
        auto walked = co_await walk_once(root.shared_session(), from.fid(), from.qid(), std::move(piece));
        if (!walked) co_return walked.error();
        progress.passed += walked->qids.size();
        if (!walked->qids.empty()) progress.last = walked->qids.back();
        progress.node = std::move(walked->node);
    } while (progress.node && progress.passed < names.size());
    co_return progress;
}

/// Puts the target of the link at names[at] in its place.
void substitute(std::vector<std::string>& names, std::size_t at, const std::string& target) {
    std::vector<std::string> rest(names.begin() + static_cast<std::ptrdiff_t>(at) + 1, names.end());
    std::string path = "/";
    if (!target.starts_with('/'))
        for (std::size_t i = 0; i < at; ++i) path += names[i] + '/';
    names = split_path(path + target);
    names.insert(names.end(), rest.begin(), rest.end());
}

}  // namespace

std::vector<std::string> split_path(std::string_view path) {
    std::vector<std::string> names;
    while (!path.empty()) {
        const std::size_t slash = std::min(path.find('/'), path.size());
        const std::string_view name = path.substr(0, slash);
        path.remove_prefix(std::min(slash + 1, path.size()));
        if (name == "..") {
            if (!names.empty()) names.pop_back();
        } else if (!name.empty() && name != ".") {
            names.emplace_back(name);
        }
    }
    return names;
}

awaitable<Result<Node>> walk_path(const Node& root, std::vector<std::string> names, Follow follow) {
    for (int links = 0; links <= MAX_SYMLINKS; ++links) {
        for (const auto& name : names)
            if (auto refusal = refuse_name(name)) co_return *refusal;
        auto progress = co_await walk_far(root, names);
        if (!progress) co_return progress.error();
        const bool at_link = progress->passed != 0 && (progress->last.type & QTSYMLINK) != 0;
        if (progress->node && (!at_link || follow == Follow::no)) co_return std::move(progress->node);
        if (!at_link) {
            const bool in_directory = progress->passed == 0 || (progress->last.type & QTDIR) != 0;
            co_return Error::from_errno(in_directory ? ENOENT : ENOTDIR);
        }
        if (!progress->node) {
            // The walk ended at a link in the middle; its own fid was not made.
            const std::vector<std::string> to_link(names.begin(),
                                                   names.begin() + static_cast<std::ptrdiff_t>(progress->passed));
            auto again = co_await walk_far(root, to_link);
            if (!again) co_return again.error();
            if (!again->node) co_return Error::from_errno(ENOENT);
            progress->node = std::move(again->node);
        }
        auto reading = progress->node.readlink();
        auto target = co_await std::move(reading);
        if (!target) co_return target.error();
        if (target->empty()) co_return Error::from_errno(ENOENT, "a symlink leads to an empty path");
        if (target->size() > MAX_TARGET) co_return Error::from_errno(ENAMETOOLONG, "a symlink's target is too long");
        substitute(names, progress->passed - 1, *target);
    }
    co_return Error::from_errno(ELOOP);
}

}  // namespace p9
