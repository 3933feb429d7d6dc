// mkdir: makes directories.
#include "tools/p9sh/modes.hpp"
#include "tools/p9sh/places.hpp"

#include <cerrno>

namespace p9::tools {
namespace {

/// Makes what is missing of `path`; errors are reported.
awaitable<void> make_with_parents(Call& call, std::string path, u32 mode) {
    std::string so_far;
    const auto names = split_path(call.shell.absolute(path));
    for (std::size_t i = 0; i < names.size(); ++i) {
        so_far += '/' + names[i];
        const bool last = i + 1 == names.size();
        const auto made = co_await call.client().mkdir(so_far, last ? mode : after_umask(0777));
        if (made) continue;
        // Servers refuse what exists with various words, and where nothing may be written even before they look.
        const bool there = co_await is_directory(call, so_far);
        if (!there) co_return call.messages().report(path, made.error());
    }
}

}  // namespace

Result<void> check_mkdir(const Arguments& arguments) {
    const std::string* text = arguments.value('m');
    if (text == nullptr) return {};
    const auto mode = changed_mode(*text, 0777, true);
    if (!mode) return mode.error();
    return {};
}

awaitable<void> run_mkdir(Call& call) {
    const std::string* text = call.arguments.value('m');
    const u32 mode = text == nullptr ? after_umask(0777) : *changed_mode(*text, 0777, true);
    for (const auto& word : call.arguments.operands) {
        const std::string& path = word.text;
        if (path.empty()) {
            call.messages().report("", Error::from_errno(ENOENT, "an empty path names no directory"));
            continue;
        }
        if (call.arguments.has('p')) {
            co_await make_with_parents(call, path, mode);
        } else {
            const auto made = co_await call.client().mkdir(call.shell.absolute(path), mode);
            if (!made) call.messages().report(path, made.error());
        }
        if (call.messages().hopeless()) co_return;
    }
}

}  // namespace p9::tools
