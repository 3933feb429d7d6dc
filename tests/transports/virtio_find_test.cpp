// What a name or path of a virtio-serial port is taken for, in folders that look like a guest's /dev and /sys.
#include "tests/transports/virtio_support.hpp"

#include <gmock/gmock.h>

#include <sys/sysmacros.h>

#include <fstream>

namespace {

using namespace p9;
using namespace p9::test;
using namespace p9::transports;
using ::testing::HasSubstr;
namespace fs = std::filesystem;
using Kind = FoundPort::Kind;

class VirtioFind : public testing::Test {
protected:
    void SetUp() override {
        fs::create_directories(folder_ / "dev");
        fs::create_directories(folder_ / "sys/class/virtio-ports");
    }
    /// A port that the kernel knows. Its device is a link to /dev/null, which counts as a port here.
    void add_port(const std::string& device, const std::string& name, bool has_device = true) {
        const fs::path entry = folder_ / ("sys/class/virtio-ports/" + device);
        fs::create_directories(entry);
        if (!name.empty()) std::ofstream(entry / "name") << name << '\n';
        if (has_device) fs::create_symlink("/dev/null", folder_ / ("dev/" + device));
        subsystem("/dev/null", "virtio-ports");
    }
    void subsystem(const std::string& device, const std::string& name) {
        struct stat file{};
        ASSERT_EQ(stat(device.c_str(), &file), 0);
        const std::string numbers = std::to_string(major(file.st_rdev)) + ":" + std::to_string(minor(file.st_rdev));
        const fs::path entry = folder_ / ("sys/dev/char/" + numbers);
        fs::create_directories(entry);
        fs::remove(entry / "subsystem");
        fs::create_symlink("../../../class/" + name, entry / "subsystem");
    }
    Result<FoundPort> find(const std::string& name) const { return find_port(VirtioAddress{name}, places_); }
    std::string error_of(const std::string& name) const {
        const auto found = find(name);
        if (found) return "found";
        EXPECT_EQ(found.error().code, make_error_code(errc::connection_failed));
        return found.error().message();
    }
    void expect_device(const std::string& name, const std::string& path) const {
        const auto found = find(name);
        ASSERT_TRUE(found) << found.error().message();
        EXPECT_EQ(found->kind, Kind::device);
        EXPECT_EQ(found->path, path);
    }

    Folder folder_;
    PortPlaces places_{folder_ / "dev", folder_ / "sys"};
};

TEST_F(VirtioFind, ANameThatUdevLinked) {
    add_port("vport1p1", "");
    fs::create_directories(folder_ / "dev/virtio-ports");
    fs::create_symlink("../vport1p1", folder_ / "dev/virtio-ports/org.p9");
    expect_device("org.p9", folder_ / "dev/virtio-ports/org.p9");
}

TEST_F(VirtioFind, ANameThatOnlyTheKernelKnows) {
    add_port("vport1p1", "agent");
    add_port("vport1p2", "org.p9");
    expect_device("org.p9", folder_ / "dev/vport1p2");
    expect_device("vport1p1", folder_ / "dev/vport1p1");
    expect_device(folder_ / "dev/vport1p2", folder_ / "dev/vport1p2");
}

TEST_F(VirtioFind, APortWithoutADevice) {
    add_port("vport1p1", "org.p9", false);
    EXPECT_THAT(error_of("org.p9"), HasSubstr("virtio!org.p9: the port is there, but not its device "));
}

TEST_F(VirtioFind, AnUnknownNameIsToldWhichThereAre) {
    add_port("vport1p1", "agent");
    add_port("vport1p2", "");
    EXPECT_THAT(error_of("nope"), HasSubstr("virtio!nope: there is no port of that name"));
    EXPECT_THAT(error_of("nope"), HasSubstr("dev/virtio-ports/nope"));
    EXPECT_THAT(error_of("nope"),
                HasSubstr("; the ports here are " + places_.dev + "/vport1p1 (agent), " + places_.dev + "/vport1p2"));
    EXPECT_THAT(error_of(places_.dev + "/vport0p1"), HasSubstr(": there is no such device; the ports here are "));
}

TEST_F(VirtioFind, ASystemWithoutPortsSaysSo) {
    EXPECT_THAT(error_of("nope"), HasSubstr("; this system has no virtio-serial ports"));
}

TEST_F(VirtioFind, AGuestWithoutSysfs) {
    fs::create_symlink("/dev/null", folder_ / "dev/vport1p1");
    expect_device(folder_ / "dev/vport1p1", folder_ / "dev/vport1p1");
}

TEST_F(VirtioFind, WhatIsNoPort) {
    subsystem("/dev/null", "mem");
    EXPECT_THAT(error_of("/dev/null"), HasSubstr("neither a virtio-serial port nor a chardev's socket or terminal"));
    std::ofstream(folder_ / "file") << "text";
    EXPECT_THAT(error_of(folder_ / "file"), HasSubstr("neither a virtio-serial port"));
    EXPECT_THAT(error_of(folder_ / "file/below"), HasSubstr("Not a directory"));
}

TEST_F(VirtioFind, SocketsTerminalsAndNothing) {
    const int socket = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const auto name = kernel_name(UnixAddress{folder_ / "s"});
    ASSERT_TRUE(name);
    ASSERT_EQ(bind(socket, reinterpret_cast<const sockaddr*>(&name->address), name->size), 0);
    ::close(socket);
    EXPECT_EQ(find(folder_ / "s")->kind, Kind::socket);
    EXPECT_EQ(find(folder_ / "not-yet")->kind, Kind::nothing);

    const int controller = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (controller < 0 || grantpt(controller) != 0 || unlockpt(controller) != 0)
        GTEST_SKIP() << "no pseudo-terminals here";
    const auto terminal = find(ptsname(controller));
    ::close(controller);
    ASSERT_TRUE(terminal) << terminal.error().message();
    EXPECT_EQ(terminal->kind, Kind::terminal);
    subsystem("/dev/null", "tty");
    EXPECT_EQ(find("/dev/null")->kind, Kind::terminal);
}

}  // namespace
