// Who looks at names in the order of a listing that he has just read.
#include "tests/fuse/names_ahead.hpp"

namespace p9::fuse {
namespace {

TEST_F(NamesAheadTest, WhoFollowsAListingIsFollowed) {
    const InodePtr place = directory("d", 10);
    listed(place, 10, 4);
    looked_up(place, TOO_SHORT, "f4");
    EXPECT_EQ(fs_->requests_under_way, 0u);
    looked_up(place, TOO_SHORT, "f5");
    EXPECT_EQ(fs_->requests_under_way, 1u);
    finish();
    EXPECT_EQ(ahead().fids(), 4u);
    EXPECT_FALSE(take(place, "f3"));  // the kernel has it from the listing
    EXPECT_TRUE(take(place, "f6"));
    EXPECT_TRUE(take(place, "f9"));
}

TEST_F(NamesAheadTest, OfALongListingThereIsMoreAsSoonAsItIsWanted) {
    const InodePtr place = directory("d", 600);
    listed(place, 600, 0);
    look_at_two(place, 0);
    EXPECT_EQ(ahead().fids(), 32u);
    EXPECT_TRUE(take(place, "f33"));
    EXPECT_FALSE(take(place, "f34"));
    looked_up(place, TOO_SHORT, "f34");
    finish();
    EXPECT_EQ(ahead().fids(), 64u);
    EXPECT_TRUE(take(place, "f98"));
}

TEST_F(NamesAheadTest, AListingMayBeFollowedFromTheMiddle) {
    const InodePtr place = directory("d", 600);
    listed(place, 600, 0);
    look_at_two(place, 500);
    EXPECT_TRUE(take(place, "f502"));
}

TEST_F(NamesAheadTest, TheDirectoryAboveStaysWhileItsChildrenAreFollowed) {
    const InodePtr above = directory("d", 100);
    listed(above, 100, 0);
    look_at_two(above, 0);
    for (int i = 0; i < 20; ++i) {
        EXPECT_TRUE(take(above, "f" + std::to_string(2 + i))) << i;
        const InodePtr below = directory("e" + std::to_string(i), 3);
        listed(below, 3, 0);
        look_at_two(below, 0);
    }
}

TEST_F(NamesAheadTest, WhoLooksElsewhereInAListingIsNotFollowed) {
    const InodePtr place = directory("d", 600);
    listed(place, 600, 0);
    looked_up(place, TOO_SHORT, "f500");
    looked_up(place, TOO_SHORT, "f100");
    looked_up(place, TOO_SHORT, "not listed");
    EXPECT_EQ(fs_->requests_under_way, 0u);
}

TEST_F(NamesAheadTest, WhoChangesWhatHeHasListedIsNotFollowed) {
    const InodePtr place = directory("d", 10);
    listed(place, 10, 0);
    for (int i = 0; i < 10; ++i) {
        looked_up(place, TOO_SHORT, "f" + std::to_string(i));
        ++fs_->changes;  // as rm -r does
    }
    EXPECT_EQ(fs_->requests_under_way, 0u);
    EXPECT_EQ(ahead().fids(), 0u);
}

TEST_F(NamesAheadTest, WhatAChangeMadeWorthlessStaysSoWhenAListingIsTakenUp) {
    const InodePtr place = directory("d", 3);
    look_twice(place);
    ++fs_->changes;
    listed(place, 3, 0);
    looked_up(place, TOO_SHORT, "f0");
    EXPECT_FALSE(take(place, "f2"));
}

}  // namespace
}  // namespace p9::fuse
