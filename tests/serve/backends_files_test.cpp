// Files: contents, attributes, extended attributes, locks.
#include "tests/serve/backends.hpp"

namespace p9::serve::test {
namespace {

class FilesTest : public BackendTest {};

TEST_P(FilesTest, what_is_written_is_read) {
    auto made = run(root->create("file", P9_O_RDWR, 0644, NONUNAME)).value();
    EXPECT_EQ(write(*made.open, 0, "hello world").value(), 11u);
    EXPECT_EQ(write(*made.open, 6, "there").value(), 5u);
    EXPECT_EQ(read(*made.open, 0, 100), "hello there");
    EXPECT_EQ(read(*made.open, 6, 3), "the");
    EXPECT_EQ(read(*made.open, 11, 100), "");
    EXPECT_EQ(read(*made.open, 1'000'000, 100), "");
    EXPECT_EQ(attributes(made.file).size, 11u);
    EXPECT_EQ(contents(walk(root, "file").value()), "hello there");
}

TEST_P(FilesTest, gaps_are_zeros) {
    const auto file = make(root, "file");
    const auto open = run(file->open(P9_O_RDWR)).value();
    write(*open, 200'000, "end").value();
    write(*open, 65'530, "across a chunk").value();
    std::string expected(200'003, '\0');
    expected.replace(65'530, 14, "across a chunk").replace(200'000, 3, "end");
    EXPECT_EQ(contents(file), expected);
    EXPECT_LT(attributes(file).blocks * 512, 200'000u) << "the gap takes no memory";
}

TEST_P(FilesTest, a_smaller_size_cuts_and_a_larger_one_fills_with_zeros) {
    const auto file = make(root, "file", std::string(100'000, 'x'));
    AttributeChange change;
    for (const u64 size : {70'000u, 65'536u, 10u, 80'000u, 0u, 5u}) {
        change.size = size;
        ASSERT_EQ(number_of(run(file->change(change))), 0);
        EXPECT_EQ(attributes(file).size, size);
    }
    EXPECT_EQ(contents(file), std::string(5, '\0'));
    change.size = u64{1} << 63;
    EXPECT_EQ(number_of(run(file->change(change))), EFBIG);
    EXPECT_EQ(attributes(file).size, 5u);
}

TEST_P(FilesTest, no_old_bytes_show_up_after_truncation) {
    const auto file = make(root, "file", std::string(1000, 'x'));
    AttributeChange change;
    change.size = 10;
    run(file->change(change)).value();
    const auto open = run(file->open(P9_O_RDWR)).value();
    write(*open, 20, "y").value();
    EXPECT_EQ(contents(file), std::string(10, 'x') + std::string(10, '\0') + "y");
}

TEST_P(FilesTest, appending_ignores_the_offset) {
    const auto file = make(root, "file", "first ");
    const auto one = run(file->open(P9_O_WRONLY | P9_O_APPEND)).value();
    const auto other = run(file->open(P9_O_WRONLY | P9_O_APPEND)).value();
    write(*one, 0, "second ").value();
    write(*other, 3, "third ").value();
    write(*one, 0, "fourth").value();
    EXPECT_EQ(contents(file), "first second third fourth");
}

TEST_P(FilesTest, opening_can_truncate) {
    const auto file = make(root, "file", "text");
    run(file->open(P9_O_WRONLY | P9_O_TRUNC)).value();
    EXPECT_EQ(contents(file), "");
}

TEST_P(FilesTest, access_modes_are_kept) {
    const auto file = make(root, "file", "text");
    const auto reader = run(file->open(P9_O_RDONLY)).value();
    const auto writer = run(file->open(P9_O_WRONLY)).value();
    EXPECT_EQ(number_of(write(*reader, 0, "x")), EBADF);
    ReadReply reply(10);
    EXPECT_EQ(number_of(run(writer->read(0, reply))), EBADF);
    EXPECT_EQ(number_of(run(file->open(3))), EINVAL);
    EXPECT_EQ(number_of(run(root->open(P9_O_RDWR))), EISDIR);
    EXPECT_EQ(number_of(run(root->open(P9_O_RDONLY | P9_O_TRUNC))), EISDIR);
    EXPECT_EQ(number_of(run(file->open(P9_O_RDONLY | P9_O_DIRECTORY))), ENOTDIR);
    const auto directory = run(root->open(P9_O_RDONLY)).value();
    EXPECT_EQ(number_of(run(directory->read(0, reply))), EISDIR);
    Collected entries(10);
    EXPECT_EQ(number_of(run(reader->readdir(0, entries))), ENOTDIR);
}

TEST_P(FilesTest, a_file_without_names_lives_while_it_is_open) {
    const auto file = make(root, "file", "text");
    const auto open = run(file->open(P9_O_RDWR)).value();
    ASSERT_EQ(number_of(run(root->unlink("file", false))), 0);
    EXPECT_EQ(number_of(walk(root, "file")), ENOENT);
    EXPECT_EQ(read(*open, 0, 10), "text");
    write(*open, 4, " and more").value();
    AttributeChange change;
    change.size = 8;
    EXPECT_EQ(number_of(run(file->change(change))), 0);
    EXPECT_EQ(read(*open, 0, 20), "text and");
    EXPECT_EQ(attributes(file).nlink, 0u);
    EXPECT_EQ(contents(file), "text and") << "opened again";
    make(root, "file", "other");
    EXPECT_EQ(read(*open, 0, 20), "text and");
}

TEST_P(FilesTest, attributes_are_what_was_set) {
    const auto file = make(root, "file", "text");
    AttributeChange change;
    change.mode = 0604;
    change.mtime = TimeChange{Time{1'000'000'000, 123'456'789}};
    ASSERT_EQ(number_of(run(file->change(change))), 0);
    Attributes told = attributes(file);
    EXPECT_EQ(told.mode, P9_S_IFREG | 0604u);
    EXPECT_EQ(told.mtime, (Time{1'000'000'000, 123'456'789}));
    EXPECT_EQ(told.uid, ::geteuid());
    EXPECT_EQ(told.nlink, 1u);
    change = {};
    change.mtime = TimeChange{};
    change.atime = TimeChange{Time{5, 6}};
    change.size = 2;
    ASSERT_EQ(number_of(run(file->change(change))), 0);
    told = attributes(file);
    EXPECT_GT(told.mtime.seconds, 1'600'000'000);
    EXPECT_EQ(told.atime, (Time{5, 6}));
    EXPECT_EQ(told.size, 2u);
    change = {};
    change.size = 1;
    change.mtime = TimeChange{Time{7, 0}};
    ASSERT_EQ(number_of(run(file->change(change))), 0);
    EXPECT_EQ(attributes(file).mtime, (Time{7, 0})) << "not the time of the truncation";
}

TEST_P(FilesTest, a_change_that_fails_changes_nothing) {
    const auto file = make(root, "file", "text");
    AttributeChange change;
    change.mode = 0600;
    change.size = u64{1} << 63;
    EXPECT_NE(number_of(run(file->change(change))), 0);
    change.size = 0;
    change.atime = TimeChange{Time{0, 2'000'000'000}};
    EXPECT_EQ(number_of(run(file->change(change))), EINVAL);
    EXPECT_EQ(attributes(file).mode & 0777u, 0644u);
    EXPECT_EQ(contents(file), "text");
    change = {};
    change.size = 0;
    EXPECT_EQ(number_of(run(root->change(change))), EISDIR);
}

TEST_P(FilesTest, a_changed_file_has_another_version_and_the_same_path) {
    const auto file = make(root, "file", "text");
    const Qid before = walk(root, "file").value()->qid();
    EXPECT_NE(before.version, 0u);
    EXPECT_EQ(before.path, file->qid().path);
    EXPECT_NE(before.path, root->qid().path);
    AttributeChange change;
    change.size = 1;
    change.mtime = TimeChange{Time{1, 1}};
    run(file->change(change)).value();
    const Qid after = walk(root, "file").value()->qid();
    EXPECT_EQ(after.path, before.path);
    EXPECT_NE(after.version, before.version);
}

TEST_P(FilesTest, extended_attributes) {
    const auto file = make(root, "file");
    const auto first = run(file->set_xattr("user.one", "value", 0));
    if (number_of(first) == EOPNOTSUPP) GTEST_SKIP() << scratch.path() << " has no extended attributes";
    ASSERT_EQ(number_of(first), 0);
    ASSERT_EQ(number_of(run(file->set_xattr("user.empty", "", 1))), 0);
    EXPECT_EQ(run(file->xattr("user.one")).value(), "value");
    EXPECT_EQ(run(file->xattr("user.empty")).value(), "");
    const std::string names = run(file->xattr_names()).value();
    EXPECT_NE(names.find(std::string("user.one\0", 9)), std::string::npos);
    EXPECT_NE(names.find(std::string("user.empty\0", 11)), std::string::npos);
    EXPECT_EQ(number_of(run(file->set_xattr("user.one", "x", 1))), EEXIST);
    EXPECT_EQ(number_of(run(file->set_xattr("user.none", "x", 2))), ENODATA);
    EXPECT_EQ(number_of(run(file->set_xattr("user.one", "second", 2))), 0);
    EXPECT_EQ(run(file->xattr("user.one")).value(), "second");
    EXPECT_EQ(number_of(run(file->xattr("user.none"))), ENODATA);
    EXPECT_EQ(number_of(run(file->remove_xattr("user.one"))), 0);
    EXPECT_EQ(number_of(run(file->remove_xattr("user.one"))), ENODATA);
    EXPECT_EQ(number_of(run(file->set_xattr("nonsense", "x", 0))), EOPNOTSUPP);
    EXPECT_NE(number_of(run(file->set_xattr("user.big", std::string(70'000, 'x'), 0))), 0);
    EXPECT_NE(number_of(run(file->set_xattr(std::string("user.\0x", 7), "x", 0))), 0);
}

TEST_P(FilesTest, locks_of_two_clients_exclude_each_other) {
    const auto file = make(root, "file", "0123456789");
    const auto mine = run(file->open(P9_O_RDWR)).value();
    auto theirs = run(walk(root, "file").value()->open(P9_O_RDWR)).value();
    const Lock my_first{LockType::write, 0, 5, 1, "me"};
    const Lock their_all{LockType::write, 0, 0, 2, "them"};
    const Lock their_last{LockType::write, 5, 0, 2, "them"};
    EXPECT_EQ(run(mine->lock(my_first)).value(), LockStatus::ok);
    EXPECT_EQ(run(theirs->lock(their_all)).value(), LockStatus::blocked);
    EXPECT_EQ(run(theirs->lock(their_last)).value(), LockStatus::ok);
    const Lock found = run(theirs->conflicting_lock(their_all)).value();
    EXPECT_EQ(found.type, LockType::write);
    EXPECT_EQ(found.start, 0u);
    EXPECT_EQ(found.length, 5u);
    const Lock free = run(theirs->conflicting_lock(their_last)).value();
    EXPECT_EQ(free.type, LockType::unlock);
    // The middle of a lock is released: what is left is two.
    EXPECT_EQ(run(mine->lock(Lock{LockType::unlock, 1, 2, 1, "me"})).value(), LockStatus::ok);
    EXPECT_EQ(run(theirs->lock(Lock{LockType::read, 1, 2, 2, "them"})).value(), LockStatus::ok);
    EXPECT_EQ(run(theirs->lock(Lock{LockType::read, 0, 1, 2, "them"})).value(), LockStatus::blocked);
    EXPECT_EQ(run(theirs->lock(Lock{LockType::read, 4, 1, 2, "them"})).value(), LockStatus::blocked);
    EXPECT_EQ(run(mine->lock(Lock{LockType::write, 9, 1, 1, "me"})).value(), LockStatus::blocked);
    theirs.reset();
    EXPECT_EQ(run(mine->lock(Lock{LockType::write, 0, 0, 1, "me"})).value(), LockStatus::ok) << "gone with the fid";
}

TEST_P(FilesTest, shared_locks_share_and_want_the_access_they_are_for) {
    const auto file = make(root, "file", "0123456789");
    const auto reader = run(file->open(P9_O_RDONLY)).value();
    const auto other = run(file->open(P9_O_RDONLY)).value();
    EXPECT_EQ(run(reader->lock(Lock{LockType::read, 0, 0, 1, "a"})).value(), LockStatus::ok);
    EXPECT_EQ(run(other->lock(Lock{LockType::read, 0, 0, 2, "b"})).value(), LockStatus::ok);
    EXPECT_EQ(number_of(run(other->lock(Lock{LockType::write, 0, 0, 2, "b"}))), EBADF);
}

TEST_P(FilesTest, figures_of_the_file_system) {
    const StatFs figures = run(root->statfs()).value();
    EXPECT_GT(figures.bsize, 0u);
    EXPECT_GT(figures.blocks, 0u);
    EXPECT_LE(figures.bavail, figures.blocks);
    EXPECT_EQ(figures.namelen, 255u);
}

TEST_P(FilesTest, syncing_waits_for_nothing_else) {
    auto made = run(root->create("file", P9_O_RDWR, 0644, NONUNAME)).value();
    write(*made.open, 0, "text").value();
    EXPECT_EQ(number_of(run(made.open->fsync(false))), 0);
    EXPECT_EQ(number_of(run(made.open->fsync(true))), 0);
    const auto directory = run(root->open(P9_O_RDONLY)).value();
    EXPECT_EQ(number_of(run(directory->fsync(false))), 0);
}

INSTANTIATE_TEST_SUITE_P(Backends, FilesTest, ::testing::Values(Backend::directory, Backend::memory),
                         ::testing::PrintToStringParamName());

}  // namespace
}  // namespace p9::serve::test
