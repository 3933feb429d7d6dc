// What holds for every message in every dialect that has it. The bytes themselves are checked in golden_*_test.cpp.
#include "p9/wire.hpp"

#include "unit/messages_filled.hpp"

#include <gtest/gtest.h>

#include <type_traits>

namespace p9::test {
namespace {

template <class... Ms>
::testing::Types<Ms...> types_of(List<Ms...>);
using AllMessages = decltype(types_of(Messages{}));

struct MessageNames {
    template <class M>
    static std::string GetName(int) {
        return std::string(M::message);
    }
};

template <class M>
class EveryMessage : public ::testing::Test {
protected:
    /// Calls `check(dialect, message)` for every dialect of M and every filling.
    static void each(auto&& check) {
        for (const Dialect dialect : all_dialects) {
            if (!speaks(M::dialects, dialect)) continue;
            for (const Filling filling : all_fillings) {
                SCOPED_TRACE(where(dialect, filling));
                check(dialect, filled<M>(dialect, filling));
            }
        }
    }
    static ByteVector encoded(const M& message, Dialect dialect) {
        ByteVector out;
        EXPECT_TRUE(encode(out, Tag{0x1234}, message, dialect));
        return out;
    }
    /// Decodes from memory that ends where `body` ends, so that a sanitizer sees a read beyond it.
    static bool decodes(Bytes body, Dialect dialect) {
        const Buffer exact = Buffer::copy_of(body);
        return decode<M>(exact, dialect).has_value();
    }
};
TYPED_TEST_SUITE(EveryMessage, AllMessages, MessageNames);

TYPED_TEST(EveryMessage, ComesBackAsItWas) {
    this->each([](Dialect dialect, const TypeParam& message) {
        const ByteVector bytes = TestFixture::encoded(message, dialect);
        const Buffer body = Buffer::copy_of(body_of(bytes));
        const auto back = decode<TypeParam>(body, dialect);
        ASSERT_TRUE(back.has_value());
        EXPECT_EQ(*back, message);
        EXPECT_EQ(TestFixture::encoded(*back, dialect), bytes);
    });
}

TYPED_TEST(EveryMessage, FillingReachesTheBytes) {
    // Otherwise the round trip would compare defaults with defaults.
    this->each([](Dialect dialect, const TypeParam& message) {
        const ByteVector bytes = TestFixture::encoded(message, dialect);
        const ByteVector sparse = TestFixture::encoded(filled<TypeParam>(dialect, Filling::sparse), dialect);
        const bool is_sparse = message == filled<TypeParam>(dialect, Filling::sparse);
        EXPECT_EQ(bytes == sparse, is_sparse);
    });
}

TYPED_TEST(EveryMessage, IsAsLongAsMeasured) {
    this->each([](Dialect dialect, const TypeParam& message) {
        const std::size_t size = encoded_size(message, dialect);
        EXPECT_EQ(TestFixture::encoded(message, dialect).size(), size);
        Buffer exact(size - HEADER_SIZE);
        wire::Writer writer{dialect, exact.data()};
        TypeParam::fields(message, writer);
        EXPECT_TRUE(writer.ok);
        EXPECT_EQ(writer.at, exact.data() + exact.size());
    });
}

TYPED_TEST(EveryMessage, HasItsHeader) {
    this->each([](Dialect dialect, const TypeParam& message) {
        const ByteVector bytes = TestFixture::encoded(message, dialect);
        ASSERT_GE(bytes.size(), HEADER_SIZE);
        const Header header = header_of(bytes);
        EXPECT_EQ(header.size, bytes.size());
        EXPECT_EQ(header.type, TypeParam::type);
        EXPECT_EQ(header.tag, Tag{0x1234});
        // The same again by hand: little-endian.
        EXPECT_EQ(bytes[0] | bytes[1] << 8 | bytes[2] << 16, static_cast<int>(bytes.size()));
        EXPECT_EQ(bytes[4], TypeParam::type);
        EXPECT_EQ(bytes[5], 0x34);
        EXPECT_EQ(bytes[6], 0x12);
    });
}

TYPED_TEST(EveryMessage, IsAppended) {
    this->each([](Dialect dialect, const TypeParam& message) {
        ByteVector out{1, 2, 3};
        ASSERT_TRUE(encode(out, Tag{0x1234}, message, dialect));
        const ByteVector alone = TestFixture::encoded(message, dialect);
        ASSERT_EQ(out.size(), 3 + alone.size());
        EXPECT_EQ(ByteVector(out.begin(), out.begin() + 3), (ByteVector{1, 2, 3}));
        EXPECT_EQ(ByteVector(out.begin() + 3, out.end()), alone);
    });
}

TYPED_TEST(EveryMessage, CutShortIsRefused) {
    this->each([](Dialect dialect, const TypeParam& message) {
        const ByteVector bytes = TestFixture::encoded(message, dialect);
        const Bytes body = body_of(bytes);
        for (std::size_t n = 0; n < body.size(); ++n) {
            // Tfsync without its last field is the older form of the same message.
            const bool older_form = std::is_same_v<TypeParam, Tfsync> && n == body.size() - 4;
            EXPECT_EQ(TestFixture::decodes(body.first(n), dialect), older_form)
                << "first " << n << " of " << body.size() << " bytes";
        }
    });
}

TYPED_TEST(EveryMessage, OneByteTooManyIsRefused) {
    this->each([](Dialect dialect, const TypeParam& message) {
        ByteVector bytes = TestFixture::encoded(message, dialect);
        for (const u8 extra : {u8{0}, u8{0xff}}) {
            bytes.push_back(extra);
            EXPECT_FALSE(TestFixture::decodes(body_of(bytes), dialect)) << "extra byte " << int{extra};
            bytes.pop_back();
        }
    });
}

}  // namespace
}  // namespace p9::test
