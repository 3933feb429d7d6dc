// What an owner holds after locks were set and released over one another.
#include "fuse/locks.hpp"

#include <gtest/gtest.h>

namespace p9::fuse {
namespace {

/// The first ten bytes of a file: r and w where they are locked.
std::string shown(const std::vector<LockRange>& held) {
    std::string bytes(10, '.');
    for (const LockRange& range : held)
        for (u64 at = range.start; at < 10 && (range.length == 0 || at < range.start + range.length); ++at)
            bytes[at] = bytes[at] != '.' ? '!' : range.type == LockType::write ? 'w' : 'r';  // ! is twice
    return bytes;
}

TEST(NoteLock, TheLastWordHolds) {
    std::vector<LockRange> held;
    note_lock(held, {LockType::write, 2, 6});
    EXPECT_EQ(shown(held), "..wwwwww..");
    note_lock(held, {LockType::read, 4, 2});
    EXPECT_EQ(shown(held), "..wwrrww..");
    note_lock(held, {LockType::unlock, 0, 3});
    EXPECT_EQ(shown(held), "...wrrww..");
    note_lock(held, {LockType::read, 7, 0});
    EXPECT_EQ(shown(held), "...wrrwrrr");
    note_lock(held, {LockType::write, 0, 0});
    EXPECT_EQ(shown(held), "wwwwwwwwww");
    EXPECT_EQ(held.size(), 1u);
    note_lock(held, {LockType::unlock, 0, 0});
    EXPECT_TRUE(held.empty());
}

TEST(NoteLock, TheLastByteOfAllIsAByte) {
    constexpr u64 last = ~u64{0};
    std::vector<LockRange> held;
    note_lock(held, {LockType::write, last - 1, 0});
    note_lock(held, {LockType::unlock, last, 1});
    ASSERT_EQ(held.size(), 1u);
    EXPECT_EQ(held.front().start, last - 1);
    EXPECT_EQ(held.front().length, 1u);
}

}  // namespace
}  // namespace p9::fuse
