// What is fetched of a directory before anybody asks, from a real server and without a kernel.
#include "fuse/filesystem.hpp"

#include "p9/transports/address.hpp"
#include "tests/fuse/faked.hpp"
#include "tests/support/loop.hpp"

#include <boost/asio/post.hpp>

namespace p9::fuse {
namespace {

constexpr std::chrono::milliseconds LONG_ENOUGH{10}, TOO_SHORT{1};

/// What a mount has, without a kernel.
class NamesAheadTest : public test::FakedMountTest {
protected:
    void SetUp() override {
        exported_ = scratch_.make("export");
        connect("exec!" + std::string(P9_BINARY_DIR) + "/p9serve --stdio --dir " + exported_);
    }
    void connect(const std::string& address) {
        ConnectionOptions how;
        how.address = *parse_address(address);
        how.session.dialects = {Dialect::linux_};
        how.attach.label = MOUNTS_OWN;
        connection_.emplace(loop_.executor(), std::move(how), log_);
        auto root = loop_.run(connection_->connect());
        ASSERT_TRUE(root) << root.error().message();
        root_ = std::move(*root);
        use(Behaviour());
    }
    void use(Behaviour behaviour) {
        behaviour.attribute_timeout = behaviour.entry_timeout = timeout_;
        fs_ = std::make_unique<FileSystem>(*connection_, root_, std::move(behaviour), log_);
    }
    void put(const std::string& name) { std::ofstream(exported_ + "/" + name) << "text"; }
    /// A directory with so many files, as an inode.
    InodePtr directory(const std::string& name, int files) {
        scratch_.make("export/" + name);
        for (int i = 0; i < files; ++i) put(name + "/f" + std::to_string(i));
        auto node = loop_.run(root_->walk(name));
        EXPECT_TRUE(node);
        Attributes attributes;
        attributes.mode = P9_S_IFDIR | 0755;
        const Qid qid = node->qid();
        return fs_->inodes.remember(fs_->inodes.find(1), name, qid, std::make_shared<Node>(std::move(*node)),
                                    attributes);
    }
    /// What this begins has begun, and waits for the server.
    void looked_up(const InodePtr& directory, Duration took, const std::string& name = "f0") {
        ahead().looked_up(*fs_, directory, name, took);
        boost::asio::post(loop_.context(), [this] { turn_ = true; });
        turn_ = false;
        ASSERT_TRUE(loop_.run_until([&] { return turn_; }));
    }
    /// What two looks in a row bring.
    void look_twice(const InodePtr& directory, Duration took = LONG_ENOUGH) {
        looked_up(directory, took);
        looked_up(directory, took);
        finish();
    }
    /// Somebody has just listed the directory: these were told with their attributes, and all the others without.
    void listed(const InodePtr& directory, int files, int told) {
        auto list = fs_->kept_lists.begin();
        for (int i = 0; i < files; ++i) {
            ListedName listed;
            listed.name = "f" + std::to_string(i);
            listed.known = i < told;
            list->add(std::move(listed));
        }
        list->finish();
        fs_->kept_lists.keep(directory->number, std::move(list));
    }
    void finish() {
        ASSERT_TRUE(loop_.run_until([&] { return fs_->requests_under_way == 0; }));
    }
    std::optional<NameAhead> take(const InodePtr& directory, const std::string& name) {
        return ahead().take(*fs_, directory->number, name);
    }
    NamesAhead& ahead() { return fs_->names_ahead; }

    double timeout_ = 1000;
    bool turn_ = false;
    std::string exported_;
    test::Loop loop_;
    Log log_;
    std::optional<Connection> connection_;
    NodePtr root_;
    std::unique_ptr<FileSystem> fs_;
};

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
    looked_up(place, TOO_SHORT, "f0");
    looked_up(place, TOO_SHORT, "f1");
    finish();
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
    looked_up(place, TOO_SHORT, "f500");
    looked_up(place, TOO_SHORT, "f501");
    finish();
    EXPECT_TRUE(take(place, "f502"));
}

TEST_F(NamesAheadTest, TheDirectoryAboveStaysWhileItsChildrenAreFollowed) {
    const InodePtr above = directory("d", 100);
    listed(above, 100, 0);
    looked_up(above, TOO_SHORT, "f0");
    looked_up(above, TOO_SHORT, "f1");
    finish();
    for (int i = 0; i < 20; ++i) {
        EXPECT_TRUE(take(above, "f" + std::to_string(2 + i))) << i;
        const InodePtr below = directory("e" + std::to_string(i), 3);
        listed(below, 3, 0);
        looked_up(below, TOO_SHORT, "f0");
        looked_up(below, TOO_SHORT, "f1");
        finish();
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

TEST_F(NamesAheadTest, WhatAChangeMadeWorthlessStaysSoWhenAListingIsTakenUp) {
    const InodePtr place = directory("d", 3);
    look_twice(place);
    ++fs_->changes;
    listed(place, 3, 0);
    looked_up(place, TOO_SHORT, "f0");
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
