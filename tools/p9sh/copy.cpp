#include "tools/p9sh/copy.hpp"

#include "tools/p9cp/cp.hpp"

#include <glob.h>

namespace p9::tools {
namespace {

/// `text` as a pattern that stands for it only.
std::string literal_pattern(const std::string& text) {
    std::string pattern;
    for (const char c : text) {
        if (std::string_view("*?[]\\").find(c) != std::string_view::npos) pattern += '\\';
        pattern += c;
    }
    return pattern;
}

}  // namespace

std::string remote_operand(const Call& call, const Word& word) {
    if (word.globs) {
        if (word.pattern.starts_with('/')) return ":" + word.pattern;
        const std::string directory = call.shell.directory();
        return ":" + literal_pattern(directory) + (directory.ends_with('/') ? "" : "/") + word.pattern;
    }
    const std::string path = call.shell.absolute(word.text);
    // A slash at the end says that a directory is meant.
    return ":" + path + (word.text.ends_with('/') && path != "/" ? "/" : "");
}

std::vector<std::string> local_operands(const Word& word) {
    std::vector<std::string> paths;
    if (word.globs) {
        glob_t found{};
        if (::glob(word.pattern.c_str(), GLOB_NOCHECK, nullptr, &found) == 0)
            paths.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
        ::globfree(&found);
    } else {
        paths.push_back(word.text);
    }
    // A ':' at the beginning would be taken for the server.
    for (auto& path : paths) {
        if (path.starts_with(':')) path.insert(0, "./");
    }
    return paths;
}

awaitable<void> copy_operands(Call& call, std::vector<std::string> operands) {
    CpOptions options;
    options.operands = std::move(operands);
    options.copy.recursive = call.arguments.has('r') || call.arguments.has('R');
    options.copy.preserve = call.arguments.has('p');
    options.copy.force = call.arguments.has('f');
    if (const auto wrong = wrong_operands(options)) co_return call.usage_error(*wrong);
    auto copying = cp(call.context, options);
    co_await std::move(copying);
}

}  // namespace p9::tools
