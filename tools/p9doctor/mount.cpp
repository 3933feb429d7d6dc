// What a mount needs of this machine.
#include "tools/p9doctor/steps.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>

namespace p9::doctor {
namespace {

Found look_at_device(const std::string& device) {
    const int fd = ::open(device.c_str(), O_RDWR | O_CLOEXEC);
    const int why = errno;
    if (fd >= 0) {
        ::close(fd);
        return {Finding::ok, device + " can be opened", "", 0};
    }
    Found found{Finding::fail, device + ": " + errno_message(why), ""};
    if (why == ENOENT)
        found.advice = "load the kernel's module (modprobe fuse); a container needs --device /dev/fuse";
    else if (why == EACCES || why == EPERM)
        found.advice = "let this user open it (chmod 666 " + device + "), or allow the device to the container";
    else if (why == ENXIO || why == ENODEV)
        found.advice = "the kernel has no FUSE: modprobe fuse, or a kernel with CONFIG_FUSE_FS";
    return found;
}

/// The path of `program` in one of the folders; empty if it is in none.
std::string find_program(std::string_view folders, const std::string& program) {
    while (!folders.empty()) {
        const auto folder = folders.substr(0, folders.find(':'));
        folders.remove_prefix(std::min(folders.size(), folder.size() + 1));
        std::string path = std::string(folder).append("/").append(program);
        if (!folder.empty() && ::access(path.c_str(), X_OK) == 0) return path;
    }
    return "";
}

Found look_at_fusermount(const std::string& path) {
    const std::string program = find_program(path, "fusermount3");
    if (program.empty())
        return {Finding::fail, "fusermount3 is not in PATH",
                "install the package fuse3; it mounts for users, and ends mounts"};
    struct stat file{};
    if (::geteuid() != 0 && ::stat(program.c_str(), &file) == 0 && (file.st_mode & S_ISUID) == 0)
        return {Finding::fail, program + " is not setuid root, so users cannot mount",
                "chmod u+s " + program + ", or mount as root"};
    return {Finding::ok, program, "", 0};
}

Found look_at_configuration(const std::string& path) {
    std::ifstream file(path);
    for (std::string line; std::getline(file, line);) {
        const auto first = line.find_first_not_of(" \t");
        const auto last = line.find_last_not_of(" \t\r");
        if (first != line.npos && line.substr(first, last - first + 1) == "user_allow_other")
            return {Finding::ok, "user_allow_other is set in " + path, "", 0};
    }
    return {Finding::note, "user_allow_other is not set in " + path + ": only root may mount with -o allow_other",
            "add the line user_allow_other if other users are to see such a mount", 0};
}

}  // namespace

std::vector<Found> look_at_mount(const MountPlaces& places) {
    return {look_at_device(places.device), look_at_fusermount(places.path),
            look_at_configuration(places.configuration)};
}

}  // namespace p9::doctor
