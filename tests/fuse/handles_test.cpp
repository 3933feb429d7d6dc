// The listing of a directory as it is kept for the kernel, without a kernel.
#include "fuse/handles.hpp"

#include <gtest/gtest.h>

namespace p9::fuse {
namespace {

ListedName named(std::string name, u64 path = 0) {
    ListedName listed;
    listed.name = std::move(name);
    listed.path = path;
    return listed;
}

TEST(NameListTest, KeepsANameThatIsRepeatedOnceAndAsItWas) {
    NameList list(1);
    for (u64 turn = 0; turn < 3; ++turn)
        for (int i = 0; i < 1000; ++i) list.add(named("name" + std::to_string(i), turn));
    ASSERT_EQ(list.names.size(), 1000u);
    std::size_t weight = 0;
    for (std::size_t i = 0; i < list.names.size(); ++i) {
        EXPECT_EQ(list.names[i].name, "name" + std::to_string(i));
        EXPECT_EQ(list.names[i].path, 0u);
        weight += list.names[i].weight();
    }
    EXPECT_GT(list.weight, weight);  // what tells repetitions takes memory too
    EXPECT_FALSE(list.complete);
    list.finish();
    EXPECT_EQ(list.weight, weight);
    EXPECT_TRUE(list.complete);
    EXPECT_EQ(list.names.size(), 1000u);
}

TEST(NameListTest, NamesThatDifferInAByteAreTwo) {
    NameList list(1);
    for (const char* name : {"a", "A", "a ", "\xc3\xa9", "e\xcc\x81"}) list.add(named(name));
    EXPECT_EQ(list.names.size(), 5u);
}

TEST(KeptListsTest, NumbersDifferAndListsAreFound) {
    KeptLists kept;
    const auto first = kept.begin(), second = kept.begin();
    EXPECT_NE(first->number, second->number);
    EXPECT_EQ(kept.find(7), nullptr);
    kept.keep(7, first);
    EXPECT_EQ(kept.find(7), first);
    kept.keep(7, second);
    EXPECT_EQ(kept.find(7), second);
    kept.clear();
    EXPECT_EQ(kept.find(7), nullptr);
}

}  // namespace
}  // namespace p9::fuse
