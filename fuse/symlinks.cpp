#include "fuse/symlinks.hpp"

#include <cerrno>
#include <string_view>
#include <vector>

namespace p9::fuse {

Result<std::string> contained(std::string target, std::size_t depth, Symlinks mode) {
    if (mode == Symlinks::keep) return target;
    const bool absolute = target.starts_with('/');
    std::size_t up = absolute ? depth : 0;
    bool leaves = absolute;
    bool rewritten = absolute;
    std::vector<std::string_view> names;
    const std::string_view text = target;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = std::min(text.find('/', at), text.size());
        const std::string_view name = text.substr(at, end - at);
        at = end + 1;
        if (name.empty() || name == ".") continue;
        if (name != "..") {
            names.push_back(name);
        } else if (!names.empty()) {
            names.pop_back();
            rewritten = true;
        } else if (up < depth) {
            ++up;
        } else {
            leaves = rewritten = true;
        }
    }
    if (leaves && mode == Symlinks::deny) return Error::from_errno(EPERM, "the symlink leads out of the mount");
    if (!rewritten) return target;
    std::string result;
    for (std::size_t i = 0; i < up; ++i) result += "../";
    for (const auto& name : names) result.append(name).push_back('/');
    if (result.empty()) return std::string(".");
    result.pop_back();
    return result;
}

}  // namespace p9::fuse
