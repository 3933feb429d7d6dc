// The descriptors that a served directory takes, and what happens when there are none.
#include "tests/serve/host.hpp"

#include <sys/resource.h>

namespace p9::serve::test {
namespace {

namespace fs = std::filesystem;

TEST_F(HostTest, no_descriptors_left_is_said_in_words) {
#ifdef __SANITIZE_ADDRESS__
    GTEST_SKIP() << "the undefined behaviour sanitizer tells pointers with a pipe of its own";
#endif
    const auto tree = serve(scratch.path());
    const auto root = attach(*tree);
    make(root, "file");
    rlimit before{};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
    const int next = ::dup(0);
    ::close(next);
    rlimit few = before;
    few.rlim_cur = static_cast<rlim_t>(next) + 5;
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
    std::vector<FilePtr> held;
    std::optional<Error> error;
    for (int i = 0; i < 20 && !error; ++i) {
        auto found = walk(root, "file");
        if (found)
            held.push_back(*found);
        else
            error = found.error();
    }
    const int create = number_of(run(root->create("new", P9_O_RDWR, 0644, NONUNAME)));
    const int mkdir = number_of(run(root->mkdir("directory", 0755, NONUNAME)));
    held.pop_back();
    const int half = number_of(run(root->create("half", P9_O_RDWR, 0644, NONUNAME)));
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
    ASSERT_TRUE(error);
    EXPECT_TRUE(error->is_errno(EMFILE));
    EXPECT_NE(error->message().find("ulimit -n"), std::string::npos) << error->message();
    EXPECT_EQ(create, EMFILE);
    EXPECT_EQ(mkdir, EMFILE);
    EXPECT_EQ(half, EMFILE) << "one for the open file, none for the fid";
    EXPECT_EQ(name_set(root), std::set<std::string>{"file"}) << "nothing half made is left";
}

std::size_t open_descriptors() {
    const fs::directory_iterator all("/proc/self/fd");
    return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

TEST_F(HostTest, a_directory_has_one_descriptor_however_many_fids_lead_through_it) {
    fs::create_directories(scratch / "a/b");
    const auto tree = serve(scratch.path());
    const auto root = attach(*tree);
    const auto above = walk(root, "a").value();
    const auto first = walk(above, "b").value();
    const std::size_t before = open_descriptors();
    std::vector<FilePtr> held;
    for (int i = 0; i < 20; ++i) {
        held.push_back(attach(*tree));
        held.push_back(walk(held.back(), "a").value());
        held.push_back(walk(held.back(), "b").value());
        EXPECT_EQ(held.back(), first);
    }
    EXPECT_EQ(open_descriptors(), before);
    const auto theirs = attach(*tree, "", ::geteuid() + 1);
    EXPECT_NE(theirs, root) << "another user has objects of his own: what he makes belongs to him";

    // Another directory in its place is another directory, also when its predecessor is still held.
    fs::remove(scratch / "a/b");
    fs::create_directory(scratch / "a/b");
    const auto second = walk(above, "b").value();
    EXPECT_NE(second, first);
    put(scratch / "a/b/file", "");
    EXPECT_EQ(number_of(walk(first, "file")), ENOENT);
    EXPECT_EQ(number_of(walk(second, "file")), 0);
    // What is made by a client is shared as well, and the version is as new as the last look.
    const auto made = mkdir(root, "made");
    const u32 version = made->qid().version;
    make(made, "file");
    EXPECT_EQ(walk(root, "made").value(), made);
    EXPECT_NE(made->qid().version, version);
}

}  // namespace
}  // namespace p9::serve::test
