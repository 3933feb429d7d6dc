// The table of inodes, without a kernel.
#include "fuse/inode_table.hpp"

#include <gtest/gtest.h>

namespace p9::fuse {
namespace {

TEST(InodeTableTest, ends_below_a_tree_that_is_deeper_than_the_stack) {
    InodePtr deepest;
    {
        InodeTable table(std::make_shared<Node>());
        Attributes attributes;
        attributes.mode = P9_S_IFDIR;
        InodePtr parent = table.find(1);
        for (int depth = 0; depth < 300'000; ++depth)
            parent = table.remember(parent, "d", Qid(), std::make_shared<Node>(), attributes);
        EXPECT_EQ(table.size(), 300'001u);
        deepest = parent;
    }
    EXPECT_EQ(deepest.use_count(), 1);
    EXPECT_EQ(deepest->parent, nullptr);
}

InodePtr add(InodeTable& table, const std::string& name) {
    Attributes attributes;
    attributes.mode = P9_S_IFREG;
    return table.remember(table.find(1), name, Qid(), std::make_shared<Node>(), attributes);
}

TEST(InodeTableTest, GivesUpTheNodesThatWereNotUsedForLongest) {
    InodeTable table(std::make_shared<Node>());
    std::vector<InodePtr> inodes;
    for (int i = 0; i < 10; ++i) inodes.push_back(add(table, std::to_string(i)));
    EXPECT_EQ(table.nodes(), 10u);
    table.touch(*inodes[0]);
    table.touch(*inodes[5]);
    table.touch(*inodes[5]);
    table.limit_nodes(4);
    EXPECT_EQ(table.nodes(), 4u);
    for (std::size_t i = 0; i < inodes.size(); ++i)
        EXPECT_EQ(inodes[i]->node != nullptr, i == 0 || i == 5 || i >= 8) << i;
    EXPECT_NE(table.find(1)->node, nullptr);
    table.set_node(*inodes[1], std::make_shared<Node>());
    table.set_node(*inodes[9], nullptr);
    EXPECT_EQ(table.nodes(), 4u);
    table.limit_nodes(1);
    EXPECT_NE(inodes[1]->node, nullptr);
    table.limit_nodes(0);
    EXPECT_EQ(table.nodes(), 0u);
}

TEST(InodeTableTest, GivesEverythingBackOnForget) {
    InodeTable table(std::make_shared<Node>());
    std::vector<InodePtr> held;
    for (int i = 0; i < 5; ++i) held.push_back(add(table, std::to_string(i)));
    add(table, "0");  // a second reference
    for (const auto& inode : held) table.forget(inode->number, 1);
    EXPECT_EQ(table.size(), 2u);  // the root, and "0"
    EXPECT_EQ(table.nodes(), 1u);
    table.forget(held[0]->number, 1);
    EXPECT_EQ(table.size(), 1u);
    EXPECT_EQ(table.nodes(), 0u);
    // A request that still works on it may find it a node: that is none of the table's any more.
    table.set_node(*held[0], std::make_shared<Node>());
    EXPECT_EQ(table.nodes(), 0u);
}

Stamp changed_at(std::int64_t seconds, u32 nanoseconds) {
    Stamp stamp;
    stamp.ctime_seconds = seconds;
    stamp.ctime_nanoseconds = nanoseconds;
    return stamp;
}

TEST(ServerClockTest, AFileIsSettledWhenTheServersClockHasGoneOn) {
    using std::chrono::milliseconds;
    // The server's clock is years behind ours, and nobody needs to know.
    const Clock::time_point now{std::chrono::hours(100'000)};
    ServerClock clock;
    const Stamp file = changed_at(1000, 500'000'000);
    EXPECT_FALSE(clock.settled(file, now));
    clock.saw(file, now);
    EXPECT_FALSE(clock.settled(file, now));
    EXPECT_FALSE(clock.settled(file, now + milliseconds(10)));
    EXPECT_TRUE(clock.settled(file, now + milliseconds(100)));
    // Another file shows that the clock was further than that.
    clock.saw(changed_at(1000, 900'000'000), now);
    EXPECT_TRUE(clock.settled(file, now));
    EXPECT_FALSE(clock.settled(changed_at(1000, 900'000'000), now));
    // Whole seconds may be two of them.
    EXPECT_FALSE(clock.settled(changed_at(999, 0), now));
    EXPECT_TRUE(clock.settled(changed_at(990, 0), now));
    EXPECT_FALSE(clock.settled(Stamp(), now));
}

}  // namespace
}  // namespace p9::fuse
