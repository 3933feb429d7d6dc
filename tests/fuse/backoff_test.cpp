#include "fuse/backoff.hpp"

#include <gtest/gtest.h>

namespace p9::fuse {
namespace {

using std::chrono::milliseconds;

TEST(BackoffTest, PausesDoubleUpToTheLongest) {
    Backoff backoff(milliseconds(100), milliseconds(500));
    EXPECT_EQ(backoff.next(), milliseconds(100));
    EXPECT_EQ(backoff.next(), milliseconds(200));
    EXPECT_EQ(backoff.next(), milliseconds(400));
    for (int i = 0; i < 100; ++i) EXPECT_EQ(backoff.next(), milliseconds(500));
}

TEST(BackoffTest, TheFirstPauseMayBeTheLongest) {
    Backoff backoff(milliseconds(100), milliseconds(100));
    EXPECT_EQ(backoff.next(), milliseconds(100));
    EXPECT_EQ(backoff.next(), milliseconds(100));
}

}  // namespace
}  // namespace p9::fuse
