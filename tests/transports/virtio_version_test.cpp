// The Tversion with which every conversation on a port begins: what is taken for one.
#include "tests/transports/virtio_support.hpp"

namespace {

using namespace p9;
using namespace p9::test;
using namespace p9::transports;

TEST(VirtioVersion, IsRecognised) {
    const auto whole = tversion();
    EXPECT_EQ(beginning_of(whole), Beginning::version);
    EXPECT_EQ(beginning_of(whole + message(20)), Beginning::version);
    EXPECT_EQ(beginning_of(tversion(8192, "9P")), Beginning::version);
    for (std::size_t size = 0; size < whole.size(); ++size)
        EXPECT_EQ(beginning_of(Bytes(whole).first(size)), Beginning::perhaps) << size;
    for (const std::size_t at : {0, 1, 3, 4, 5, 6, 11, 12, 13, 14}) {
        auto other = whole;
        other[at] = static_cast<u8>(other[at] + 1);
        EXPECT_EQ(beginning_of(other), Beginning::other) << at;
    }
    EXPECT_EQ(beginning_of(tversion(8192, "unknown")), Beginning::other);
    EXPECT_EQ(beginning_of(tversion(8192, "9P" + std::string(31, 'x'))), Beginning::other);
}

}  // namespace
