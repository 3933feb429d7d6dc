// Unix sockets by path and by abstract name, and what becomes of their files.
#include "tests/transports/support.hpp"

#include <boost/asio/io_context.hpp>

#include <cstdlib>

namespace {

using namespace p9;
using namespace p9::test;
namespace asio = boost::asio;
namespace fs = std::filesystem;

class Unix : public testing::Test {
protected:
    void SetUp() override {
        std::string pattern = (fs::temp_directory_path() / "p9-unix-XXXXXX").string();
        ASSERT_NE(mkdtemp(pattern.data()), nullptr);
        folder_ = pattern;
        path_ = folder_ / "s";
    }
    void TearDown() override { fs::remove_all(folder_); }

    asio::io_context io_{1};
    fs::path folder_;
    fs::path path_;
};

awaitable<std::string> meet(Listener& listener, Address address) {
    auto dialled = co_await dial(address);
    if (!dialled) co_return dialled.error().message();
    auto accepted = co_await listener.accept();
    if (!accepted) co_return accepted.error().message();
    if ((*dialled)->peer() != to_string(address)) co_return "the peer is called " + (*dialled)->peer();
    std::string trouble = co_await carries(**dialled, **accepted, message(300000));
    if (trouble.empty()) trouble = co_await carries(**accepted, **dialled, message(19, 1));
    co_return trouble;
}

TEST_F(Unix, CarriesMessagesAndRemovesItsFile) {
    auto listening = run(io_, listen(UnixAddress{path_}));
    ASSERT_TRUE(listening.has_value()) << listening.error().message();
    EXPECT_TRUE(fs::is_socket(path_));
    EXPECT_EQ(run(io_, meet(**listening, UnixAddress{path_})), "");
    (*listening)->close();
    EXPECT_FALSE(fs::exists(path_));
}

TEST_F(Unix, CarriesMessagesInTheAbstractNamespace) {
    const UnixAddress name{"p9-test-" + std::to_string(getpid()), true};
    auto listening = run(io_, listen(name));
    ASSERT_TRUE(listening.has_value()) << listening.error().message();
    EXPECT_EQ(run(io_, meet(**listening, name)), "");
    const auto second = run(io_, listen(name));
    ASSERT_FALSE(second.has_value());
    EXPECT_EQ(second.error().message(), to_string(Address(name)) + ": cannot listen: Address already in use");
}

// Whoever still held the session of a lost connection kept its pipe, too.
TEST_F(Unix, WhatItLendsThroughIsGoneWhenItIsClosed) {
    auto listening = run(io_, listen(UnixAddress{path_}));
    ASSERT_TRUE(listening.has_value()) << listening.error().message();
    auto dialled = run(io_, dial(UnixAddress{path_}));
    ASSERT_TRUE(dialled.has_value()) << dialled.error().message();
    const RawPair probe;
    if (!make_room(probe.raw())) GTEST_SKIP() << "a large socket buffer is for root";
    const auto head = message(7);
    const std::vector<u8> data(100'000, 1);
    const std::size_t before = open_descriptors();
    EXPECT_EQ((*dialled)->offer(head, data, false), head.size() + data.size());
    EXPECT_EQ(open_descriptors(), before);
    EXPECT_EQ((*dialled)->offer(head, data, true), head.size() + data.size());
    EXPECT_EQ(open_descriptors(), before + 2) << "it lends nothing";
    (*dialled)->close();
    EXPECT_EQ(open_descriptors(), before - 1);
}

TEST_F(Unix, TakesTheLongestPath) {
    const std::string longest = (folder_ / std::string(106 - folder_.string().size(), 'p')).string();
    ASSERT_EQ(longest.size(), 107u);
    auto listening = run(io_, listen(UnixAddress{longest}));
    ASSERT_TRUE(listening.has_value()) << listening.error().message();
    EXPECT_TRUE(fs::is_socket(longest));
    EXPECT_EQ(run(io_, meet(**listening, UnixAddress{longest})), "");
}

TEST_F(Unix, ReplacesAFileThatNobodyListensOn) {
    {
        // As a killed server leaves it: bound, listened on, never unlinked.
        auto first = run(io_, listen(UnixAddress{path_}));
        ASSERT_TRUE(first.has_value());
        fs::rename(path_, folder_ / "kept");
        (*first)->close();
        fs::rename(folder_ / "kept", path_);
    }
    const auto refused = run(io_, dial(UnixAddress{path_}));
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().message(), "unix!" + path_.string() + ": Connection refused");
    auto second = run(io_, listen(UnixAddress{path_}));
    ASSERT_TRUE(second.has_value()) << second.error().message();
    EXPECT_EQ(run(io_, meet(**second, UnixAddress{path_})), "");
}

TEST_F(Unix, LeavesAFileThatSomebodyListensOn) {
    auto first = run(io_, listen(UnixAddress{path_}));
    ASSERT_TRUE(first.has_value());
    const auto second = run(io_, listen(UnixAddress{path_}));
    ASSERT_FALSE(second.has_value());
    EXPECT_EQ(second.error().message(), "unix!" + path_.string() + ": cannot listen: Address already in use");
    EXPECT_TRUE(fs::is_socket(path_));
}

TEST_F(Unix, LeavesOtherFilesAlone) {
    fclose(fopen(path_.c_str(), "w"));
    const auto listening = run(io_, listen(UnixAddress{path_}));
    ASSERT_FALSE(listening.has_value());
    EXPECT_EQ(listening.error().message(), "unix!" + path_.string() +
                                               ": cannot listen: there is a file of that name, which is no socket; "
                                               "choose another path or remove it");
    EXPECT_TRUE(fs::is_regular_file(path_));
}

TEST_F(Unix, SaysThatThereIsNoSuchSocket) {
    const auto dialled = run(io_, dial(UnixAddress{path_}));
    ASSERT_FALSE(dialled.has_value());
    EXPECT_EQ(dialled.error().code, make_error_code(errc::connection_failed));
    EXPECT_EQ(dialled.error().message(), "unix!" + path_.string() + ": No such file or directory");
}

TEST_F(Unix, LeavesNoDescriptors) {
    run(io_, dial(UnixAddress{path_}));
    const auto before = open_descriptors();
    {
        auto listening = run(io_, listen(UnixAddress{path_}));
        ASSERT_TRUE(listening.has_value());
        EXPECT_EQ(run(io_, meet(**listening, UnixAddress{path_})), "");
    }
    EXPECT_EQ(open_descriptors(), before);
}

}  // namespace
