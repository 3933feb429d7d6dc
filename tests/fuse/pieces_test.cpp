// Reads of servers that answer with a few bytes a message.
#include "fuse/operations.hpp"

#include "tests/fuse/kernelless.hpp"

namespace p9::test {
namespace {

class Pieces : public KernellessTest, public testing::WithParamInterface<u32> {
protected:
    /// What read_file brings of the file "f".
    Result<fuse::ReadData> read(u64 offset, std::size_t size) {
        auto looking = fuse::look_up_or_not(fs_.get(), 1, "f");
        auto looked = loop_.run(std::move(looking));
        if (!looked) return std::move(looked).error();
        auto opening = fuse::open_file(fs_.get(), looked->entry->reference.inode()->number, O_RDONLY, true);
        auto opened = loop_.run(std::move(opening));
        if (!opened) return std::move(opened).error();
        const u64 handle = fs_->files.add(opened->file);
        auto reading = fuse::read_file(fs_.get(), handle, offset, size, nullptr);
        auto data = loop_.run(std::move(reading));
        fs_->files.remove(handle);
        return data;
    }
    static std::string joined(const fuse::ReadData& data) {
        std::string all;
        for (const Payload& piece : data.pieces) all.append(piece.bytes.begin(), piece.bytes.end());
        return all;
    }
};

// A request for a megabyte was a million pieces, and took a hundred times its memory.
TEST_P(Pieces, AreNoMoreThanTheirBytesAreWorth) {
    std::string text;
    for (int i = 0; text.size() < 64'000; ++i) text += std::to_string(i) + " ";
    tree_.add_file("f", text);
    Knobs knobs;
    knobs.iounit = knobs.read_max = GetParam();
    ASSERT_NO_FATAL_FAILURE(serve(knobs));
    for (const u64 offset : {0, 1, 1000}) {
        const auto data = read(offset, 60'001);
        ASSERT_TRUE(data) << data.error().message();
        EXPECT_TRUE(joined(*data) == text.substr(offset, 60'001)) << offset;
        EXPECT_LE(data->pieces.size(), 130u);
    }
    const auto end = read(60'000, 60'000);
    ASSERT_TRUE(end) << end.error().message();
    EXPECT_TRUE(joined(*end) == text.substr(60'000));
}

INSTANTIATE_TEST_SUITE_P(Bytes, Pieces, testing::Values(7, 100, 511, 512, 8000, 0));

}  // namespace
}  // namespace p9::test
