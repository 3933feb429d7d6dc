// What a served directory has to do with the machine it is on: owners, devices, fifos, and read-only trees.
#include "tests/serve/host.hpp"
#include "tools/p9serve/directory_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

namespace p9::serve::test {
namespace {

namespace fs = std::filesystem;

TEST_F(HostTest, what_cannot_be_served_is_said) {
    put(scratch / "file", "");
    const auto open = [&](const fs::path& path) {
        DirectoryOptions options;
        options.path = path;
        auto opened = DirectoryTree::open(loop.executor(), options);
        return opened ? Error() : opened.error();
    };
    EXPECT_TRUE(open(scratch / "none").is_errno(ENOENT));
    EXPECT_NE(open(scratch / "none").message().find("none: No such file"), std::string::npos);
    EXPECT_TRUE(open(scratch / "file").is_errno(ENOTDIR));
}

TEST_F(HostTest, attaching_by_the_path_that_is_served) {
    fs::create_directories(scratch / "served/a/b");
    fs::create_directories(scratch / "served-not");
    fs::create_directory_symlink("served", scratch / "link");
    const auto tree = serve(scratch / "link");
    const u64 whole = attach(*tree)->qid().path;
    const u64 part = attach(*tree, "/a/b")->qid().path;
    for (const std::string name : {"served", "link"}) {
        const std::string path = fs::canonical(scratch.path()) / name;
        EXPECT_EQ(attach(*tree, path)->qid().path, whole);
        EXPECT_EQ(attach(*tree, path + "/")->qid().path, whole);
        EXPECT_EQ(attach(*tree, path + "/a/b")->qid().path, part);
    }
    const std::string not_served = fs::canonical(scratch / "served-not");
    EXPECT_EQ(number_of(run(tree->attach(User{}, not_served))), ENOENT);
}

TEST_F(HostTest, read_only_refuses_every_change) {
    put(scratch / "file", "text");
    const auto tree = serve(scratch.path(), true);
    const auto root = attach(*tree);
    const auto file = walk(root, "file").value();
    EXPECT_EQ(contents(file), "text");
    EXPECT_EQ(names(root), std::vector<std::string>{"file"});
    for (const OpenFlags flags : std::vector<OpenFlags>{P9_O_WRONLY, P9_O_RDWR, P9_O_RDONLY | P9_O_TRUNC})
        EXPECT_EQ(number_of(run(file->open(flags))), EROFS);
    AttributeChange change;
    change.mode = 0600;
    EXPECT_EQ(number_of(run(file->change(change))), EROFS);
    change = {};
    change.size = 0;
    EXPECT_EQ(number_of(run(file->change(change))), EROFS);
    EXPECT_EQ(number_of(run(root->create("x", P9_O_RDONLY, 0644, NONUNAME))), EROFS);
    EXPECT_EQ(number_of(run(root->mkdir("x", 0755, NONUNAME))), EROFS);
    EXPECT_EQ(number_of(run(root->symlink("x", "y", NONUNAME))), EROFS);
    EXPECT_EQ(number_of(run(root->mknod("x", P9_S_IFREG | 0644, 0, 0, NONUNAME))), EROFS);
    EXPECT_EQ(number_of(run(root->link("x", file))), EROFS);
    EXPECT_EQ(number_of(run(root->rename("file", root, "x"))), EROFS);
    EXPECT_EQ(number_of(run(root->unlink("file", false))), EROFS);
    EXPECT_EQ(number_of(run(file->set_xattr("user.x", "y", 0))), EROFS);
    EXPECT_EQ(number_of(run(file->remove_xattr("user.x"))), EROFS);
    EXPECT_EQ(get(scratch / "file"), "text");
}

TEST_F(HostTest, a_read_of_a_fifo_waits_for_the_first_writer) {
    ASSERT_EQ(::mkfifo((scratch / "fifo").c_str(), 0600), 0);
    const auto tree = serve(scratch.path());
    const auto fifo = walk(attach(*tree), "fifo").value();
    EXPECT_EQ(number_of(run(fifo->open(P9_O_WRONLY))), ENXIO) << "nobody reads";
    const auto open = run(fifo->open(P9_O_RDONLY)).value();
    ReadReply reply(100);
    auto reading = loop.start(open->read(0, reply));
    loop.settle();
    EXPECT_FALSE(reading.done());
    const int writer = ::open((scratch / "fifo").c_str(), O_WRONLY | O_NONBLOCK);
    ASSERT_GE(writer, 0);
    loop.settle();
    EXPECT_FALSE(reading.done());
    ASSERT_EQ(::write(writer, "text", 4), 4);
    EXPECT_EQ(number_of(reading.get()), 0);
    EXPECT_EQ(reply.size(), 4u);
    ReadReply rest(100);
    auto last = loop.start(open->read(4, rest));
    loop.settle();
    EXPECT_FALSE(last.done());
    ::close(writer);
    EXPECT_EQ(number_of(last.get()), 0);
    EXPECT_EQ(rest.size(), 0u) << "all writers are gone: the end";
}

TEST_F(HostTest, a_waiting_read_of_a_fifo_is_cancelled_and_loses_nothing) {
    ASSERT_EQ(::mkfifo((scratch / "fifo").c_str(), 0600), 0);
    const auto tree = serve(scratch.path());
    const auto open = run(walk(attach(*tree), "fifo").value()->open(P9_O_RDONLY)).value();
    const int writer = ::open((scratch / "fifo").c_str(), O_WRONLY | O_NONBLOCK);
    ASSERT_GE(writer, 0);
    ReadReply first(100);
    ReadReply second(100);
    auto cancelled = loop.start(open->read(0, first));
    auto stays = loop.start(open->read(0, second));
    loop.settle();
    cancelled.cancel();
    EXPECT_NE(number_of(cancelled.get()), 0);
    EXPECT_FALSE(stays.done());
    ASSERT_EQ(::write(writer, "text", 4), 4);
    EXPECT_EQ(number_of(stays.get()), 0);
    EXPECT_EQ(second.size(), 4u);
    EXPECT_EQ(first.size(), 0u);
    ::close(writer);
}

TEST_F(HostTest, a_write_to_a_full_fifo_waits) {
    ASSERT_EQ(::mkfifo((scratch / "fifo").c_str(), 0600), 0);
    const auto tree = serve(scratch.path());
    const int reader = ::open((scratch / "fifo").c_str(), O_RDONLY | O_NONBLOCK);
    ASSERT_GE(reader, 0);
    const auto open = run(walk(attach(*tree), "fifo").value()->open(P9_O_WRONLY)).value();
    const std::string much(1 << 20, 'x');
    const u32 taken = write(*open, 0, much).value();
    EXPECT_LT(taken, much.size());
    auto waiting = loop.start(open->write(0, bytes_of(much)));
    loop.settle();
    EXPECT_FALSE(waiting.done());
    std::string room(taken, '\0');
    EXPECT_EQ(::read(reader, room.data(), room.size()), static_cast<ssize_t>(taken));
    EXPECT_GT(waiting.get().value(), 0u);
    ::close(reader);
}

TEST_F(HostTest, device_nodes_are_neither_made_nor_opened_unless_asked_for) {
    const auto tree = serve("/dev");
    const auto null = walk(attach(*tree), "null");
    ASSERT_TRUE(null);
    EXPECT_EQ(attributes(*null).type(), FileType::character);
    const auto refused = run((*null)->open(P9_O_RDONLY));
    EXPECT_EQ(number_of(refused), EPERM);
    const auto open_tree = serve("/dev", false, true);
    const auto zero = run(walk(attach(*open_tree), "zero").value()->open(P9_O_RDONLY)).value();
    EXPECT_EQ(read(*zero, 0, 5), std::string(5, '\0'));

    const auto mine = serve(scratch.path());
    EXPECT_EQ(number_of(run(attach(*mine)->mknod("disk", P9_S_IFBLK | 0600, 8, 0, NONUNAME))), EPERM);
    EXPECT_EQ(number_of(run(attach(*mine)->mknod("null", P9_S_IFCHR | 0600, 1, 3, NONUNAME))), EPERM);
    if (::geteuid() != 0) GTEST_SKIP() << "only root makes device nodes";
    const auto root = attach(*serve(scratch.path(), false, true));
    const auto made = run(root->mknod("null", P9_S_IFCHR | 0600, 1, 3, NONUNAME));
    if (number_of(made) == EPERM) GTEST_SKIP() << "no device nodes in this container";
    EXPECT_EQ(attributes(made.value()).rdev, ::makedev(1, 3));
}

TEST_F(HostTest, what_root_makes_belongs_to_who_attached) {
    if (::geteuid() != 0) GTEST_SKIP() << "only root can give files away";
    const auto tree = serve(scratch.path());
    const auto root = attach(*tree, "", 1234);
    const auto file = run(root->create("file", P9_O_RDWR, 06755, 2345)).value().file;
    const auto directory = run(root->mkdir("directory", 0750, 2345)).value();
    const auto link = run(root->symlink("link", "x", 2345)).value();
    const auto fifo = run(root->mknod("fifo", P9_S_IFIFO | 0600, 0, 0, 2345)).value();
    for (const auto& made : {file, directory, link, fifo}) {
        EXPECT_EQ(attributes(made).uid, 1234u);
        EXPECT_EQ(attributes(made).gid, 2345u);
    }
    EXPECT_EQ(attributes(file).mode & 07777u, 06755u) << "chown takes these bits away: they are set after it";
    const auto nobody = attach(*tree, "", NONUNAME);
    EXPECT_EQ(attributes(make(nobody, "unknown")).uid, 0u);
    AttributeChange change;
    change.uid = 77;
    change.gid = 88;
    change.mode = 04711;
    EXPECT_EQ(number_of(run(file->change(change))), 0);
    EXPECT_EQ(attributes(file).uid, 77u);
    EXPECT_EQ(attributes(file).gid, 88u);
    EXPECT_EQ(attributes(file).mode & 07777u, 04711u);
}

TEST_F(HostTest, who_has_a_file_open_for_writing_may_truncate_it) {
    const auto tree = serve(scratch.path());
    const auto root = attach(*tree);
    auto made = run(root->create("file", P9_O_RDWR, 0444, NONUNAME)).value();
    write(*made.open, 0, "text").value();
    AttributeChange change;
    change.size = 2;
    EXPECT_EQ(number_of(run(made.file->change(change))), 0);
    EXPECT_EQ(get(scratch / "file"), "te");
    made.open.reset();
    change.size = 1;
    const int closed = number_of(run(made.file->change(change)));
    EXPECT_EQ(closed, ::geteuid() == 0 ? 0 : EACCES);
}

TEST_F(HostTest, locks_are_those_of_the_host) {
    put(scratch / "file", "0123456789");
    const auto tree = serve(scratch.path());
    const auto open = run(walk(attach(*tree), "file").value()->open(P9_O_RDWR)).value();
    const int local = ::open((scratch / "file").c_str(), O_RDWR);
    struct flock whole{};
    whole.l_type = F_WRLCK;
    whole.l_whence = SEEK_SET;
    ASSERT_EQ(::fcntl(local, F_OFD_SETLK, &whole), 0);
    EXPECT_EQ(run(open->lock(Lock{LockType::read, 0, 1, 1, "me"})).value(), LockStatus::blocked);
    ::close(local);
    EXPECT_EQ(run(open->lock(Lock{LockType::read, 0, 1, 1, "me"})).value(), LockStatus::ok);
    EXPECT_EQ(number_of(run(open->lock(Lock{LockType::read, u64{1} << 63, 1, 1, "me"}))), EINVAL);
}

TEST_F(HostTest, inodes_of_two_file_systems_are_told_apart) {
    DirectoryOptions options;
    options.path = scratch.path();
    DirectoryContext context(loop.executor(), options);
    ASSERT_TRUE(context.open());
    struct stat status{};
    ASSERT_EQ(::stat(scratch.path().c_str(), &status), 0);
    EXPECT_EQ(context.qid_path(status.st_dev, 42), 42u);
    std::set<u64> paths;
    for (u64 device = status.st_dev; device < status.st_dev + 100; ++device) {
        for (u64 inode = 1; inode < 100; ++inode) paths.insert(context.qid_path(device, inode));
    }
    EXPECT_EQ(paths.size(), 9900u);
}

}  // namespace
}  // namespace p9::serve::test
