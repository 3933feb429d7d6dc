// Nothing outside of the served directory is read, made or changed, whatever symlinks there are and however they move.
#include "tests/serve/backends.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <thread>

namespace p9::serve::test {
namespace {

namespace fs = std::filesystem;

/// A directory that is served, and beside it one that is not.
class OutsideTest : public ::testing::Test, protected Driver {
protected:
    void SetUp() override {
        fs::create_directory(inside());
        fs::create_directory(outside());
        put(outside() / "file", "outside");
        DirectoryOptions options;
        options.path = inside();
        tree = DirectoryTree::open(loop.executor(), options).value();
        root = attach(*tree);
    }
    fs::path inside() const { return scratch / "inside"; }
    fs::path outside() const { return scratch / "outside"; }
    /// How everything outside looks.
    std::string state_outside() const {
        std::string state;
        for (const auto& entry : fs::recursive_directory_iterator(outside())) {
            struct stat status{};
            EXPECT_EQ(::lstat(entry.path().c_str(), &status), 0);
            state += entry.path().filename().string() + " " + std::to_string(status.st_mode) + " " +
                     std::to_string(status.st_size) + " " + std::to_string(status.st_nlink) + " " +
                     std::to_string(status.st_mtim.tv_nsec) + " " + std::to_string(status.st_ctim.tv_nsec) + "\n";
        }
        return state;
    }

