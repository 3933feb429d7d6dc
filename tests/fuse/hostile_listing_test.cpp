// Directories of servers that mean harm: names that nothing may bear, and listings without an end.
#include "tests/fuse/faked.hpp"

namespace p9::test {
namespace {

class HostileListings : public FakedMountTest {};

TEST_F(HostileListings, NamesThatNothingMayBearAreNotListed) {
    for (const std::string dialect : {"9P2000.L", "9P2000.u", "9P2000"}) {
        for (const std::string lie : {"bad-names", "repeated-names"}) {
            ASSERT_NO_FATAL_FAILURE(mount({"lie=" + lie, "dialect=" + dialect}));
            const std::multiset<std::string> expected{".",         "..",    "big",  "ctl",  "deep",
                                                      "directory", "event", "file", "link", "status"};
            const Listed listed = list(mounted_->path());
            EXPECT_EQ(listed.error, 0) << dialect << " " << lie;
            EXPECT_TRUE(listed.names == expected)
                << dialect << " " << lie << " " << testing::PrintToString(listed.names);
            EXPECT_EQ(list(here("directory")).names.size(), 1002u) << dialect << " " << lie;
            expect_alive();
        }
    }
}

// That breaks the protocol, so that the connection ends; another one is made.
TEST_F(HostileListings, ListingsOfMoreBytesThanWereAskedForReachNobody) {
    for (const std::string dialect : {"9P2000.L", "9P2000.u", "9P2000"}) {
        ASSERT_NO_FATAL_FAILURE(mount({"lie=long-listing", "dialect=" + dialect}));
        const Listed listed = list(mounted_->path());
        EXPECT_NE(listed.error, 0);
        EXPECT_LE(listed.names.size(), 2u) << testing::PrintToString(listed.names);
        EXPECT_EQ(contents_of(here("file")), "text\n");
        expect_alive();
    }
}

TEST_F(HostileListings, AListingThatNeverEndsCanBeLeft) {
    ASSERT_NO_FATAL_FAILURE(mount({"lie=endless-directory"}));
    EXPECT_EQ(list(mounted_->path(), 20'000).names.size(), 20'000u);
    expect_alive();
}

TEST_F(HostileListings, AListingThatGoesInCirclesEndsWithAnError) {
    ASSERT_NO_FATAL_FAILURE(mount({"lie=circling-cookies"}));
    const Listed listed = list(here("directory"));
    EXPECT_NE(listed.error, 0);
    EXPECT_LT(listed.names.size(), 100'000u);
    expect_alive();
}

// Ten million names of 250 bytes would be gigabytes.
TEST_F(HostileListings, AListingThatNeverEndsTakesBoundedMemory) {
    ASSERT_NO_FATAL_FAILURE(mount({"lie=heavy-names", "msize=1048576"}));
    const Listed listed = list(here("directory"), 10'000'000);
    EXPECT_EQ(listed.error, EFBIG);
    std::ifstream file("/proc/" + std::to_string(mounted_->daemon()) + "/status");
    std::string word;
    while (file >> word && word != "VmHWM:") continue;
    std::size_t kib = 0;
    file >> kib;
    EXPECT_GT(kib, 0u);
    EXPECT_LT(kib, 1'500'000u);
    expect_alive();
}

}  // namespace
}  // namespace p9::test
