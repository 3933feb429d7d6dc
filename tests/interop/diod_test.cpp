// The library against diod, Debian's 9P2000.L server, over TCP and over a Unix socket: what the client says it did is
// looked at in the exported directory, and the other way round.
#include "tests/support/diod.hpp"
#include "p9/client.hpp"
#include "p9/transports/dial.hpp"
#include "tests/support/loop.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <set>

namespace p9::test {
namespace {

namespace fs = std::filesystem;

template <class T>
std::string outcome(const Result<T>& result) {
    return result ? "ok" : result.error().code.message() + " (" + result.error().message() + ")";
}

/// A directory that goes away with the test.
struct Scratch {
    Scratch() {
        std::string pattern = fs::temp_directory_path() / "p9-diod-XXXXXX";
        if (!::mkdtemp(pattern.data())) throw std::runtime_error("mkdtemp");
        path = pattern;
        fs::permissions(path, fs::perms::all);
    }
    ~Scratch() {
        std::error_code ignored;
        fs::remove_all(path, ignored);
    }
    fs::path path;
};

void put(const fs::path& path, const std::string& contents) { std::ofstream(path, std::ios::binary) << contents; }
std::string get(const fs::path& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}
std::string pattern(std::size_t size) {
    std::string text;
    text.reserve(size + 16);
    for (u64 i = 0; text.size() < size; ++i) text += std::to_string(i * 2654435761u) + "\n";
    text.resize(size);
    return text;
}

class DiodTest : public ::testing::TestWithParam<Diod::Kind> {
protected:
    void SetUp() override {
        if (const std::string why = Diod::why_not(); !why.empty()) GTEST_SKIP() << why;
        diod.emplace(scratch.path, GetParam());
        auto connected = connect();
        ASSERT_TRUE(connected) << outcome(connected);
        client = std::move(*connected);
    }
    AttachOptions attach() const { return {"root", diod->aname(), static_cast<u32>(::getuid()), 0, {}}; }
    Result<Client> connect() {
        auto address = parse_address(diod->address());
        if (!address) return address.error();
        return loop.run(Client::connect(dialler(*address), {}, attach()));
    }
    template <class T>
    T run(awaitable<T> work) {
        return loop.run(std::move(work));
    }
    template <class T>
    void expect_ok(const Result<T>& result) {
        EXPECT_TRUE(result) << outcome(result);
    }

