// Which port an address means: a name is looked up as udev and the kernel know it, a path by what is there.
#include "transports/virtio.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <vector>

namespace p9::transports {
namespace {

// Linux's Documentation/admin-guide/devices.txt: slaves of pseudo-terminals, which sysfs does not show.
constexpr unsigned FIRST_PTY_MAJOR = 136, LAST_PTY_MAJOR = 143;

struct PortEntry {
    std::string device;  // vport1p1
    std::string name;    // as QEMU was given it, or empty
};

std::string first_line(const std::filesystem::path& file) {
    const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) return {};
    std::array<char, 256> text{};
    const ssize_t size = ::read(descriptor, text.data(), text.size());
    ::close(descriptor);
    const std::string_view line(text.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
    return std::string(line.substr(0, line.find('\n')));
}

// The ports that the kernel knows, in the order of their devices' names.
std::vector<PortEntry> ports_of_kernel(const PortPlaces& places) {
    std::vector<PortEntry> ports;
    std::error_code ignored;
    for (std::filesystem::directory_iterator at(places.sys + "/class/virtio-ports", ignored), end; at != end;
         at.increment(ignored))
        ports.push_back({at->path().filename(), first_line(at->path() / "name")});
    std::ranges::sort(ports, {}, &PortEntry::device);
    return ports;
}

std::string list_of_ports(const PortPlaces& places) {
    const auto ports = ports_of_kernel(places);
    if (ports.empty()) return "this system has no virtio-serial ports";
    std::string list = "the ports here are";
    for (const PortEntry& port : ports) {
        list += (&port == &ports.front() ? " " : ", ") + places.dev + "/" + port.device;
        if (!port.name.empty()) list += " (" + port.name + ")";
    }
    return list;
}

FoundPort::Kind kind_of_device(const struct stat& file, const std::string& path, const PortPlaces& places) {
    const std::string number = std::to_string(major(file.st_rdev)) + ":" + std::to_string(minor(file.st_rdev));
    std::error_code unknown;
    const auto subsystem = std::filesystem::read_symlink(places.sys + "/dev/char/" + number + "/subsystem", unknown);
    if (subsystem.filename() == "virtio-ports") return FoundPort::Kind::device;
    if (subsystem.filename() == "tty") return FoundPort::Kind::terminal;
    if (major(file.st_rdev) >= FIRST_PTY_MAJOR && major(file.st_rdev) <= LAST_PTY_MAJOR)
        return FoundPort::Kind::terminal;
    // A small guest may have no sysfs.
    if (unknown && std::filesystem::path(path).filename().string().starts_with("vport")) return FoundPort::Kind::device;
    return FoundPort::Kind::nothing;
}

}  // namespace

Result<FoundPort> find_port(const VirtioAddress& address, const PortPlaces& places) {
    const std::string& given = address.name_or_path;
    const auto fail = [&](const std::string& words) {
        return Error(errc::connection_failed, to_string(Address(address)) + ": " + words);
    };
    const bool is_path = given.find('/') != std::string::npos;
    std::string path = given;
    if (!is_path) {
        path = places.dev + "/virtio-ports/" + given;
        if (::access(path.c_str(), F_OK) != 0) {
            const auto ports = ports_of_kernel(places);
            const auto named = std::ranges::find_if(
                ports, [&](const PortEntry& port) { return port.name == given || port.device == given; });
            path = named != ports.end() ? places.dev + "/" + named->device : given;
            if (named != ports.end() && ::access(path.c_str(), F_OK) != 0)
                return fail("the port is there, but not its device " + path + "; is devtmpfs mounted?");
        }
    }

    struct stat file{};
    if (::stat(path.c_str(), &file) != 0) {
        const int failed = errno;
        if (failed != ENOENT) return fail(errno_message(failed));
        if (!is_path)
            return fail("there is no port of that name (neither " + places.dev + "/virtio-ports/" + given + " nor in " +
                        places.sys + "/class/virtio-ports/*/name), nor a socket or terminal in this folder; " +
                        list_of_ports(places));
        if (path.starts_with(places.dev + "/")) return fail("there is no such device; " + list_of_ports(places));
        return FoundPort{FoundPort::Kind::nothing, path};
    }
    if (S_ISSOCK(file.st_mode)) return FoundPort{FoundPort::Kind::socket, path};
    const auto kind = S_ISCHR(file.st_mode) ? kind_of_device(file, path, places) : FoundPort::Kind::nothing;
    if (kind == FoundPort::Kind::nothing)
        return fail("this is neither a virtio-serial port nor a chardev's socket or terminal; " +
                    list_of_ports(places));
    return FoundPort{kind, path};
}

}  // namespace p9::transports
