// The list of messages as a whole: numbers, names and replies.
#include "p9/messages.hpp"

#include "unit/messages_filled.hpp"

#include <gtest/gtest.h>

#include <set>

namespace p9::test {
namespace {

TEST(Messages, NumbersAndNamesAreUnique) {
    std::set<int> numbers;
    std::set<std::string_view> names;
    int count = 0;
    for_each_message(Messages{}, [&]<class M>() {
        numbers.insert(M::type);
        names.insert(M::message);
        ++count;
    });
    EXPECT_EQ(numbers.size(), static_cast<std::size_t>(count));
    EXPECT_EQ(names.size(), static_cast<std::size_t>(count));
    // 13 pairs of 9P2000, 19 pairs of 9P2000.L, Rerror and Rlerror.
    EXPECT_EQ(count, 13 * 2 + 19 * 2 + 2);
}

TEST(Messages, RequestsAreEvenAndTheirRepliesOneMore) {
    for_each_message(Messages{}, []<class M>() {
        EXPECT_EQ(M::message.front(), M::type % 2 == 0 ? 'T' : 'R') << M::message;
        constexpr bool request = requires { typename M::Reply; };
        EXPECT_EQ(request, M::type % 2 == 0) << M::message;
        if constexpr (requires { typename M::Reply; }) {
            EXPECT_EQ(M::Reply::type, M::type + 1) << M::message;
            EXPECT_EQ(M::Reply::dialects, M::dialects) << M::message;
            EXPECT_EQ(M::Reply::message.substr(1), M::message.substr(1));
        }
    });
}

TEST(Messages, OnlyTheNumbersOfTheManualAreKnown) {
    std::set<int> expected{7, 107};
    for (const int request : {8,  12, 14, 16,  18,  20,  22,  24,  26,  30,  32,  40,  50,  52,  54,  70,
                              72, 74, 76, 100, 102, 104, 108, 110, 112, 114, 116, 118, 120, 122, 124, 126}) {
        expected.insert(request);
        expected.insert(request + 1);
    }
    for (int type = 0; type < 256; ++type) {
        const bool known =
            with_message(Messages{}, static_cast<u8>(type), [&]<class M>() { EXPECT_EQ(M::type, type); });
        EXPECT_EQ(known, expected.contains(type)) << "type " << type;
    }
}

TEST(Messages, NameOfType) {
    EXPECT_EQ(message_name(100), "Tversion");
    EXPECT_EQ(message_name(7), "Rlerror");
    EXPECT_EQ(message_name(107), "Rerror");
    EXPECT_EQ(message_name(77), "Runlinkat");
    // Tlerror (6) and Terror (106) are numbers that no message has.
    EXPECT_EQ(message_name(6), "type 6");
    EXPECT_EQ(message_name(106), "type 106");
    EXPECT_EQ(message_name(255), "type 255");
}

TEST(Messages, DialectsThatHaveAMessage) {
    EXPECT_TRUE(speaks(Dialects::everywhere, Dialect::base));
    EXPECT_TRUE(speaks(Dialects::everywhere, Dialect::linux_));
    EXPECT_TRUE(speaks(Dialects::before_linux, Dialect::base));
    EXPECT_TRUE(speaks(Dialects::before_linux, Dialect::unix_));
    EXPECT_FALSE(speaks(Dialects::before_linux, Dialect::linux_));
    EXPECT_FALSE(speaks(Dialects::only_linux, Dialect::base));
    EXPECT_FALSE(speaks(Dialects::only_linux, Dialect::unix_));
    EXPECT_TRUE(speaks(Dialects::only_linux, Dialect::linux_));
}

TEST(Messages, VersionStrings) {
    for (const Dialect dialect : all_dialects) EXPECT_EQ(dialect_of(version_string(dialect)), dialect);
    for (const char* other : {"", "unknown", "9P2000.l", "9P2000.", "9P2000.L ", "9P2001", "9p2000"})
        EXPECT_EQ(dialect_of(other), std::nullopt) << other;
    EXPECT_EQ(dialect_of(std::string_view("9P2000\0", 7)), std::nullopt);
}

TEST(Messages, UnchangedStatIsAllOnesAndEmptyStrings) {
    const Stat stat = unchanged_stat();
    ByteVector bytes(wire::size_of(stat, Dialect::unix_));
    wire::Writer writer{Dialect::unix_, bytes.data()};
    writer("stat", stat);
    // size[2], 39 bytes of numbers, then five empty strings (two zero bytes each) and three ids.
    ASSERT_EQ(bytes.size(), 2u + 39 + 5 * 2 + 3 * 4);
    for (std::size_t i = 2; i < bytes.size(); ++i) {
        const bool inside_strings = i >= 41 && i < 51;
        EXPECT_EQ(bytes[i], inside_strings ? 0 : 0xff) << "at " << i;
    }
}

TEST(Messages, PayloadComparesBytesAndNotOwners) {
    const std::array<u8, 2> bytes{1, 2};
    Payload borrowed{Bytes(bytes)};
    Payload owned;
    owned.owner = Buffer::copy_of(bytes);
    owned.bytes = owned.owner;
    EXPECT_EQ(borrowed, owned);
    EXPECT_FALSE(borrowed == Payload(Bytes(bytes).first(1)));
}

}  // namespace
}  // namespace p9::test
