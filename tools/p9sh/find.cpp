// find: names in a tree that fit.
#include "tools/p9sh/places.hpp"

#include "p9/trace.hpp"
#include "tools/glob.hpp"
#include "tools/options.hpp"

#include <algorithm>
#include <cerrno>

namespace p9::tools {
namespace {

struct Wanted {
    std::vector<std::size_t> paths;  // operands
    std::vector<std::string> names;  // patterns
    std::optional<FileType> type;
    std::size_t deepest = 1000;
    std::size_t shallowest = 0;
    char end = '\n';
};

std::optional<FileType> type_of_letter(const std::string& text) {
    static constexpr std::pair<char, FileType> types[] = {
        {'f', FileType::file},      {'d', FileType::directory}, {'l', FileType::symlink}, {'b', FileType::block},
        {'c', FileType::character}, {'p', FileType::fifo},      {'s', FileType::socket}};
    for (const auto& [letter, type] : types) {
        if (text.size() == 1 && text[0] == letter) return type;
    }
    return std::nullopt;
}

/// Takes a test and its value. An error is one of usage.
std::optional<Error> take_test(Wanted& wanted, const std::string& test, const Word* value) {
    if (value == nullptr) return Error::from_errno(EINVAL, test + " needs a value after it");
    if (test == "-name") {
        wanted.names.push_back(value->text);
        return std::nullopt;
    }
    if (test == "-type") {
        wanted.type = type_of_letter(value->text);
        if (!wanted.type) return Error::from_errno(EINVAL, "-type: expected one of f d l b c p s");
        return std::nullopt;
    }
    const auto depth = parse_number(value->text, false);
    if (!depth) return Error::from_errno(EINVAL, test + ": expected a number, not \"" + escaped(value->text) + '"');
    (test == "-maxdepth" ? wanted.deepest : wanted.shallowest) = *depth;
    return std::nullopt;
}

Result<Wanted> parse_wanted(const Arguments& arguments) {
    Wanted wanted;
    const auto& words = arguments.operands;
    for (std::size_t i = 0; i < words.size(); ++i) {
        const std::string& word = words[i].text;
        if (word == "-print0") {
            wanted.end = '\0';
        } else if (word == "-print") {
            continue;
        } else if (word == "-name" || word == "-type" || word == "-maxdepth" || word == "-mindepth") {
            const Word* value = i + 1 < words.size() ? &words[i + 1] : nullptr;
            if (auto wrong = take_test(wanted, word, value)) return *wrong;
            ++i;
        } else if (word.starts_with('-')) {
            return Error::from_errno(EINVAL, "unknown test " + escaped(word));
        } else {
            wanted.paths.push_back(i);
        }
    }
    return wanted;
}

bool fits(const Branch& branch, const Wanted& wanted) {
    if (branch.depth < wanted.shallowest) return false;
    if (wanted.type && branch.type != *wanted.type) return false;
    return std::ranges::all_of(wanted.names, [&](const std::string& pattern) {
        // find(1) lets a * match a dot at the beginning, and a shell does not: behind a letter it is one like any
        // other.
        return matches("x" + pattern, "x" + branch.name);
    });
}

}  // namespace

Result<void> check_find(const Arguments& arguments) {
    const auto wanted = parse_wanted(arguments);
    if (!wanted) return wanted.error();
    return {};
}

awaitable<void> run_find(Call& call) {
    const auto wanted = parse_wanted(call.arguments);
    std::vector<std::string> paths;
    for (const std::size_t i : wanted->paths) {
        auto finding = remote_paths(call, i, i + 1);
        auto found = co_await std::move(finding);
        paths.insert(paths.end(), found.begin(), found.end());
    }
    if (wanted->paths.empty()) paths.emplace_back(".");
    for (const auto& path : paths) {
        auto scanning = scan_tree(call, path, wanted->deepest);
        const auto tree = co_await std::move(scanning);
        if (!tree) continue;
        for (const Branch* each : flattened(*tree)) {
            if (fits(*each, *wanted)) call.out().put(call.shown(each->path) + wanted->end);
            if (!call.out().full()) continue;
            const bool written = co_await call.out().flush();
            if (!written) co_return;
        }
    }
}

}  // namespace p9::tools
