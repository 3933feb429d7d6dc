// Operations on names.
#include "tests/fuse/checker.hpp"

#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>

namespace p9::test {

void Checker::make_directory() {
    const std::string path = some_path();
    const unsigned mode = some_mode();
    doing("mkdir " + path + " " + std::to_string(mode));
    touch(path);
    both([&](Side& side) { return result_text(::mkdirat(side.root, path.c_str(), mode)); });
}

void Checker::remove_directory() {
    const std::string path = some_path();
    doing("rmdir " + path);
    touch(path);
    both([&](Side& side) { return result_text(::unlinkat(side.root, path.c_str(), AT_REMOVEDIR)); });
}

void Checker::unlink_file() {
    const std::string path = some_path();
    doing("unlink " + path);
    touch(path);
    both([&](Side& side) { return result_text(::unlinkat(side.root, path.c_str(), 0)); });
}

void Checker::rename_something() {
    const std::string from = some_path();
    std::string to = some_path();
    if (!abilities_.renames) {
        // To another name in the same directory, which nothing has.
        to = from.substr(0, from.find_last_of('/') + 1) + some_name();
        if (::faccessat(local_.root, to.c_str(), F_OK, AT_SYMLINK_NOFOLLOW) == 0) return;
    }
    doing("rename " + from + " to " + to);
    touch(from);
    touch(to);
    both([&](Side& side) { return result_text(::renameat(side.root, from.c_str(), side.root, to.c_str())); });
}

// 9P cannot do it in one step, so that EINVAL is the honest answer unless the kernel knows a better one.
void Checker::rename_with_flags() {
    const std::string from = some_path();
    const std::string to = some_path();
    doing("rename " + from + " to " + to + ", not onto anything");
    const std::string seen = result_text(::renameat2(mount_.root, from.c_str(), mount_.root, to.c_str(), 1));
    if (seen == "EINVAL") return;
    touch(from);
    touch(to);
    const std::string local = result_text(::renameat2(local_.root, from.c_str(), local_.root, to.c_str(), 1));
    if (seen != local) differ(seen, local);
}

// Each name has an inode of its own in a mount, with pages of its own in the kernel. Where these do not even learn of
// each other later, the new name takes the place of the old one, as with most programs that make links, and what is
// open or mapped by the old name is given up first.
void Checker::link_file() {
    const std::string from = some_path();
    const std::string to = some_path();
    const bool moves = !abilities_.links_later || one_in(2);
    doing("link " + from + " to " + to + (moves ? ", then unlink " + from : ""));
    touch(to);
    if (moves) touch(from);
    for (Side* side : {&mount_, &local_}) {
        for (int& file : side->files)
            if (moves && file >= 0) ::close(std::exchange(file, -1));
        for (Map& map : side->maps) {
            if (!moves || map.at == nullptr) continue;
            ::munmap(map.at, map.size);
            map = Map();
        }
    }
    both([&](Side& side) {
        std::string result = result_text(::linkat(side.root, from.c_str(), side.root, to.c_str(), 0));
        if (result != "0") return result;
        struct stat status{};
        result +=
            ::fstatat(side.root, to.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0 ? result_text(-1) : status_text(status);
        return moves ? result + " " + result_text(::unlinkat(side.root, from.c_str(), 0)) : result;
    });
}

void Checker::symlink_file() {
    const std::string path = some_path();
    const std::string target = one_in(4) ? std::string(below(300) + 1, 'x') : some_path();
    doing("symlink " + path + " to " + target);
    touch(path);
    both([&](Side& side) { return result_text(::symlinkat(target.c_str(), side.root, path.c_str())); });
}

void Checker::read_link() {
    const std::string path = some_path();
    doing("readlink " + path);
    both([&](Side& side) {
        char target[4096];
        const ssize_t got = ::readlinkat(side.root, path.c_str(), target, sizeof target);
        return got < 0 ? result_text(-1) : std::string(target, static_cast<std::size_t>(got));
    });
}

void Checker::truncate_path() {
    const std::string path = some_path();
    const off_t size = some_offset();
    doing("truncate " + path + " to " + std::to_string(size));
    both([&](Side& side) {
        const std::string whole = "/proc/self/fd/" + std::to_string(side.root) + "/" + path;
        return result_text(::truncate(whole.c_str(), size));
    });
}

void Checker::status_path() {
    const std::string path = some_path();
    const int flags = one_in(2) ? AT_SYMLINK_NOFOLLOW : 0;
    doing("stat " + path);
    both([&](Side& side) {
        struct stat status{};
        return ::fstatat(side.root, path.c_str(), &status, flags) != 0 ? result_text(-1) : status_text(status);
    });
}

void Checker::change_mode() {
    const std::string path = some_path();
    const unsigned mode = some_mode();
    doing("chmod " + path + " to " + std::to_string(mode));
    both([&](Side& side) { return result_text(::fchmodat(side.root, path.c_str(), mode, 0)); });
}

void Checker::change_owner() {
    const std::string path = some_path();
    // At least one of them: else the kernel drops set-user-ID bits with what looks like chmod(2), and with them the
    // sticky bit, which it does not know.
    const auto user = static_cast<uid_t>(below(3) * 1000);
    const auto group = one_in(3) ? static_cast<gid_t>(-1) : static_cast<gid_t>(below(3) * 1000);
    doing("chown " + path + " to " + std::to_string(user) + ":" + std::to_string(group));
    both(
        [&](Side& side) { return result_text(::fchownat(side.root, path.c_str(), user, group, AT_SYMLINK_NOFOLLOW)); });
}

void Checker::change_times() {
    const std::string path = some_path();
    const auto some_time = [&](long seconds) {
        return one_in(4) ? timespec{0, UTIME_OMIT} : timespec{seconds, static_cast<long>(below(1'000'000'000))};
    };
    const timespec times[2] = {some_time(1'000'000'000), some_time(1'100'000'000)};
    const bool now = one_in(5);
    doing("utimens " + path);
    both([&](Side& side) {
        struct stat before{}, after{};
        ::fstatat(side.root, path.c_str(), &before, AT_SYMLINK_NOFOLLOW);
        const timespec moment[2] = {times[0], {0, UTIME_NOW}};
        std::string result =
            result_text(::utimensat(side.root, path.c_str(), now ? moment : times, AT_SYMLINK_NOFOLLOW));
        if (::fstatat(side.root, path.c_str(), &after, AT_SYMLINK_NOFOLLOW) != 0) return result;
        const auto text = [](const timespec& t, const timespec& old, const timespec& wanted) {
            if (wanted.tv_nsec != UTIME_OMIT) return std::to_string(t.tv_sec) + "." + std::to_string(t.tv_nsec);
            return std::string(t.tv_sec == old.tv_sec && t.tv_nsec == old.tv_nsec ? "as before" : "changed");
        };
        // Opening a directory begins to read it, and that may still be under way when its time is set; and the path may
        // lead through this very symlink, by another of its names.
        const bool read_meanwhile = S_ISDIR(after.st_mode) || (S_ISLNK(after.st_mode) && after.st_nlink > 1);
        if (!read_meanwhile && (abilities_.access_times || times[0].tv_nsec != UTIME_OMIT))
            result += " " + text(after.st_atim, before.st_atim, times[0]);
        result += " ";
        return result + (now ? (after.st_mtim.tv_sec > 1'500'000'000 ? "now" : "not now")
                             : text(after.st_mtim, before.st_mtim, times[1]));
    });
}

void Checker::write_whole() {
    const std::string path = some_path();
    const std::string data = bytes(some_size());
    const unsigned mode = some_mode() & 0777;
    doing("write all of " + path + ", " + std::to_string(data.size()));
    touch(path);
    both([&](Side& side) {
        const int file = ::openat(side.root, path.c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, mode);
        if (file < 0) return result_text(-1);
        std::string result = result_text(::write(file, data.data(), data.size()));
        return result + " " + result_text(::close(file));
    });
}

void Checker::read_whole() {
    const std::string path = some_path();
    doing("read all of " + path);
    both([&](Side& side) {
        const int file = ::openat(side.root, path.c_str(), O_RDONLY | O_CLOEXEC);
        if (file < 0) return result_text(-1);
        std::string all;
        std::string part(65536, '\0');
        ssize_t got = 0;
        while ((got = ::read(file, part.data(), part.size())) > 0) all.append(part, 0, static_cast<std::size_t>(got));
        const std::string result = got < 0 ? result_text(-1) : digest(all);
        ::close(file);
        return result;
    });
}

}  // namespace p9::test
