// What a tree in memory holds, and what it never takes.
#include "tests/serve/backends.hpp"
#include "tools/p9serve/memory_locks.hpp"

namespace p9::serve::test {
namespace {

class MemoryTest : public ::testing::Test, protected Driver {
protected:
    static MemoryOptions limit(u64 bytes) {
        MemoryOptions options;
        options.size_limit = bytes;
        return options;
    }
    u64 free_bytes(const FilePtr& file) {
        const StatFs figures = run(file->statfs()).value();
        return figures.bavail * figures.bsize;
    }
};

TEST_F(MemoryTest, contents_end_at_the_limit) {
    MemoryTree tree(limit(1 << 20));
    const auto root = attach(tree);
    auto made = run(root->create("file", P9_O_RDWR, 0644, NONUNAME)).value();
    const std::string part(100'000, 'x');
    u64 size = 0;
    int failed = 0;
    while (failed == 0 && size < (2 << 20)) {
        const auto written = write(*made.open, size, part);
        failed = number_of(written);
        if (written) size += *written;
    }
    EXPECT_EQ(failed, ENOSPC);
    EXPECT_GT(size, 900'000u);
    EXPECT_LE(size, u64{1} << 20);
    EXPECT_EQ(attributes(made.file).size, size);
    EXPECT_EQ(contents(made.file), std::string(size, 'x'));
    EXPECT_EQ(number_of(write(*made.open, 0, "over what is there")), 0);
    EXPECT_LT(free_bytes(root), 100'000u);
    ASSERT_EQ(number_of(run(root->unlink("file", false))), 0);
    EXPECT_LT(free_bytes(root), 100'000u) << "it is open still";
    made = {};
    EXPECT_GT(free_bytes(root), 1'000'000u);
}

TEST_F(MemoryTest, everything_else_counts_too) {
    MemoryTree tree(limit(100'000));
    const auto root = attach(tree);
    const u64 before = free_bytes(root);
    const auto fill = [&](const auto& one) {
        int i = 0;
        int failed = 0;
        while (failed == 0 && i < 100'000) failed = one(std::to_string(i++));
        EXPECT_EQ(failed, ENOSPC);
        EXPECT_GT(i, 1);
        EXPECT_LT(i, 1000);
        for (const std::string& name : names(root, 1000)) {
            if (number_of(run(root->unlink(name, false))) != 0) run(root->unlink(name, true)).value();
        }
        EXPECT_EQ(free_bytes(root), before);
    };
    fill([&](const std::string& name) { return number_of(run(root->create(name, P9_O_RDWR, 0644, NONUNAME))); });
    fill([&](const std::string& name) { return number_of(run(root->mkdir(name, 0755, NONUNAME))); });
    fill(
        [&](const std::string& name) { return number_of(run(root->symlink(name, std::string(4000, 'x'), NONUNAME))); });
    fill([&](const std::string& name) {
        if (name == "0") make(root, "file");
        return number_of(run(root->link(name, walk(root, "file").value())));
    });
    fill([&](const std::string& name) {
        if (name == "0") make(root, "file");
        return number_of(run(walk(root, "file").value()->set_xattr("user." + name, std::string(500, 'x'), 0)));
    });
    fill([&](const std::string& name) {
        if (name == "0") make(root, "file");
        const auto open = run(walk(root, "file").value()->open(P9_O_RDWR)).value();
        return number_of(write(*open, std::stoull(name) * 100'000, "one byte of each chunk"));
    });
    for (int i = 0; i < 1000; ++i) {
        make(root, "a");
        run(root->rename("a", root, "a much longer name than before")).value();
        run(root->unlink("a much longer name than before", false)).value();
    }
    EXPECT_EQ(free_bytes(root), before);
}

TEST_F(MemoryTest, small_files_take_little) {
    MemoryTree tree(limit(10 << 20));
    const auto root = attach(tree);
    for (int i = 0; i < 8000; ++i) make(root, std::to_string(i), "some text");
    EXPECT_EQ(names(root, 10'000).size(), 8000u);
}

TEST_F(MemoryTest, a_hundred_thousand_levels_are_gone_without_a_stack) {
    constexpr int LEVELS = 100'000;
    MemoryTree tree;
    const auto root = attach(tree);
    const u64 before = free_bytes(root);
    FilePtr deepest = root;
    for (int i = 0; i < LEVELS; ++i) deepest = mkdir(deepest, "d");
    const auto top = walk(root, "d").value();
    EXPECT_EQ(number_of(run(root->rename("d", deepest, "x"))), EINVAL);
    EXPECT_LT(free_bytes(root), before);
    // The whole branch goes with the tree, while its deepest directory is held and lives on.
    {
        MemoryTree other;
        FilePtr below = attach(other);
        for (int i = 0; i < LEVELS; ++i) below = mkdir(below, "d");
        deepest = below;
    }
    EXPECT_TRUE(names(deepest).empty());
}

TEST_F(MemoryTest, numbers_are_not_used_again) {
    MemoryTree tree;
    const auto root = attach(tree);
    std::set<u64> paths{root->qid().path};
    for (int i = 0; i < 100; ++i) {
        EXPECT_TRUE(paths.insert(make(root, "file")->qid().path).second);
        run(root->unlink("file", false)).value();
    }
}

TEST_F(MemoryTest, an_owner_has_his_locks_through_any_open_file) {
    MemoryTree tree;
    const auto file = make(attach(tree), "file");
    auto one = run(file->open(P9_O_RDWR)).value();
    auto two = run(file->open(P9_O_RDWR)).value();
    EXPECT_EQ(run(one->lock(Lock{LockType::write, 0, 10, 1, "client"})).value(), LockStatus::ok);
    EXPECT_EQ(run(two->lock(Lock{LockType::write, 5, 10, 1, "client"})).value(), LockStatus::ok);
    EXPECT_EQ(run(two->lock(Lock{LockType::read, 0, 1, 2, "client"})).value(), LockStatus::blocked);
    EXPECT_EQ(run(two->lock(Lock{LockType::read, 0, 1, 1, "other"})).value(), LockStatus::blocked);
    one.reset();
    EXPECT_EQ(run(two->lock(Lock{LockType::read, 0, 5, 2, "client"})).value(), LockStatus::ok);
    EXPECT_EQ(run(two->lock(Lock{LockType::read, 5, 1, 2, "client"})).value(), LockStatus::blocked);
}

// Locks were not counted, and their owners' names could be 64 KiB long.
TEST_F(MemoryTest, locks_count_too) {
    MemoryTree tree(limit(200'000));
    const auto file = make(attach(tree), "file");
    auto open = run(file->open(P9_O_RDWR)).value();
    const u64 before = free_bytes(file);
    EXPECT_EQ(number_of(run(open->lock(Lock{LockType::read, 0, 1, 1, std::string(256, 'c')}))), EINVAL);
    const std::string client(255, 'c');
    int failed = 0;
    u64 count = 0;
    for (; failed == 0 && count < 4000; ++count)
        failed = number_of(run(open->lock(Lock{LockType::read, 2 * count, 1, 1, client})));
    EXPECT_EQ(failed, ENOLCK);
    EXPECT_GT(count, 100u);
    EXPECT_LT(count, 1000u);
    EXPECT_EQ(run(open->lock(Lock{LockType::unlock, 0, 0, 1, client})).value(), LockStatus::ok);
    EXPECT_EQ(free_bytes(file), before);
    EXPECT_EQ(run(open->lock(Lock{LockType::read, 0, 1, 1, client})).value(), LockStatus::ok);
    open.reset();
    EXPECT_EQ(free_bytes(file), before);
}

TEST(RecordLocks, ranges_reach_to_the_end_without_overflow) {
    RecordLocks locks;
    const u64 most = ~u64{0};
    int through = 0;
    EXPECT_TRUE(locks.set(Lock{LockType::write, most, 5, 1, "a"}, &through));
    EXPECT_FALSE(locks.conflict(Lock{LockType::write, 0, most, 2, "b"}));
    EXPECT_TRUE(locks.conflict(Lock{LockType::write, 0, 0, 2, "b"}));
    EXPECT_TRUE(locks.conflict(Lock{LockType::write, 1, most, 2, "b"}));
    EXPECT_TRUE(locks.set(Lock{LockType::unlock, 0, 0, 1, "a"}, &through));
    EXPECT_FALSE(locks.conflict(Lock{LockType::write, 0, 0, 2, "b"}));
}

TEST(RecordLocks, there_are_not_endlessly_many) {
    RecordLocks locks;
    int through = 0;
    u64 set = 0;
    while (set < 100'000 && locks.set(Lock{LockType::read, 2 * set, 1, 1, "a"}, &through)) ++set;
    EXPECT_GE(set, 1000u);
    EXPECT_LT(set, 100'000u);
    EXPECT_TRUE(locks.set(Lock{LockType::unlock, 0, 0, 1, "a"}, &through));
    EXPECT_TRUE(locks.set(Lock{LockType::read, 0, 1, 1, "a"}, &through));
}

}  // namespace
}  // namespace p9::serve::test
