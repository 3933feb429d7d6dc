#include "fuse/status.hpp"

#include "fuse/mount_list.hpp"
#include "tools/messages.hpp"

#include <grp.h>
#include <poll.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace p9::fuse {
namespace {

/// Between fork and exit: asks, and writes errno or 0 and then the text.
[[noreturn]] void ask_and_exit(const MountEntry& mount, bool json, int out) {
    // A mount without allow_other lets nobody in but the user who made it, not even root.
    if (::geteuid() == 0) {
        const gid_t group = mount.number("group_id").value_or(0);
        const uid_t user = mount.number("user_id").value_or(0);
        if (user != 0 && (::setgroups(0, nullptr) != 0 || ::setresgid(group, group, group) != 0 ||
                          ::setresuid(user, user, user) != 0))
            ::_exit(1);
    }
    static char value[65536 + sizeof(int)];
    const std::string name(json ? STATUS_JSON_ATTRIBUTE : STATUS_ATTRIBUTE);
    const ssize_t size = ::getxattr(mount.place.c_str(), name.c_str(), value + sizeof(int), 65536);
    const int number = size < 0 ? errno : 0;
    std::memcpy(value, &number, sizeof number);
    const std::size_t all = sizeof(int) + static_cast<std::size_t>(size < 0 ? 0 : size);
    ::_exit(::write(out, value, all) == static_cast<ssize_t>(all) ? 0 : 1);
}

std::string read_answer(int in, Duration patience) {
    std::string answer;
    const auto end = Clock::now() + patience;
    for (;;) {
        int left = -1;
        if (patience != Duration::zero()) {
            const auto rest = std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now()).count();
            left = static_cast<int>(std::clamp<std::int64_t>(rest, 0, INT_MAX));
        }
        pollfd ready{in, POLLIN, 0};
        if (::poll(&ready, 1, left) <= 0) return {};
        char chunk[4096];
        const ssize_t n = ::read(in, chunk, sizeof chunk);
        if (n <= 0) return answer;
        answer.append(chunk, static_cast<std::size_t>(n));
    }
}

/// The innermost mount of ours that `path` is or lies in.
std::optional<MountEntry> mount_of(const std::string& path) {
    std::optional<MountEntry> found;
    for (auto& each : list_mounts()) {
        const bool above = path == each.place || path.starts_with(each.place + "/");
        if (above && each.type == MOUNT_TYPE && (!found || each.place.size() >= found->place.size()))
            found = std::move(each);
    }
    return found;
}

}  // namespace

StatusAnswer ask_for_status(const std::string& mountpoint, bool json, Duration patience) {
    const auto mount = mount_at(mountpoint);
    if (!mount || mount->type != MOUNT_TYPE) return {EINVAL, {}};
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return {errno, {}};
    const pid_t child = ::fork();
    if (child == 0) ask_and_exit(*mount, json, ends[1]);
    ::close(ends[1]);
    const std::string answer = child < 0 ? std::string() : read_answer(ends[0], patience);
    ::close(ends[0]);
    if (child < 0) return {EAGAIN, {}};
    // Whoever waits for a mount can be killed.
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    int number = ETIMEDOUT;
    if (answer.size() < sizeof number) return {number, {}};
    std::memcpy(&number, answer.data(), sizeof number);
    return {number, answer.substr(sizeof number)};
}

int show_status(const std::string& path, bool json, Duration patience) {
    std::string place = absolute_path(path);
    auto mount = mount_of(place);
    if (!mount) {
        // Perhaps by way of a symlink: only now may the path be looked at, because nothing that hangs is in it.
        if (char* const real = ::realpath(path.c_str(), nullptr)) {
            place = real;
            std::free(real);
            mount = mount_of(place);
        }
    }
    if (!mount) {
        tools::complain("p9fuse", path + ": no mount of p9fuse's is there");
        return tools::EXIT_REFUSED;
    }
    const StatusAnswer answer = ask_for_status(mount->place, json, patience);
    switch (answer.number) {
        case 0:
            break;
        case ENOTCONN:
        case ECONNABORTED:
            tools::complain("p9fuse", mount->place + ": the p9fuse of this mount is gone; fusermount3 -u " +
                                          mount->place + ", or mount again");
            return tools::EXIT_NO_CONNECTION;
        case ETIMEDOUT:
            tools::complain("p9fuse", mount->place + ": the p9fuse of this mount does not answer");
            return tools::EXIT_OUT_OF_TIME;
        default:
            tools::complain("p9fuse", mount->place + ": " + errno_message(answer.number));
            return tools::EXIT_REFUSED;
    }
    const bool written = std::fwrite(answer.text.data(), 1, answer.text.size(), stdout) == answer.text.size();
    return written && std::fflush(stdout) == 0 ? tools::EXIT_DONE : tools::EXIT_REFUSED;
}

}  // namespace p9::fuse
