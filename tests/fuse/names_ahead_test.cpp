// Directories whose names are looked up one after the other where that takes long.
#include "tests/fuse/names_ahead.hpp"

namespace p9::fuse {
namespace {

TEST_F(NamesAheadTest, TheSecondLookFetchesTheOtherNames) {
    const InodePtr place = directory("d", 10);
    looked_up(place, LONG_ENOUGH);
    EXPECT_EQ(fs_->requests_under_way, 0u);
    EXPECT_EQ(ahead().fids(), 0u);
    looked_up(place, LONG_ENOUGH);
    EXPECT_EQ(fs_->requests_under_way, 1u);
    EXPECT_GE(ahead().fids(), 10u);  // nobody knows yet how many
    finish();
    EXPECT_EQ(ahead().fids(), 10u);
    const auto known = take(place, "f3");
    ASSERT_TRUE(known);
    EXPECT_EQ(known->attributes.size, 4u);
    EXPECT_GE(known->age, Duration::zero());
    EXPECT_EQ(ahead().fids(), 9u);
}

TEST_F(NamesAheadTest, ANameIsHandedOutOnce) {
    const InodePtr place = directory("d", 3);
    look_twice(place);
    EXPECT_TRUE(take(place, "f0"));
    EXPECT_FALSE(take(place, "f0"));
    EXPECT_FALSE(take(place, "none"));
    EXPECT_TRUE(take(place, "f1"));
}

TEST_F(NamesAheadTest, QuickAnswersAreNotWorthIt) {
    const InodePtr place = directory("d", 3);
    for (int i = 0; i < 10; ++i) looked_up(place, TOO_SHORT);
    EXPECT_EQ(fs_->requests_under_way, 0u);
    EXPECT_EQ(ahead().fids(), 0u);
}

TEST_F(NamesAheadTest, WhatIsTooOldStaysSoWhenTheNextLookBeginsAnew) {
    timeout_ = 0.02;
    use(Behaviour());
    const InodePtr place = directory("d", 3);
    look_twice(place);
    const auto begun = Clock::now();
    while (Clock::now() - begun < std::chrono::milliseconds(25)) {
    }
    looked_up(place, LONG_ENOUGH);
    EXPECT_FALSE(take(place, "f2"));
}

TEST_F(NamesAheadTest, AChangeThroughTheMountMakesItWorthless) {
    const InodePtr place = directory("d", 3);
    look_twice(place);
    EXPECT_EQ(ahead().fids(), 3u);
    ++fs_->changes;
    EXPECT_FALSE(take(place, "f0"));
    EXPECT_EQ(ahead().fids(), 0u);
    // Not again and again, where changes go on.
    looked_up(place, LONG_ENOUGH);
    EXPECT_EQ(fs_->requests_under_way, 0u);
}

TEST_F(NamesAheadTest, AChangeWhileItIsFetchedCounts) {
    const InodePtr place = directory("d", 3);
    looked_up(place, LONG_ENOUGH);
    looked_up(place, LONG_ENOUGH);
    ++fs_->changes;
    finish();
    EXPECT_EQ(ahead().fids(), 3u);
    EXPECT_FALSE(take(place, "f0"));
}

TEST_F(NamesAheadTest, NothingIsKeptThatTheKernelMayNotBelieve) {
    timeout_ = 0;
    use(Behaviour());
    const InodePtr place = directory("d", 3);
    look_twice(place);
    EXPECT_FALSE(take(place, "f0"));
}

TEST_F(NamesAheadTest, NorForLongerThanItMay) {
    const InodePtr place = directory("d", 3);
    look_twice(place);
    EXPECT_EQ(ahead().fids(), 3u);
    Behaviour believing_nothing;
    believing_nothing.attribute_timeout = believing_nothing.entry_timeout = 0;
    const FileSystem other(*connection_, root_, std::move(believing_nothing), log_);
    EXPECT_FALSE(ahead().take(other, place->number, "f0"));
    EXPECT_EQ(ahead().fids(), 0u);
}

TEST_F(NamesAheadTest, CallersOfTheirOwnAndNoCacheGetNothingAhead) {
    for (const bool cached : {false, true}) {
        Behaviour behaviour;
        if (cached)
            behaviour.access = Access::user;
        else
            behaviour.cache = CacheMode::none;
        use(std::move(behaviour));
        const InodePtr place = directory("d", 3);
        looked_up(place, LONG_ENOUGH);
        looked_up(place, LONG_ENOUGH);
        EXPECT_EQ(fs_->requests_under_way, 0u);
        EXPECT_FALSE(take(place, "f0"));
    }
}

TEST_F(NamesAheadTest, LargeDirectoriesAreLeftAlone) {
    const InodePtr place = directory("d", 257);
    look_twice(place);
    EXPECT_EQ(ahead().fids(), 0u);
    EXPECT_FALSE(take(place, "f0"));
    const InodePtr just = directory("e", 256);
    look_twice(just);
    EXPECT_EQ(ahead().fids(), 256u);
    EXPECT_TRUE(take(just, "f255"));
}

TEST_F(NamesAheadTest, TheDirectoryThatWasUsedLeastRecentlyIsForgotten) {
    std::vector<InodePtr> places;
    for (int i = 0; i < 9; ++i) {
        places.push_back(directory("d" + std::to_string(i), 3));
        look_twice(places.back());
    }
    EXPECT_EQ(ahead().fids(), 24u);
    EXPECT_FALSE(take(places[0], "f0"));
    for (int i = 1; i < 9; ++i) EXPECT_TRUE(take(places[static_cast<std::size_t>(i)], "f0")) << i;
}

TEST_F(NamesAheadTest, ADirectoryThatIsGoneFetchesNothing) {
    const InodePtr place = directory("d", 3);
    std::filesystem::remove_all(exported_ + "/d");
    look_twice(place);
    EXPECT_EQ(ahead().fids(), 0u);
    EXPECT_FALSE(connection_->session().ended());
}

class NamesAheadOfALiar : public NamesAheadTest {
protected:
    void SetUp() override {
        ASSERT_NO_FATAL_FAILURE(start_server({"lie=only-dots"}));
        connect(address_);
    }
};

// Ten million answers would be believed.
TEST_F(NamesAheadOfALiar, AListingOfNothingThatNeverEndsIsLeft) {
    look_twice(fs_->inodes.find(1));
    EXPECT_EQ(ahead().fids(), 0u);
    EXPECT_FALSE(connection_->session().ended());
}

// What a lost connection leaves has fids of the old one.
TEST_F(NamesAheadTest, NodesOfAnEarlierSessionAreNotHandedOut) {
    const InodePtr place = directory("d", 3);
    look_twice(place);
    EXPECT_TRUE(take(place, "f1"));
    auto root = loop_.run(connection_->connect());
    ASSERT_TRUE(root) << root.error().message();
    EXPECT_FALSE(take(place, "f0"));
}

}  // namespace
}  // namespace p9::fuse