    Scratch scratch;
    std::unique_ptr<DirectoryTree> tree;
    FilePtr root;
};

TEST_F(OutsideTest, symlinks_lead_nowhere) {
    fs::create_directory(inside() / "d");
    fs::create_symlink(outside(), inside() / "absolute");
    fs::create_symlink("../outside", inside() / "relative");
    fs::create_symlink("d/../../outside", inside() / "through");
    fs::create_symlink("absolute", inside() / "chain");
    fs::create_symlink("/", inside() / "slash");
    fs::create_symlink("/proc/self/root", inside() / "magic");
    const std::string before = state_outside();
    for (const std::string name : {"absolute", "relative", "through", "chain", "slash", "magic"}) {
        const auto link = walk(root, name).value();
        EXPECT_EQ(attributes(link).type(), FileType::symlink) << name;
        EXPECT_EQ(number_of(walk(link, "file")), ENOTDIR) << name;
        EXPECT_EQ(number_of(run(link->open(P9_O_RDONLY))), ELOOP) << name;
        EXPECT_EQ(number_of(run(link->create("made", P9_O_RDWR, 0644, NONUNAME))), ENOTDIR) << name;
        EXPECT_EQ(number_of(run(link->mkdir("made", 0755, NONUNAME))), ENOTDIR) << name;
        EXPECT_EQ(number_of(run(link->symlink("made", "x", NONUNAME))), ENOTDIR) << name;
        EXPECT_EQ(number_of(run(link->mknod("made", P9_S_IFIFO | 0600, 0, 0, NONUNAME))), ENOTDIR) << name;
        EXPECT_EQ(number_of(run(link->unlink("file", false))), ENOTDIR) << name;
        EXPECT_EQ(number_of(run(link->rename("file", root, "stolen"))), ENOTDIR) << name;
        EXPECT_EQ(number_of(run(root->rename("d", link, "moved"))), ENOTDIR) << name;
        EXPECT_EQ(number_of(run(tree->attach(User{}, name + "/file"))), ENOTDIR) << name;
    }
    EXPECT_EQ(state_outside(), before);
}

TEST_F(OutsideTest, what_is_done_to_a_symlink_is_not_done_to_its_target) {
    fs::create_symlink(outside() / "file", inside() / "link");
    fs::create_symlink(outside() / "new", inside() / "dangling");
    const std::string before = state_outside();
    const auto link = walk(root, "link").value();
    for (const std::string name : {"link", "dangling"}) {
        EXPECT_EQ(number_of(run(root->create(name, P9_O_RDWR | P9_O_TRUNC, 0644, NONUNAME))), EEXIST);
        EXPECT_EQ(number_of(run(root->mkdir(name, 0755, NONUNAME))), EEXIST);
        EXPECT_EQ(number_of(run(root->mknod(name, P9_S_IFREG | 0644, 0, 0, NONUNAME))), EEXIST);
    }
    AttributeChange change;
    change.mtime = TimeChange{Time{5, 5}};
    EXPECT_EQ(number_of(run(link->change(change))), 0);
    change = {};
    change.gid = ::getegid();
    EXPECT_EQ(number_of(run(link->change(change))), 0);
    change = {};
    change.size = 0;
    EXPECT_EQ(number_of(run(link->change(change))), EINVAL);
    change = {};
    change.mode = 0777;
    EXPECT_EQ(number_of(run(link->change(change))), EOPNOTSUPP);
    EXPECT_NE(number_of(run(link->set_xattr("user.x", "x", 0))), 0);
    ASSERT_EQ(number_of(run(root->link("second", link))), 0);
    EXPECT_EQ(attributes(walk(root, "second").value()).type(), FileType::symlink);
    ASSERT_EQ(number_of(run(root->rename("link", root, "third"))), 0);
    ASSERT_EQ(number_of(run(root->unlink("third", false))), 0);
    EXPECT_EQ(state_outside(), before);
}

TEST_F(OutsideTest, a_walk_takes_one_name_only) {
    put(scratch / "beside", "outside");
    fs::create_directory(inside() / "d");
    for (const std::string name : {"..", "../beside", "d/../../beside", "/etc/passwd", "/"})
        EXPECT_NE(number_of(walk(root, name)), 0) << name;
}

/// Exchanges pairs of names in a directory as fast as it can, in a thread.
class Swapper {
public:
    Swapper(const fs::path& directory, std::vector<std::pair<std::string, std::string>> pairs)
        : directory_(::open(directory.c_str(), O_PATH | O_DIRECTORY)), pairs_(std::move(pairs)) {
        thread_ = std::thread([this] {
            while (!stop_) {
                for (const auto& [one, other] : pairs_) {
                    constexpr unsigned exchange = 2;  // RENAME_EXCHANGE
                    failed_ +=
                        ::syscall(SYS_renameat2, directory_, one.c_str(), directory_, other.c_str(), exchange) != 0;
                }
            }
        });
    }
    ~Swapper() {
        stop_ = true;
        thread_.join();
        ::close(directory_);
    }
    int failed() const { return failed_; }

private:
    int directory_;
    std::vector<std::pair<std::string, std::string>> pairs_;
    std::atomic<bool> stop_ = false;
    std::atomic<int> failed_ = 0;
    std::thread thread_;
};

// Taking O_NOFOLLOW and the RESOLVE_ flags out of open_beneath makes this fail at once, and so does opening by name.
TEST_F(OutsideTest, symlinks_that_take_the_place_of_files_lead_nowhere) {
    fs::create_directory(inside() / "d");
    put(inside() / "d/file", "inside");
    put(inside() / "plain", "inside");
    fs::create_symlink(outside(), inside() / "e");
    fs::create_symlink(outside() / "file", inside() / "link");
    const std::string before = state_outside();

    int links = 0;
    int files = 0;
    const auto use_directory = [&] {
        const auto found = walk(root, "d");
        if (!found) return;
        ++((*found)->is_directory() ? files : links);
        if (const auto file = walk(*found, "file")) {
            const auto open = run((*file)->open(P9_O_RDWR));
            if (open) {
                EXPECT_EQ(read(**open, 0, 100), "inside");
            }
        }
        run((*found)->create("made", P9_O_RDWR, 0644, NONUNAME));
        run((*found)->mkdir("directory", 0755, NONUNAME));
        run((*found)->symlink("symlink", "x", NONUNAME));
        run((*found)->mknod("fifo", P9_S_IFIFO | 0600, 0, 0, NONUNAME));
        run((*found)->link("linked", *found));
        run((*found)->rename("made", *found, "renamed"));
        for (const std::string name : {"renamed", "symlink", "fifo"}) run((*found)->unlink(name, false));
        run((*found)->unlink("directory", true));
    };
    const auto use_file = [&] {
        const auto found = walk(root, "plain");
        if (!found) return;
        ++(attributes(*found).type() == FileType::file ? files : links);
        const auto open = run((*found)->open(P9_O_RDWR));
        if (open) {
            EXPECT_EQ(read(**open, 0, 100), "inside");
        }
        AttributeChange change;
        change.size = 6;
        change.mtime = TimeChange{};
        run((*found)->change(change));
        change = {};
        change.mode = 0600;
        run((*found)->change(change));
        run((*found)->set_xattr("user.x", "x", 0));
        run(root->create("plain", P9_O_RDWR | P9_O_TRUNC, 0644, NONUNAME));
    };
    {
        const Swapper swapper(inside(), {{"d", "e"}, {"plain", "link"}});
        // As often as it takes to have seen both, and often enough to meet the moments in between.
        for (int i = 0; i < 3000 || ((links < 100 || files < 100) && i < 1'000'000); ++i) {
            use_directory();
            use_file();
            ASSERT_FALSE(HasFailure());
        }
        EXPECT_EQ(swapper.failed(), 0);
    }
    EXPECT_GE(links, 100);
    EXPECT_GE(files, 100);
    EXPECT_EQ(state_outside(), before);
    EXPECT_EQ(get(outside() / "file"), "outside");
}

TEST_F(OutsideTest, a_file_stays_the_one_that_was_walked_to) {
    put(inside() / "file", "first");
    const auto file = walk(root, "file").value();
    fs::rename(inside() / "file", inside() / "moved");
    put(inside() / "file", "second");
    EXPECT_EQ(contents(file), "first");
    AttributeChange change;
    change.size = 2;
    change.mode = 0600;
    ASSERT_EQ(number_of(run(file->change(change))), 0);
    EXPECT_EQ(get(inside() / "moved"), "fi");
    EXPECT_EQ(get(inside() / "file"), "second");
    fs::create_directory(inside() / "d");
    const auto directory = walk(root, "d").value();
    fs::rename(inside() / "d", inside() / "e");
    fs::create_symlink(outside(), inside() / "d");
    make(directory, "made");
    EXPECT_TRUE(fs::exists(inside() / "e/made"));
}

}  // namespace
}  // namespace p9::serve::test
