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

}  // namespace
}  // namespace p9::fuse