    Scratch scratch;
    std::optional<Diod> diod;
    Loop loop;
    Client client;
};

TEST_P(DiodTest, agrees_on_9p2000_L) {
    EXPECT_EQ(client.session().dialect(), Dialect::linux_);
    EXPECT_LE(client.session().msize(), 1u << 20);
    EXPECT_TRUE(run(client.attributes("/")).value().is_directory());
}

TEST_P(DiodTest, reads_and_lists) {
    put(scratch.path / "file", "text\n");
    put(scratch.path / "empty", "");
    fs::create_directories(scratch.path / "a/b/c");
    EXPECT_EQ(run(client.read_file("file")).value(), "text\n");
    EXPECT_EQ(run(client.read_file("empty")).value(), "");
    std::set<std::string> names;
    for (const auto& entry : run(client.list("/")).value().entries) names.insert(entry.name);
    EXPECT_EQ(names, (std::set<std::string>{"file", "empty", "a"}));
    EXPECT_TRUE(run(client.attributes("a/b/c")).value().is_directory());
    EXPECT_TRUE(run(client.attributes("a/none")).error().is_errno(ENOENT));
    EXPECT_TRUE(run(client.attributes("file/none")).error().is_errno(ENOTDIR));
}

TEST_P(DiodTest, writes_and_creates) {
    expect_ok(run(client.write_file("new", "first", 0640)));
    EXPECT_EQ(get(scratch.path / "new"), "first");
    expect_ok(run(client.write_file("new", "2nd")));
    EXPECT_EQ(get(scratch.path / "new"), "2nd");
    auto exclusive = run(client.create("new", P9_O_WRONLY | P9_O_EXCL, 0644));
    ASSERT_FALSE(exclusive);
    EXPECT_TRUE(exclusive.error().is_errno(EEXIST)) << outcome(exclusive);
    auto file = run(client.open("new", P9_O_RDWR)).value();
    const std::string data = "xyz";
    const Bytes bytes(reinterpret_cast<const u8*>(data.data()), data.size());
    EXPECT_EQ(run(file.write(10, bytes)).value(), 3u);
    expect_ok(run(file.fsync()));
    expect_ok(run(file.fsync(true)));
    expect_ok(run(file.node().close()));
    EXPECT_EQ(get(scratch.path / "new"), std::string("2nd\0\0\0\0\0\0\0xyz", 13));
}

TEST_P(DiodTest, renames_links_and_removes) {
    put(scratch.path / "a", "text");
    fs::create_directory(scratch.path / "d");
    expect_ok(run(client.rename("a", "d/b")));
    EXPECT_EQ(get(scratch.path / "d/b"), "text");
    expect_ok(run(client.link("d/b", "c")));
    EXPECT_EQ(fs::hard_link_count(scratch.path / "c"), 2u);
    expect_ok(run(client.symlink("s", "d/b")));
    EXPECT_EQ(fs::read_symlink(scratch.path / "s"), "d/b");
    EXPECT_EQ(run(client.readlink("s")).value(), "d/b");
    EXPECT_EQ(run(client.read_file("s")).value(), "text");
    EXPECT_EQ(run(client.attributes("s", Follow::no)).value().type(), FileType::symlink);
    expect_ok(run(client.mkdir("e", 0750)));
    EXPECT_TRUE(fs::is_directory(scratch.path / "e"));
    EXPECT_TRUE(run(client.remove("d")).error().is_errno(ENOTEMPTY));
    for (const char* name : {"s", "c", "d/b", "d", "e"}) expect_ok(run(client.remove(name)));
    EXPECT_TRUE(fs::is_empty(scratch.path));
    EXPECT_TRUE(run(client.remove("d")).error().is_errno(ENOENT));
}

TEST_P(DiodTest, makes_fifos) {
    expect_ok(run(client.mknod("fifo", P9_S_IFIFO | 0600, 0, 0)));
    EXPECT_TRUE(fs::is_fifo(scratch.path / "fifo"));
    EXPECT_EQ(run(client.attributes("fifo")).value().type(), FileType::fifo);
}

TEST_P(DiodTest, attributes_are_the_files) {
    put(scratch.path / "file", std::string(5000, 'x'));
    struct stat native{};
    ASSERT_EQ(::lstat((scratch.path / "file").c_str(), &native), 0);
    const auto got = run(client.attributes("file")).value();
    EXPECT_EQ(got.mode, native.st_mode);
    EXPECT_EQ(got.uid, native.st_uid);
    EXPECT_EQ(got.gid, native.st_gid);
    EXPECT_EQ(got.nlink, native.st_nlink);
    EXPECT_EQ(got.size, 5000u);
    EXPECT_EQ(got.blocks, static_cast<u64>(native.st_blocks));
    EXPECT_EQ(got.mtime, (Time{native.st_mtim.tv_sec, static_cast<u32>(native.st_mtim.tv_nsec)}));
    EXPECT_EQ(got.qid.path, native.st_ino);
}

TEST_P(DiodTest, attributes_are_changed) {
    put(scratch.path / "file", "0123456789");
    AttributeChange change;
    change.mode = 0604;
    change.size = 4;
    change.mtime = TimeChange{Time{1'000'000'000, 123'456'789}};
    change.atime = TimeChange{};
    expect_ok(run(client.change("file", change)));
    struct stat native{};
    ASSERT_EQ(::lstat((scratch.path / "file").c_str(), &native), 0);
    EXPECT_EQ(native.st_mode & 07777u, 0604u);
    EXPECT_EQ(native.st_size, 4);
    EXPECT_EQ(native.st_mtim.tv_sec, 1'000'000'000);
    EXPECT_EQ(native.st_mtim.tv_nsec, 123'456'789);
    EXPECT_GT(native.st_atim.tv_sec, 1'600'000'000);
}

TEST_P(DiodTest, extended_attributes) {
    put(scratch.path / "file", "");
    const std::string path = scratch.path / "file";
    if (::setxattr(path.c_str(), "user.native", "value", 5, 0) != 0)
        GTEST_SKIP() << "the file system of " << path << " has no extended attributes";
    auto node = run(client.walk("file")).value();
    const auto value = run(node.xattr("user.native"));
    if (!value && value.error().is_errno(EOPNOTSUPP)) GTEST_SKIP() << "this diod has no extended attributes";
    ASSERT_TRUE(value) << outcome(value);
    EXPECT_EQ(*value, "value");
    expect_ok(run(node.set_xattr("user.remote", std::string(3000, 'v'))));
    char buffer[4096];
    EXPECT_EQ(::getxattr(path.c_str(), "user.remote", buffer, sizeof buffer), 3000);
    const auto names = run(node.xattr_names()).value();
    EXPECT_NE(names.find(std::string("user.native\0", 12)), std::string::npos);
    EXPECT_TRUE(run(node.set_xattr("user.remote", "x", 1)).error().is_errno(EEXIST));
    EXPECT_TRUE(run(node.set_xattr("user.none", "x", 2)).error().is_errno(ENODATA));
    EXPECT_TRUE(run(node.xattr("user.remote", 100)).error().is_errno(ERANGE));
    expect_ok(run(node.remove_xattr("user.remote")));
    EXPECT_TRUE(run(node.xattr("user.remote")).error().is_errno(ENODATA));
}

TEST_P(DiodTest, locks) {
    put(scratch.path / "file", "0123456789");
    auto other = connect();
    ASSERT_TRUE(other) << outcome(other);
    auto mine = run(client.open("file", P9_O_RDWR)).value();
    auto theirs = run(other->open("file", P9_O_RDWR)).value();
    EXPECT_EQ(run(mine.lock(Lock{LockType::write, 0, 0, 1, "me"})).value(), LockStatus::ok);
    EXPECT_EQ(run(theirs.lock(Lock{LockType::write, 0, 0, 2, "them"})).value(), LockStatus::blocked);
    const auto held = run(theirs.conflicting_lock(Lock{LockType::write, 0, 0, 2, "them"}));
    expect_ok(held);
    EXPECT_TRUE(!held || held->type != LockType::unlock);
    EXPECT_EQ(run(mine.lock(Lock{LockType::unlock, 0, 0, 1, "me"})).value(), LockStatus::ok);
    EXPECT_EQ(run(theirs.lock(Lock{LockType::write, 0, 0, 2, "them"})).value(), LockStatus::ok);
}

TEST_P(DiodTest, figures_of_the_file_system) {
    const auto figures = run(client.statfs("/"));
    ASSERT_TRUE(figures) << outcome(figures);
    EXPECT_GT(figures->bsize, 0u);
    EXPECT_GT(figures->blocks, 0u);
    EXPECT_EQ(figures->namelen, 255u);
}

TEST_P(DiodTest, walks_40_levels_deep) {
    std::string path;
    for (int i = 0; i < 40; ++i) path += (i == 0 ? "d" : "/d") + std::to_string(i);
    fs::create_directories(scratch.path / path);
    put(scratch.path / path / "bottom", "deep");
    EXPECT_EQ(run(client.read_file(path + "/bottom")).value(), "deep");
}

TEST_P(DiodTest, lists_20000_entries) {
    fs::create_directory(scratch.path / "many");
    for (int i = 0; i < 20'000; ++i) put(scratch.path / "many" / ("entry " + std::to_string(i)), "");
    const auto batch = run(client.list("many"));
    ASSERT_TRUE(batch) << outcome(batch);
    std::set<std::string> names;
    for (const auto& entry : batch->entries) EXPECT_TRUE(names.insert(entry.name).second) << entry.name;
    EXPECT_EQ(names.size(), 20'000u);
    EXPECT_TRUE(batch->refused.empty());
}

TEST_P(DiodTest, moves_64_MiB_both_ways) {
    const std::string contents = pattern(64 << 20);
    expect_ok(run(client.write_file("big", contents)));
    EXPECT_TRUE(get(scratch.path / "big") == contents);
    const auto back = run(client.read_file("big"));
    ASSERT_TRUE(back) << outcome(back);
    EXPECT_TRUE(*back == contents);
}

TEST_P(DiodTest, two_trees_over_one_connection) {
    put(scratch.path / "file", "text");
    auto second = run(Client::attach(client.root().shared_session(), attach()));
    ASSERT_TRUE(second) << outcome(second);
    EXPECT_NE(second->root().fid(), client.root().fid());
    EXPECT_EQ(run(second->read_file("file")).value(), "text");
    *second = Client();
    EXPECT_EQ(run(client.read_file("file")).value(), "text");
}

TEST_P(DiodTest, nothing_is_left_over) {
    put(scratch.path / "file", std::string(3 << 20, 'x'));
    fs::create_directory(scratch.path / "d");
    for (int i = 0; i < 10; ++i) {
        EXPECT_TRUE(run(client.read_file("file")));
        EXPECT_TRUE(run(client.list("d")));
        EXPECT_FALSE(run(client.read_file("d/none")));
    }
    auto& session = client.session();
    EXPECT_TRUE(loop.run_until([&] { return session.requests_in_flight() == 0; }));
    EXPECT_EQ(session.fids_in_use(), 1u);
}

TEST_P(DiodTest, server_that_dies_is_noticed) {
    put(scratch.path / "file", "text");
    auto file = run(client.open("file", P9_O_RDONLY)).value();
    diod->kill();
    const auto result = run(file.read(0, 10));
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, make_error_code(errc::connection_lost)) << outcome(result);
}

TEST_P(DiodTest, aname_that_is_not_exported_is_refused) {
    auto options = attach();
    options.aname = "/not/exported";
    const auto refused = run(Client::attach(client.root().shared_session(), options));
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().to_errno(), 0);
    EXPECT_FALSE(client.session().ended());
}

INSTANTIATE_TEST_SUITE_P(Transports, DiodTest, ::testing::Values(Diod::Kind::unix_socket, Diod::Kind::tcp));

}  // namespace
}  // namespace p9::test
