// Replies that a client does not read.
#include "tests/serve/backends.hpp"
#include "tests/serve/served.hpp"

#include <malloc.h>

namespace p9::test {
namespace {

/// A served directory with one file of 5000 bytes.
class SmallFile final : public serve::Filesystem {
public:
    explicit SmallFile(const boost::asio::any_io_executor& executor) {
        std::ofstream(scratch_.path() / "file") << std::string(5000, 'x');
        serve::DirectoryOptions options;
        options.path = scratch_.path();
        tree_ = serve::DirectoryTree::open(executor, options).value();
    }
    awaitable<Result<serve::FilePtr>> attach(const serve::User& user, std::string aname) override {
        return tree_->attach(user, std::move(aname));
    }

private:
    serve::test::Scratch scratch_;
    std::unique_ptr<serve::DirectoryTree> tree_;
};

std::size_t allocated() {
    const struct mallinfo2 all = mallinfo2();
    return all.uordblks + all.hblkhd;
}

// Each read asked for a megabyte, and its answer of 5000 bytes kept that megabyte for as long as it was queued.
TEST(EngineReplies, WhatIsQueuedTakesNoMoreThanItIsLong) {
    Served<SmallFile> served;
    Peer peer = served.raw();
    ASSERT_TRUE(peer.rpc(number(NOTAG), Tversion{1 << 20, "9P2000.L"}).starts_with("Rversion"));
    ASSERT_TRUE(peer.rpc(1, Tattach{Fid{0}, NOFID, "glenda", "", 1000}).starts_with("Rattach"));
    Names file;
    file.emplace_back("file");
    ASSERT_TRUE(peer.rpc(1, Twalk{Fid{0}, Fid{1}, file}).starts_with("Rwalk"));
    ASSERT_TRUE(peer.rpc(1, Tlopen{Fid{1}, P9_O_RDONLY}).starts_with("Rlopen"));
    const std::size_t before = allocated();
    if (before == 0) GTEST_SKIP() << "this allocator does not tell how much is allocated";
    ByteVector requests;
    for (u16 i = 0; i < 1000; ++i) ASSERT_TRUE(encode(requests, Tag{i}, Tread{Fid{1}, 0, 1 << 20}, Dialect::linux_));
    peer.send_bytes(requests);
    served.loop.settle();
    EXPECT_LT(allocated() - before, std::size_t{64} << 20);
    for (u16 i = 0; i < 1000; ++i) ASSERT_TRUE(peer.next().starts_with("Rread"));
}

}  // namespace
}  // namespace p9::test
