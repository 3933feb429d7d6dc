// Reads that one Tread answers, and those that only seem to be such.
#include "fuse/quick_read.hpp"

#include "tests/fuse/faked.hpp"
#include "tests/fuse/status.hpp"

#include <fcntl.h>

#include <fstream>

namespace p9::test {
namespace {

class QuickReads : public FakedMountTest {
protected:
    static std::string all_of(const std::string& path) {
        std::ifstream file(path, std::ios::binary);
        return {std::istreambuf_iterator<char>(file), {}};
    }
    nlohmann::json status() { return status_of(scratch_, *mounted_); }
    /// What one pread(2) past the page cache brings.
    static std::string piece_of(const std::string& path, std::size_t size, off_t offset) {
        std::string piece(size, '\0');
        const int file = ::open(path.c_str(), O_RDONLY | O_DIRECT | O_CLOEXEC);
        const ssize_t n = ::pread(file, piece.data(), size, offset);
        ::close(file);
        piece.resize(n < 0 ? 0 : static_cast<std::size_t>(n));
        return piece;
    }
};

TEST_F(QuickReads, of_a_server_that_answers_in_small_pieces_are_whole) {
    ASSERT_NO_FATAL_FAILURE(mount({}));
    const std::string whole = all_of(here("big"));
    ASSERT_GE(whole.size(), 10u << 20);
    ASSERT_NO_FATAL_FAILURE(mount({"read-max=5000"}));
    EXPECT_TRUE(all_of(here("big")) == whole);
    for (const off_t offset : {0, 4096, 1 << 20, (10 << 20) - 8192})
        EXPECT_TRUE(piece_of(here("big"), 65536, offset) == whole.substr(static_cast<std::size_t>(offset), 65536))
            << offset;
    expect_alive();
}

TEST_F(QuickReads, are_nearly_all) {
    ASSERT_NO_FATAL_FAILURE(mount({}));
    for (off_t at = 0; at < 10; ++at) EXPECT_EQ(piece_of(here("big"), 4096, at * 4096).size(), 4096u);
    auto counted = status();
    EXPECT_GE(counted["quick_read_hits"], 10);
    EXPECT_EQ(counted["quick_read_misses"], 0);
    // More than one message brings, and what an event file has to say.
    EXPECT_EQ(all_of(here("status")), "all is well\n");
    EXPECT_GE(status()["quick_read_misses"], 1);
    EXPECT_EQ(status()["quick_read_hits"], counted["quick_read_hits"]);
    expect_alive();
}

TEST_F(QuickReads, are_not_tried_again_where_the_server_answers_in_pieces) {
    ASSERT_NO_FATAL_FAILURE(mount({"read-max=1000"}));
    const int file = ::open(here("big").c_str(), O_RDONLY | O_DIRECT | O_CLOEXEC);
    ASSERT_GE(file, 0);
    std::string piece(4096, '\0');
    for (off_t at = 0; at < 10; ++at) EXPECT_EQ(::pread(file, piece.data(), piece.size(), at * 4096), 4096);
    ::close(file);
    EXPECT_EQ(status()["quick_read_hits"], 0);
    EXPECT_EQ(status()["quick_read_misses"], 10);
    expect_alive();
}

TEST_F(QuickReads, end_with_the_file) {
    ASSERT_NO_FATAL_FAILURE(mount({}));
    EXPECT_EQ(piece_of(here("file"), 4096, 0), "text\n");
    EXPECT_EQ(piece_of(here("file"), 4096, 4096), "");
    const auto size = static_cast<off_t>(std::filesystem::file_size(here("big")));
    const off_t last = size / 4096 * 4096;
    EXPECT_EQ(piece_of(here("big"), 65536, last - 4096).size(), static_cast<std::size_t>(size - last + 4096));
    EXPECT_EQ(piece_of(here("big"), 65536, last + 4096), "");
    expect_alive();
}

}  // namespace
}  // namespace p9::test
