// Lengths that lie, lengths at the edge, and what encode does with what it cannot express.
#include "p9/wire.hpp"

#include "unit/messages_filled.hpp"

#include <gtest/gtest.h>

#include <initializer_list>

namespace p9::test {
namespace {

/// Decodes from memory of exactly this size.
template <class M>
bool decodes(std::initializer_list<int> bytes, Dialect dialect = Dialect::base) {
    Buffer exact(bytes.size());
    std::ranges::copy(bytes, exact.data());
    return decode<M>(exact, dialect).has_value();
}

TEST(WireLengths, LongestString) {
    Tversion message{8192, std::string(65535, 'v')};
    ByteVector out;
    ASSERT_TRUE(encode(out, NOTAG, message, Dialect::base));
    EXPECT_EQ(out.size(), 7u + 4 + 2 + 65535);
    const auto back = decode<Tversion>(body_of(out), Dialect::base);
    ASSERT_TRUE(back);
    EXPECT_EQ(*back, message);
}

TEST(WireLengths, StringTooLongLeavesTheOutboxAsItWas) {
    const Tversion message{8192, std::string(65536, 'v')};
    ByteVector out{1, 2, 3};
    EXPECT_FALSE(encode(out, NOTAG, message, Dialect::base));
    EXPECT_EQ(out, (ByteVector{1, 2, 3}));
}

TEST(WireLengths, NameTooLongInAWalk) {
    Twalk message{Fid{1}, Fid{2}, {"ok", std::string(65536, 'x'), "ok"}};
    ByteVector out;
    EXPECT_FALSE(encode(out, Tag{0}, message, Dialect::base));
    EXPECT_TRUE(out.empty());
}

TEST(WireLengths, StatTooLongForItsCount) {
    // Each string fits; the record of them does not.
    Rstat message;
    message.stat.value.name = std::string(40000, 'n');
    message.stat.value.uid = std::string(40000, 'u');
    ByteVector out;
    EXPECT_FALSE(encode(out, Tag{0}, message, Dialect::base));
    // The inner size would fit, the outer one, two more, does not.
    Rstat edge;
    const std::size_t rest = wire::size_of(Stat{}, Dialect::base) - 2;
    edge.stat.value.name = std::string(65535 - rest, 'n');
    EXPECT_FALSE(encode(out, Tag{0}, edge, Dialect::base));
    edge.stat.value.name.resize(65535 - rest - 2);
    EXPECT_TRUE(encode(out, Tag{0}, edge, Dialect::base));
    EXPECT_EQ(decode<Rstat>(body_of(out), Dialect::base), edge);
}

TEST(WireLengths, SixteenNamesAndNoMore) {
    // fid, newfid, nwname, then empty names of two bytes each.
    for (const u8 count : {u8{0}, u8{1}, u8{16}, u8{17}, u8{18}, u8{255}}) {
        Buffer body(10 + 2 * std::size_t{count});
        std::fill_n(body.data(), body.size(), u8{0});
        body.data()[8] = count;
        EXPECT_EQ(decode<Twalk>(body, Dialect::base).has_value(), count <= 16) << int{count} << " names";
    }
}

TEST(WireLengths, SixteenQidsAndNoMore) {
    for (const u8 count : {u8{0}, u8{1}, u8{16}, u8{17}, u8{255}}) {
        Buffer body(2 + 13 * std::size_t{count});
        std::fill_n(body.data(), body.size(), u8{0});
        body.data()[0] = count;
        EXPECT_EQ(decode<Rwalk>(body, Dialect::base).has_value(), count <= 16) << int{count} << " qids";
    }
}

TEST(WireLengths, CountOfNamesThatAreNotThere) {
    EXPECT_FALSE(decodes<Twalk>({1, 0, 0, 0, 2, 0, 0, 0, /*nwname*/ 2, 0, /*name*/ 1, 0, 'a'}));
    EXPECT_FALSE(decodes<Twalk>({1, 0, 0, 0, 2, 0, 0, 0, /*nwname*/ 0, 0, /*name*/ 1, 0, 'a'}));
    EXPECT_TRUE(decodes<Twalk>({1, 0, 0, 0, 2, 0, 0, 0, /*nwname*/ 1, 0, /*name*/ 1, 0, 'a'}));
}

TEST(WireLengths, StringBeyondTheFrame) {
    EXPECT_TRUE(decodes<Rerror>({3, 0, 'e', 'i', 'o'}));
    EXPECT_FALSE(decodes<Rerror>({4, 0, 'e', 'i', 'o'}));
    EXPECT_FALSE(decodes<Rerror>({2, 0, 'e', 'i', 'o'}));
    EXPECT_FALSE(decodes<Rerror>({0xff, 0xff, 'e', 'i', 'o'}));
}

TEST(WireLengths, PayloadBeyondTheFrame) {
    EXPECT_TRUE(decodes<Rread>({3, 0, 0, 0, 'a', 'b', 'c'}));
    EXPECT_FALSE(decodes<Rread>({4, 0, 0, 0, 'a', 'b', 'c'}));
    EXPECT_FALSE(decodes<Rread>({2, 0, 0, 0, 'a', 'b', 'c'}));
    EXPECT_FALSE(decodes<Rread>({0xff, 0xff, 0xff, 0xff, 'a', 'b', 'c'}));
    EXPECT_FALSE(decodes<Rreaddir>({0xff, 0xff, 0xff, 0x7f}, Dialect::linux_));
    EXPECT_FALSE(decodes<Twrite>({1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xfd, 0xff, 0xff, 0xff, 'x'}));
}

TEST(WireLengths, DecodedPayloadBorrowsFromTheFrame) {
    const std::array<u8, 5> body{1, 0, 0, 0, 'x'};
    const auto message = decode<Rread>(body, Dialect::base);
    ASSERT_TRUE(message);
    EXPECT_EQ(message->data.bytes.data(), body.data() + 4);
    EXPECT_TRUE(message->data.owner.empty());
}

/// An Rstat body whose outer count and inner size are what the caller says, with `extra` bytes after the record.
Buffer rstat_body(std::size_t outer, std::size_t inner, std::size_t extra) {
    const Stat stat = filled<Stat>(Dialect::base);
    const std::size_t size = wire::size_of(stat, Dialect::base);
    Buffer body(2 + size + extra);
    std::fill_n(body.data(), body.size(), u8{0});
    wire::Writer writer{Dialect::base, body.data()};
    writer("nstat", static_cast<u16>(outer));
    writer("stat", stat);
    body.data()[2] = static_cast<u8>(inner & 0xff);
    body.data()[3] = static_cast<u8>(inner >> 8);
    return body;
}

TEST(WireLengths, StatSizesMustAgree) {
    const std::size_t size = wire::size_of(filled<Stat>(Dialect::base), Dialect::base);
    const auto accepted = [](const Buffer& body) { return decode<Rstat>(body, Dialect::base).has_value(); };
    EXPECT_TRUE(accepted(rstat_body(size, size - 2, 0)));
    // The inner size lies, both ways, and at its extremes.
    for (const std::size_t lie : {std::size_t{0}, size - 3, size - 1, size, std::size_t{0xffff}})
        EXPECT_FALSE(accepted(rstat_body(size, lie, 0))) << "inner size " << lie;
    // The outer count lies.
    for (const std::size_t lie : {std::size_t{0}, std::size_t{1}, size - 2, size - 1, size + 1, std::size_t{0xffff}})
        EXPECT_FALSE(accepted(rstat_body(lie, size - 2, 0))) << "outer count " << lie;
    // There are bytes after the record, and neither, one or both of the lengths cover them.
    EXPECT_FALSE(accepted(rstat_body(size, size - 2, 4)));
    EXPECT_FALSE(accepted(rstat_body(size + 4, size - 2, 4)));
    EXPECT_FALSE(accepted(rstat_body(size, size + 2, 4)));
    EXPECT_FALSE(accepted(rstat_body(size + 4, size + 2, 4)));
}

TEST(WireLengths, StatOfAnotherDialectIsRefused) {
    ByteVector out;
    ASSERT_TRUE(encode(out, Tag{1}, filled<Rstat>(Dialect::unix_), Dialect::unix_));
    EXPECT_FALSE(decode<Rstat>(body_of(out), Dialect::base));
    out.clear();
    ASSERT_TRUE(encode(out, Tag{1}, filled<Rstat>(Dialect::base), Dialect::base));
    EXPECT_FALSE(decode<Rstat>(body_of(out), Dialect::unix_));
}

template <class T>
ByteVector records(const std::vector<T>& list, Dialect dialect) {
    ByteVector out;
    for (const T& each : list) {
        const std::size_t before = out.size();
        out.resize(before + wire::size_of(each, dialect));
        wire::Writer writer{dialect, out.data() + before};
        writer("", each);
    }
    return out;
}

template <class T>
void check_decode_each(Dialect dialect) {
    std::vector<T> list;
    Filler filler{dialect};
    for (int i = 0; i < 3; ++i) filler("", list.emplace_back());
    const ByteVector bytes = records(list, dialect);
    const std::size_t first = wire::size_of(list[0], dialect);
    const std::size_t second = first + wire::size_of(list[1], dialect);

    for (std::size_t n = 0; n <= bytes.size(); ++n) {
        const Buffer exact = Buffer::copy_of(Bytes(bytes).first(n));
        std::vector<T> seen;
        const bool whole = decode_each<T>(exact, dialect, [&](T record) {
            seen.push_back(std::move(record));
            return true;
        });
        EXPECT_EQ(whole, n == 0 || n == first || n == second || n == bytes.size()) << "first " << n << " bytes";
        const std::size_t expected = n < first ? 0 : n < second ? 1 : n < bytes.size() ? 2 : 3;
        EXPECT_EQ(seen, std::vector<T>(list.begin(), list.begin() + static_cast<std::ptrdiff_t>(expected)));
    }

    int calls = 0;
    EXPECT_TRUE(decode_each<T>(bytes, dialect, [&](const T&) { return ++calls < 2; }));
    EXPECT_EQ(calls, 2);
}

TEST(WireLengths, RecordsEndToEnd) {
    check_decode_each<Stat>(Dialect::base);
    check_decode_each<Stat>(Dialect::unix_);
    check_decode_each<Dirent>(Dialect::linux_);
}

}  // namespace
}  // namespace p9::test
