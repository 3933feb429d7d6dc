// What p9fuse needs for what the kernel remembers, and that it gives it back.

#include "tests/fuse/served.hpp"
#include "tests/fuse/status.hpp"

#include "p9/task.hpp"

#include <sys/stat.h>

namespace p9::test {
namespace {

class MountMemory : public ServedMountTest {
protected:
    nlohmann::json status() const { return status_of(scratch_, *mounted_); }
    /// KiB that are resident and not of a file.
    long resident() const {
        const std::string text = contents_of("/proc/" + std::to_string(mounted_->daemon()) + "/status");
        return std::stol(text.substr(text.find("RssAnon:") + 8));
    }
};

TEST_F(MountMemory, IsGivenBackOnceTheKernelForgets) {
#ifdef __SANITIZE_ADDRESS__
    GTEST_SKIP() << "the address sanitizer keeps what is freed";
#endif
    constexpr int FILES = 6'000;
    ASSERT_NO_FATAL_FAILURE(mount("attr_timeout=1000,entry_timeout=1000"));
    const auto name = [](int i) { return "a-file-with-a-name-of-some-length-" + std::to_string(i); };
    for (int i = 0; i < FILES; ++i) std::ofstream(there(name(i))) << "text";
    struct stat known{};
    ASSERT_EQ(::stat(here(name(0)).c_str(), &known), 0);
    const long before = resident();
    for (int i = 0; i < FILES; ++i) ASSERT_EQ(::stat(here(name(i)).c_str(), &known), 0);
    EXPECT_GE(status()["inodes"], FILES);
    const long most = resident();
    EXPECT_LT(most, 24 << 10);
    EXPECT_GT(most, before + 1000) << "nothing to give back";
    for (int i = 0; i < FILES; ++i) ASSERT_EQ(::unlink(here(name(i)).c_str()), 0);
    // The kernel forgets in its own time.
    for (const auto begun = Clock::now(); status()["inodes"] > 10;)
        ASSERT_LT(Clock::now() - begun, std::chrono::seconds(60));
    EXPECT_LT(resident() - before, (most - before) / 2) << before << ' ' << most << ' ' << resident();
}

}  // namespace
}  // namespace p9::test
