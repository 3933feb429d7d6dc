// Device files that are made on a mount of a server that allows it.

#include "tests/fuse/served.hpp"

#include <sys/stat.h>
#include <sys/sysmacros.h>

namespace p9::test {
namespace {

class DeviceNodes : public ServedMountTest, public testing::WithParamInterface<const char*> {
protected:
    void SetUp() override {
        ServedMountTest::SetUp();
        if (IsSkipped()) return;
        ::umask(022);
        const std::string probe = (scratch_ / "probe").string();
        if (::mknod(probe.c_str(), S_IFCHR | 0600, ::makedev(1, 3)) != 0) GTEST_SKIP() << "device files need root";
    }
    std::string options() const { return std::string("attr_timeout=0,entry_timeout=0,dialect=") + GetParam(); }
    static std::string node_at(const std::string& path) {
        struct stat status{};
        if (::lstat(path.c_str(), &status) != 0) return std::strerror(errno);
        char text[100];
        std::snprintf(text, sizeof text, "%o %u:%u", status.st_mode, ::major(status.st_rdev), ::minor(status.st_rdev));
        return text;
    }
    /// Makes one on the mount, which both sides then see as `expected`.
    void make(const std::string& name, mode_t mode, dev_t device, const std::string& expected) const {
        EXPECT_EQ(told(::mknod(here(name).c_str(), mode, device)), 0) << name;
        EXPECT_EQ(node_at(here(name)), expected);
        EXPECT_EQ(node_at(there(name)), expected);
    }
};

TEST_P(DeviceNodes, AreMadeWhereTheServerAllowsIt) {
    more_words_ = " --devices";
    ASSERT_NO_FATAL_FAILURE(mount(options()));
    make("null", S_IFCHR | 0666, ::makedev(1, 3), "20644 1:3");
    make("disk", S_IFBLK | 0600, ::makedev(8, 17), "60600 8:17");
    // Numbers that do not fit into the 16 bits of old.
    make("many", S_IFCHR | 0640, ::makedev(259, 70'000), "20640 259:70000");
    make("disks", S_IFBLK | 0604, ::makedev(4000, 1'000'000), "60604 4000:1000000");
    EXPECT_EQ(told(::mknod(here("null").c_str(), S_IFBLK | 0600, ::makedev(1, 3))), -EEXIST);
}

TEST_P(DeviceNodes, AreRefusedWhereItDoesNot) {
    ASSERT_NO_FATAL_FAILURE(mount(options()));
    for (const mode_t type : {S_IFCHR, S_IFBLK})
        EXPECT_EQ(told(::mknod(here("null").c_str(), type | 0600, ::makedev(1, 3))), -EPERM);
    EXPECT_TRUE(std::filesystem::is_empty(exported_));
}

INSTANTIATE_TEST_SUITE_P(Dialects, DeviceNodes, testing::Values("9P2000.L", "9P2000.u"),
                         [](const auto& each) { return std::string(each.param).ends_with("L") ? "linux" : "unix"; });

}  // namespace
}  // namespace p9::test
