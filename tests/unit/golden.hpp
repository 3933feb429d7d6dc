// Messages against byte tables that were written by hand from the specification, never by the encoder.
//
// Each golden_*_test.cpp specialises `golden` for the messages of its group. golden_test.cpp calls it for every
// message of the list: a message without a table does not link, one whose table leaves out a dialect fails.
#pragma once

#include "p9/wire.hpp"

#include <gtest/gtest.h>

#include <initializer_list>
#include <string>
#include <vector>

namespace p9::test {

using Spoken = std::initializer_list<Dialect>;
inline constexpr Spoken everywhere{Dialect::base, Dialect::unix_, Dialect::linux_};
inline constexpr Spoken before_linux{Dialect::base, Dialect::unix_};
inline constexpr Spoken only_base{Dialect::base};
inline constexpr Spoken only_unix{Dialect::unix_};
inline constexpr Spoken unix_and_linux{Dialect::unix_, Dialect::linux_};
inline constexpr Spoken only_linux{Dialect::linux_};

/// Type 0x80, then the bytes 1 to 12 in the order of the wire.
inline constexpr Qid some_qid{0x80, 0x04030201, 0x0c0b0a0908070605};

/// Compares one message with its bytes, both ways.
template <class M>
class Golden {
public:
    /// `message` is `bytes`, from size[4] on, in each of the dialects. The tag is taken from the bytes.
    void operator()(Spoken dialects, const M& message, std::initializer_list<int> bytes) {
        ByteVector expected;
        for (const int byte : bytes) expected.push_back(static_cast<u8>(byte));
        ASSERT_GE(expected.size(), HEADER_SIZE);
        for (const Dialect dialect : dialects) {
            covered_.push_back(dialect);
            SCOPED_TRACE(std::string(M::message) + " in " + std::string(version_string(dialect)));
            ByteVector encoded;
            ASSERT_TRUE(encode(encoded, Tag(expected[5] | expected[6] << 8), message, dialect));
            EXPECT_EQ(encoded, expected);
            const Buffer exact = Buffer::copy_of(expected);
            EXPECT_EQ(header_of(exact).size, exact.size());
            EXPECT_EQ(header_of(exact).type, M::type);
            const auto decoded = decode<M>(body_of(exact), dialect);
            ASSERT_TRUE(decoded.has_value());
            EXPECT_EQ(*decoded, message);
        }
    }

    bool covers(Dialect dialect) const { return std::ranges::find(covered_, dialect) != covered_.end(); }

private:
    std::vector<Dialect> covered_;
};

/// Shows all tables of M to `is`.
template <class M>
void golden(Golden<M>& is);

}  // namespace p9::test
