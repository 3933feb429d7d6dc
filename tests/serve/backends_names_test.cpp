// Names: making, linking, renaming, removing, listing.
#include "tests/serve/backends.hpp"

namespace p9::serve::test {
namespace {

class NamesTest : public BackendTest {
protected:
    int rename(const FilePtr& from, const std::string& name, const FilePtr& to, const std::string& new_name) {
        return number_of(run(from->rename(name, to, new_name)));
    }
};

TEST_P(NamesTest, a_new_tree_is_empty) {
    EXPECT_TRUE(root->is_directory());
    EXPECT_TRUE(names(root).empty());
    EXPECT_EQ(attributes(root).type(), FileType::directory);
    EXPECT_EQ(number_of(walk(root, "none")), ENOENT);
}

TEST_P(NamesTest, modes_are_exactly_what_was_asked) {
    const mode_t before = ::umask(077);
    auto made = run(root->create("file", P9_O_RDWR, 0666, NONUNAME)).value();
    const auto directory = run(root->mkdir("directory", 01777, NONUNAME)).value();
    const auto node = run(root->mknod("node", P9_S_IFREG | 0622, 0, 0, NONUNAME)).value();
    const auto setuid = run(root->create("setuid", P9_O_RDWR, 04755, NONUNAME)).value();
    EXPECT_EQ(::umask(before), 077u) << "the process keeps its own";
    EXPECT_EQ(attributes(made.file).mode, P9_S_IFREG | 0666u);
    EXPECT_EQ(attributes(directory).mode, P9_S_IFDIR | 01777u);
    EXPECT_EQ(attributes(node).mode, P9_S_IFREG | 0622u);
    EXPECT_EQ(attributes(setuid.file).mode, P9_S_IFREG | 04755u);
}

TEST_P(NamesTest, a_setgid_directory_hands_its_group_on) {
    const auto shared = mkdir(root, "shared");
    const u32 group = attributes(shared).gid;
    AttributeChange change;
    change.mode = 02775;
    run(shared->change(change)).value();
    const u32 other = ::geteuid() == 0 ? 1234 : group;
    const auto below = run(shared->mkdir("below", 0755, other)).value();
    EXPECT_EQ(attributes(below).gid, group);
    EXPECT_EQ(attributes(below).mode & 07777u, 02755u);
    const auto file = run(shared->create("file", P9_O_RDWR, 0644, other)).value();
    EXPECT_EQ(attributes(file.file).gid, group);
    EXPECT_EQ(attributes(file.file).mode & 07777u, 0644u);
}

TEST_P(NamesTest, nothing_is_made_over_what_is_there) {
    make(root, "file", "text");
    mkdir(root, "directory");
    for (const std::string name : {"file", "directory"}) {
        EXPECT_EQ(number_of(run(root->create(name, P9_O_RDWR, 0644, NONUNAME))), EEXIST);
        EXPECT_EQ(number_of(run(root->mkdir(name, 0755, NONUNAME))), EEXIST);
        EXPECT_EQ(number_of(run(root->symlink(name, "target", NONUNAME))), EEXIST);
        EXPECT_EQ(number_of(run(root->mknod(name, P9_S_IFIFO | 0600, 0, 0, NONUNAME))), EEXIST);
        EXPECT_EQ(number_of(run(root->link(name, walk(root, "file").value()))), EEXIST);
    }
    EXPECT_EQ(contents(walk(root, "file").value()), "text");
}

TEST_P(NamesTest, a_file_is_no_directory) {
    const auto file = make(root, "file");
    EXPECT_EQ(number_of(walk(file, "x")), ENOTDIR);
    EXPECT_EQ(number_of(run(file->create("x", P9_O_RDWR, 0644, NONUNAME))), ENOTDIR);
    EXPECT_EQ(number_of(run(file->mkdir("x", 0755, NONUNAME))), ENOTDIR);
    EXPECT_EQ(number_of(run(file->unlink("x", false))), ENOTDIR);
    EXPECT_EQ(number_of(run(file->rename("x", root, "y"))), ENOTDIR);
    EXPECT_EQ(number_of(run(root->rename("file", file, "y"))), ENOTDIR);
    EXPECT_EQ(number_of(run(file->link("x", file))), ENOTDIR);
}

TEST_P(NamesTest, special_files_have_their_type) {
    const auto fifo = run(root->mknod("fifo", P9_S_IFIFO | 0640, 0, 0, NONUNAME)).value();
    const auto socket = run(root->mknod("socket", P9_S_IFSOCK | 0600, 0, 0, NONUNAME)).value();
    EXPECT_EQ(attributes(fifo).mode, P9_S_IFIFO | 0640u);
    EXPECT_EQ(attributes(socket).type(), FileType::socket);
    EXPECT_EQ(number_of(run(socket->open(P9_O_RDONLY))), ENXIO);
    EXPECT_EQ(number_of(run(root->mknod("directory", P9_S_IFDIR | 0755, 0, 0, NONUNAME))), EINVAL);
    EXPECT_EQ(number_of(run(root->mknod("link", P9_S_IFLNK | 0777, 0, 0, NONUNAME))), EINVAL);
    EXPECT_EQ(name_set(root), (std::set<std::string>{"fifo", "socket"}));
}

TEST_P(NamesTest, symlinks_are_told_and_never_followed) {
    const auto link = run(root->symlink("link", "some/where", NONUNAME)).value();
    EXPECT_EQ(link->qid().type, QTSYMLINK);
    EXPECT_EQ(run(link->readlink()).value(), "some/where");
    EXPECT_EQ(attributes(link).type(), FileType::symlink);
    EXPECT_EQ(attributes(link).size, 10u);
    EXPECT_EQ(number_of(run(link->open(P9_O_RDONLY))), ELOOP);
    EXPECT_EQ(number_of(walk(link, "x")), ENOTDIR);
    AttributeChange change;
    change.mode = 0600;
    EXPECT_EQ(number_of(run(link->change(change))), EOPNOTSUPP);
    change = {};
    change.mtime = TimeChange{Time{77, 0}};
    EXPECT_EQ(number_of(run(link->change(change))), 0);
    EXPECT_EQ(attributes(link).mtime, (Time{77, 0}));
    change = {};
    change.gid = attributes(link).gid;
    EXPECT_EQ(number_of(run(link->change(change))), 0);
    EXPECT_EQ(number_of(run(root->readlink())), EINVAL);
    EXPECT_EQ(number_of(run(root->symlink("empty", "", NONUNAME))), ENOENT);
    EXPECT_EQ(number_of(run(root->symlink("nul", std::string("a\0b", 3), NONUNAME))), EINVAL);
    EXPECT_EQ(number_of(run(root->symlink("long", std::string(5000, 'x'), NONUNAME))), ENAMETOOLONG);
}

TEST_P(NamesTest, links_are_the_same_file) {
    const auto file = make(root, "file", "text");
    const auto directory = mkdir(root, "directory");
    ASSERT_EQ(number_of(run(directory->link("other", file))), 0);
    const auto other = walk(directory, "other").value();
    EXPECT_EQ(other->qid().path, file->qid().path);
    EXPECT_EQ(attributes(file).nlink, 2u);
    write(*run(other->open(P9_O_WRONLY)).value(), 0, "TE").value();
    EXPECT_EQ(contents(file), "TExt");
    EXPECT_EQ(rename(root, "file", directory, "other"), 0) << "rename(2): both names stay";
    EXPECT_EQ(attributes(file).nlink, 2u);
    ASSERT_EQ(number_of(run(root->unlink("file", false))), 0);
    EXPECT_EQ(contents(other), "TExt");
    EXPECT_EQ(attributes(other).nlink, 1u);
    EXPECT_EQ(number_of(run(root->link("directory2", directory))), EPERM);
    const auto link = run(root->symlink("link", "x", NONUNAME)).value();
    ASSERT_EQ(number_of(run(root->link("link2", link))), 0);
    EXPECT_EQ(walk(root, "link2").value()->qid().path, link->qid().path);
    ASSERT_EQ(number_of(run(directory->unlink("other", false))), 0);
    EXPECT_EQ(number_of(run(root->link("again", other))), ENOENT) << "it has no name any more";
}

TEST_P(NamesTest, removing_wants_the_right_kind) {
    make(root, "file");
    const auto directory = mkdir(root, "directory");
    mkdir(directory, "below");
    EXPECT_EQ(number_of(run(root->unlink("file", true))), ENOTDIR);
    EXPECT_EQ(number_of(run(root->unlink("directory", false))), EISDIR);
    EXPECT_EQ(number_of(run(root->unlink("directory", true))), ENOTEMPTY);
    EXPECT_EQ(number_of(run(root->unlink("none", true))), ENOENT);
    EXPECT_EQ(attributes(directory).nlink, 3u);
    EXPECT_EQ(number_of(run(directory->unlink("below", true))), 0);
    EXPECT_EQ(attributes(directory).nlink, 2u);
    EXPECT_EQ(number_of(run(root->unlink("directory", true))), 0);
    EXPECT_EQ(number_of(run(root->unlink("file", false))), 0);
    EXPECT_TRUE(names(root).empty());
    EXPECT_EQ(number_of(run(directory->create("x", P9_O_RDWR, 0644, NONUNAME))), ENOENT) << "it is gone";
    EXPECT_EQ(number_of(walk(directory, "x")), ENOENT);
    EXPECT_TRUE(names(directory).empty());
}

TEST_P(NamesTest, rename_moves_and_replaces) {
    const auto a = mkdir(root, "a");
    const auto b = mkdir(root, "b");
    const auto file = make(a, "file", "text");
    EXPECT_EQ(rename(a, "file", b, "moved"), 0);
    EXPECT_EQ(number_of(walk(a, "file")), ENOENT);
    EXPECT_EQ(walk(b, "moved").value()->qid().path, file->qid().path);
    make(b, "other", "replaced");
    EXPECT_EQ(rename(b, "moved", b, "other"), 0);
    EXPECT_EQ(contents(walk(b, "other").value()), "text");
    EXPECT_EQ(names(b), std::vector<std::string>{"other"});
    EXPECT_EQ(rename(b, "other", b, "other"), 0);
    EXPECT_EQ(rename(b, "none", b, "other"), ENOENT);
    EXPECT_EQ(attributes(file).nlink, 1u);
}

TEST_P(NamesTest, rename_keeps_directories_a_tree) {
    const auto a = mkdir(root, "a");
    const auto b = mkdir(a, "b");
    const auto c = mkdir(b, "c");
    make(root, "file");
    EXPECT_EQ(rename(root, "a", c, "x"), EINVAL);
    EXPECT_EQ(rename(root, "a", a, "x"), EINVAL);
    EXPECT_EQ(rename(b, "c", root, "a"), ENOTEMPTY);
    EXPECT_EQ(rename(root, "a", root, "file"), ENOTDIR);
    EXPECT_EQ(rename(root, "file", root, "a"), EISDIR);
    const auto empty = mkdir(root, "empty");
    EXPECT_EQ(attributes(root).nlink, 4u);
    EXPECT_EQ(rename(a, "b", root, "empty"), 0);
    EXPECT_EQ(attributes(root).nlink, 4u);
    EXPECT_EQ(attributes(a).nlink, 2u);
    EXPECT_EQ(walk(root, "empty").value()->qid().path, b->qid().path);
    EXPECT_EQ(number_of(run(empty->mkdir("x", 0755, NONUNAME))), ENOENT);
    EXPECT_EQ(rename(root, "a", c, "a"), 0) << "not below itself any more";
    EXPECT_EQ(name_set(c), std::set<std::string>{"a"});
    EXPECT_EQ(rename(root, "empty", a, "x"), EINVAL) << "and now the other way round";
}

TEST_P(NamesTest, an_entry_says_what_its_file_is) {
    const auto file = make(root, "file");
    const auto directory = mkdir(root, "directory");
    const auto link = run(root->symlink("link", "x", NONUNAME)).value();
    const auto fifo = run(root->mknod("fifo", P9_S_IFIFO | 0600, 0, 0, NONUNAME)).value();
    const auto open = run(root->open(P9_O_RDONLY)).value();
    Collected entries(10);
    run(open->readdir(0, entries)).value();
    ASSERT_EQ(entries.seen.size(), 4u);
    for (const auto& entry : entries.seen) {
        const auto found = walk(root, entry.name).value();
        EXPECT_EQ(entry.qid.path, found->qid().path) << entry.name;
        EXPECT_EQ(entry.qid.type, found->qid().type) << entry.name;
        EXPECT_EQ(entry.type, attributes(found).type()) << entry.name;
        EXPECT_NE(entry.next, 0u);
    }
}

TEST_P(NamesTest, many_entries_are_listed_once_each) {
    std::set<std::string> expected;
    for (int i = 0; i < 3000; ++i) {
        expected.insert("a name of some length, number " + std::to_string(i));
        make(root, "a name of some length, number " + std::to_string(i));
    }
    for (const std::size_t batch : {1, 113, 5000}) {
        const auto all = names(root, batch);
        EXPECT_EQ(all.size(), expected.size());
        EXPECT_EQ(std::set<std::string>(all.begin(), all.end()), expected);
    }
}

TEST_P(NamesTest, a_listing_can_go_back) {
    for (int i = 0; i < 100; ++i) make(root, std::to_string(i));
    const auto open = run(root->open(P9_O_RDONLY)).value();
    const auto list = [&](u64 offset, std::size_t most) {
        Collected some(most);
        run(open->readdir(offset, some)).value();
        return some.seen;
    };
    const auto all = list(0, 1000);
    ASSERT_EQ(all.size(), 100u);
    EXPECT_TRUE(list(all.back().next, 1000).empty());
    for (const std::size_t from : {0, 50, 98, 10}) {
        const auto rest = list(all[from].next, 1000);
        ASSERT_EQ(rest.size(), 99 - from);
        for (std::size_t i = 0; i < rest.size(); ++i) EXPECT_EQ(rest[i].name, all[from + 1 + i].name);
    }
    make(root, "new");
    EXPECT_EQ(list(0, 1000).size(), 101u) << "from the beginning everything is fresh";
}

TEST_P(NamesTest, changes_do_not_disturb_a_listing) {
    std::set<std::string> stay;
    for (int i = 0; i < 2000; ++i) make(root, (i % 2 == 0 ? "stays " : "goes ") + std::to_string(i));
    for (int i = 0; i < 2000; i += 2) stay.insert("stays " + std::to_string(i));
    const auto open = run(root->open(P9_O_RDONLY)).value();
    std::multiset<std::string> seen;
    int changes = 0;
    for (u64 offset = 0;;) {
        Collected some(10);
        run(open->readdir(offset, some)).value();
        if (some.seen.empty()) break;
        offset = some.seen.back().next;
        for (const auto& entry : some.seen) seen.insert(entry.name);
        for (int i = 0; i < 10 && changes < 1000; ++i, ++changes) {
            run(root->unlink("goes " + std::to_string(2 * changes + 1), false)).value();
            if (changes % 4 == 0) make(root, "comes " + std::to_string(changes));
        }
    }
    EXPECT_EQ(changes, 1000);
    for (const std::string& name : stay) EXPECT_EQ(seen.count(name), 1u) << name;
}

TEST_P(NamesTest, attaching_to_a_part_of_the_tree) {
    make(mkdir(mkdir(root, "a"), "b"), "file", "text");
    run(root->symlink("link", "a", NONUNAME)).value();
    EXPECT_EQ(attach(*tree, "/")->qid().path, root->qid().path);
    EXPECT_EQ(names(attach(*tree, "/a/b")), std::vector<std::string>{"file"});
    EXPECT_EQ(names(attach(*tree, "a/b/")), std::vector<std::string>{"file"});
    EXPECT_EQ(number_of(run(tree->attach(User{}, "/none"))), ENOENT);
    EXPECT_EQ(attach(*tree, "/../../a")->qid().path, walk(root, "a").value()->qid().path) << ".. ends at the root";
    EXPECT_EQ(number_of(run(tree->attach(User{}, "/../../etc/passwd"))), ENOENT);
    EXPECT_EQ(number_of(run(tree->attach(User{}, "/link/b"))), ENOTDIR);
}

INSTANTIATE_TEST_SUITE_P(Backends, NamesTest, ::testing::Values(Backend::directory, Backend::memory),
                         ::testing::PrintToStringParamName());

}  // namespace
}  // namespace p9::serve::test
