#include "p9/trace.hpp"

#include <gtest/gtest.h>

TEST(Trace, EscapesNewline) { EXPECT_EQ(p9::escaped("a\nb"), "a\\nb"); }
