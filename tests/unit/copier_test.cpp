// p9cp's copier and a server that means harm, or falls short.
#include "tools/p9cp/copier.hpp"
#include "tests/support/session_fixture.hpp"

#include <gtest/gtest.h>

#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>

namespace p9::test {
namespace {

namespace fs = std::filesystem;
using tools::Copier;
using tools::CopyJob;
using tools::CopyOptions;

class CopierOf : public FakeClient {
protected:
    CopierOf() {
        char name[] = "/tmp/p9-copier-XXXXXX";
        if (::mkdtemp(name) == nullptr) throw std::runtime_error("mkdtemp");
        folder_ = name;
    }
    ~CopierOf() override {
        std::error_code ignored;
        fs::remove_all(folder_, ignored);
    }
    /// Copies the tree at `path` of the server into folder_; the exit status.
    int copy_here(const std::string& path, CopyOptions options) {
        tools::Messages messages("test");
        tools::Progress progress(false);
        Copier copier(loop.executor(), options, {true, false}, messages, progress);
        CopyJob job;
        job.open = [this, path] { return tools::open_remote(client, path, Follow::no, true); };
        auto into = tools::local_folder(folder_);
        EXPECT_TRUE(into);
        job.into = *into;
        job.name = "copy";
        job.shown = ":" + path;
        copier.add(std::move(job));
        loop.run(copier.run());
        return messages.status();
    }
    std::string text(const std::string& name) const {
        std::ifstream file(folder_ / "copy" / name, std::ios::binary);
        return {std::istreambuf_iterator<char>(file), {}};
    }
    std::size_t files() const {
        const fs::recursive_directory_iterator all(folder_);
        return static_cast<std::size_t>(std::distance(begin(all), end(all)));
    }
    fs::path folder_;
};

TEST_F(CopierOf, NamesThatLeadElsewhereAreRefusedAndTheRestIsCopied) {
    connect();
    const auto directory = tree().add_directory("tree");
    tree().add_file("tree/good", "harmless");
    const auto evil = tree().add_file("evil", "root::0");
    for (const char* name : {"..", "../escaped", "/tmp/absolute", "a/b", ".", ""}) tree().enter(directory, name, evil);
    tree().enter(directory, std::string("nul\0inside", 10), evil);
    tree().enter(directory, "escape\x1b[2J", evil);
    CopyOptions options;
    options.recursive = true;
    EXPECT_EQ(copy_here("/tree", options), tools::EXIT_REFUSED);
    EXPECT_EQ(text("good"), "harmless");
    EXPECT_EQ(files(), 2u);
    EXPECT_FALSE(fs::exists(folder_ / "escaped"));
    EXPECT_FALSE(fs::exists("/tmp/absolute"));
    expect_clean();
}

TEST_F(CopierOf, ATreeWithoutAnEndEnds) {
    connect();
    const auto directory = tree().add_directory("loop");
    tree().enter(directory, "again", directory);
    CopyOptions options;
    options.recursive = true;
    EXPECT_EQ(copy_here("/loop", options), tools::EXIT_REFUSED);
    EXPECT_EQ(files(), 1000u);
    expect_clean();
}

TEST_F(CopierOf, ManyDirectoriesOfOneFile) {
    connect();
    tree().add_directory("many");
    for (int i = 0; i < 400; ++i) {
        tree().add_directory("many/d" + std::to_string(i));
        tree().add_file("many/d" + std::to_string(i) + "/file", std::to_string(i));
    }
    CopyOptions options;
    options.recursive = true;
    EXPECT_EQ(copy_here("/many", options), tools::EXIT_DONE);
    EXPECT_EQ(text("d321/file"), "321");
    EXPECT_EQ(files(), 801u);
    expect_clean();
}

TEST_F(CopierOf, MoreDirectoriesThanMayBeOpenAtOnce) {
    connect();
    tree().add_directory("many");
    for (int i = 0; i < 6000; ++i) tree().add_directory("many/d" + std::to_string(i));
    CopyOptions options;
    options.recursive = true;
    rlimit before{};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
    const rlimit few{400, before.rlim_max};
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
    EXPECT_EQ(copy_here("/many", options), tools::EXIT_DONE);
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
    EXPECT_EQ(files(), 6001u);
    expect_clean();
}

TEST_F(CopierOf, ComplaintsNameTheWholePath) {
    connect();
    tree().add_directory("tree");
    tree().add_directory("tree/a");
    const auto deep = tree().add_directory("tree/a/b");
    tree().enter(deep, "x/y", tree().add_file("evil", ""));
    CopyOptions options;
    options.recursive = true;
    ::testing::internal::CaptureStderr();
    EXPECT_EQ(copy_here("/tree", options), tools::EXIT_REFUSED);
    EXPECT_EQ(::testing::internal::GetCapturedStderr(),
              "test: :/tree/a/b/x/y: a name that no file may have here, left out\n");
}

TEST_F(CopierOf, ALinkToWhatNoFileMayBeCalledIsRefused) {
    Knobs knobs;
    knobs.lies.insert(Lie::link_nul);
    connect(knobs);
    tree().add_directory("tree");
    tree().add_symlink("tree/link", "target");
    tree().add_file("tree/good", "harmless");
    CopyOptions options;
    options.recursive = true;
    EXPECT_EQ(copy_here("/tree", options), tools::EXIT_REFUSED);
    EXPECT_EQ(text("good"), "harmless");
    EXPECT_EQ(files(), 2u);
}

TEST_F(CopierOf, ASyntheticFileIsReadToItsEnd) {
    connect();
    tree().add_directory("dev");
    tree().add_file("dev/status", "all is well\n", Behaviour::synthetic);
    CopyOptions options;
    options.recursive = true;
    EXPECT_EQ(copy_here("/dev", options), tools::EXIT_DONE);
    EXPECT_EQ(text("status"), "all is well\n");
}

TEST_F(CopierOf, WriteStreamKeepsTheOrder) {
    connect();
    const auto node = tree().add_file("file", "");
    auto file = run(client.open("/file", P9_O_WRONLY));
    ASSERT_TRUE(file);
    std::string expected;
    WriteStream stream(*file);
    for (int i = 0; i < 40; ++i) {
        Payload data;
        data.owner = Buffer(100'000);
        std::fill_n(data.owner.data(), data.owner.size(), static_cast<u8>('a' + i % 26));
        data.bytes = data.owner;
        expected.append(100'000, static_cast<char>('a' + i % 26));
        ASSERT_TRUE(run(stream.write(std::move(data))));
    }
    ASSERT_TRUE(run(stream.finish()));
    EXPECT_TRUE(node->data == expected);
}

}  // namespace
}  // namespace p9::test
