// Listings, also while they change, and extended attributes.
#include "tests/fuse/checker.hpp"

#include <sys/xattr.h>

namespace p9::test {

void Checker::list_directory() {
    const std::string path = one_in(3) ? "." : some_path();
    doing("list " + path);
    both([&](Side& side) {
        const int folder = ::openat(side.root, path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (folder < 0) return result_text(-1);
        DIR* directory = ::fdopendir(folder);
        std::multiset<std::string> names;
        while (const dirent* entry = ::readdir(directory))
            names.insert(std::string(entry->d_name) + ":" + std::to_string(entry->d_type));
        ::closedir(directory);
        std::string text;
        for (const auto& name : names) text += name + " ";
        return text;
    });
}

void Checker::begin_listing() {
    doing("begin to list");
    stable_.clear();
    for (Side* side : {&mount_, &local_}) {
        if (side->listing != nullptr) ::closedir(side->listing);
        side->listing = ::fdopendir(::openat(side->root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        side->listed.clear();
    }
    const int folder = ::openat(local_.root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR* all = ::fdopendir(folder);
    while (const dirent* entry = ::readdir(all)) stable_.insert(entry->d_name);
    ::closedir(all);
}

// Whatever comes and goes meanwhile, a name that stays is listed once.
void Checker::go_on_listing() {
    if (mount_.listing == nullptr) return;
    const bool to_the_end = one_in(3);
    doing(to_the_end ? "list to the end" : "list some");
    bool ended = false;
    for (std::uint64_t i = 1 + below(3); !ended && (to_the_end || i > 0); --i) {
        const dirent* entry = ::readdir(mount_.listing);
        if (entry == nullptr)
            ended = true;
        else
            mount_.listed.insert(entry->d_name);
    }
    if (!ended) return;
    for (const auto& name : stable_) {
        const auto times = mount_.listed.count(name);
        if (times != 1) differ(name + " was listed " + std::to_string(times) + " times", "once");
    }
    ::closedir(std::exchange(mount_.listing, nullptr));
}

void Checker::change_xattr() {
    const std::string path = some_path();
    const std::string name = one_in(2) ? "user.first" : "user.second";
    const std::string value = bytes(below(one_in(4) ? 1000 : 20) + (abilities_.empty_xattrs ? 0 : 1));
    const int flags = static_cast<int>(below(3));
    const bool removes = one_in(3);
    doing((removes ? "removexattr " : "setxattr ") + path + " " + name + " " + std::to_string(value.size()) +
          " flags " + std::to_string(flags));
    both([&](Side& side) {
        const std::string whole = "/proc/self/fd/" + std::to_string(side.root) + "/" + path;
        return result_text(removes ? ::removexattr(whole.c_str(), name.c_str())
                                   : ::setxattr(whole.c_str(), name.c_str(), value.data(), value.size(), flags));
    });
}

void Checker::read_xattr() {
    const std::string path = some_path();
    const std::size_t size = one_in(3) ? below(10) : 2000;
    doing("getxattr " + path + " into " + std::to_string(size));
    both([&](Side& side) {
        const std::string whole = "/proc/self/fd/" + std::to_string(side.root) + "/" + path;
        std::string text;
        std::string value(2000, '\0');
        for (const char* name : {"user.first", "user.second"}) {
            const ssize_t got = ::getxattr(whole.c_str(), name, value.data(), size);
            text += got < 0     ? result_text(-1)
                    : size == 0 ? std::to_string(got)
                                : digest(std::string_view(value).substr(0, static_cast<std::size_t>(got)));
            text += " ";
        }
        const ssize_t got = ::listxattr(whole.c_str(), value.data(), size);
        return text + result_text(got);
    });
}

}  // namespace p9::test
