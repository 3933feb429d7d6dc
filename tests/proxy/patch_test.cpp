// The fids of every message are found and replaced where they stand.
#include "tools/p9proxy/patch.hpp"

#include "unit/messages_filled.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace p9::test {
namespace {

/// Adds 1000 to each fid that it visits, and counts them.
struct Shift {
    Dialect dialect;
    std::size_t count = 0;

    void operator()(const char*, Fid& fid) {
        fid = Fid{number(fid) + 1000};
        ++count;
    }
    void operator()(const char*, auto&) {}
};

TEST(Patch, EveryFidOfEveryRequest) {
    int requests = 0;
    for_each_message(Messages{}, [&]<class T>() {
        if constexpr (requires { typename T::Reply; }) {
            for (const Dialect dialect : all_dialects) {
                if (!speaks(T::dialects, dialect)) continue;
                for (const Filling filling : all_fillings) {
                    T message = filled<T>(dialect, filling);
                    ByteVector bytes, shifted;
                    ASSERT_TRUE(encode(bytes, Tag{1}, message, dialect));
                    proxy::FidFields fields;
                    ASSERT_EQ(proxy::find_fids(bytes, dialect, fields), proxy::Readable::yes) << T::message;
                    for (const auto& field : fields) proxy::put_fid(bytes, field.at, Fid{number(field.fid) + 1000});
                    Shift shift{dialect};
                    T::fields(message, shift);
                    EXPECT_EQ(shift.count, fields.size()) << T::message;
                    ASSERT_TRUE(encode(shifted, Tag{1}, message, dialect));
                    EXPECT_TRUE(std::ranges::equal(bytes, shifted)) << T::message;
                    ++requests;
                }
            }
        }
    });
    EXPECT_GT(requests, 100);
}

TEST(Patch, WhichFidsAreMade) {
    std::vector<std::string> makers;
    for_each_message(Messages{}, [&]<class T>() {
        if constexpr (requires { typename T::Reply; }) {
            const Dialect dialect = speaks(T::dialects, Dialect::linux_) ? Dialect::linux_ : Dialect::base;
            ByteVector bytes;
            ASSERT_TRUE(encode(bytes, Tag{1}, filled<T>(dialect, Filling::usual), dialect));
            proxy::FidFields fields;
            ASSERT_EQ(proxy::find_fids(bytes, dialect, fields), proxy::Readable::yes);
            for (std::size_t i = 0; i < fields.size(); ++i)
                if (fields[i].made) makers.push_back(std::string(T::message) + ' ' + std::to_string(i));
        }
    });
    std::ranges::sort(makers);
    EXPECT_EQ(makers, (std::vector<std::string>{"Tattach 0", "Tauth 0", "Twalk 1", "Txattrwalk 1"}));
}

TEST(Patch, AFrameThatIsCutOffBeforeAFid) {
    Trenameat message{Fid{1}, "a", Fid{2}, "b"};
    ByteVector bytes;
    ASSERT_TRUE(encode(bytes, Tag{1}, message, Dialect::linux_));
    for (std::size_t size = HEADER_SIZE; size < bytes.size(); ++size) {
        proxy::FidFields fields;
        const auto readable = proxy::find_fids(Bytes(bytes).first(size), Dialect::linux_, fields);
        EXPECT_EQ(readable, size < HEADER_SIZE + 4 + 3 + 4 ? proxy::Readable::too_short : proxy::Readable::yes) << size;
    }
}

TEST(Patch, WhatIsNoRequestOfTheDialect) {
    const auto readable = [](u8 type, Dialect dialect) {
        ByteVector bytes(50);
        bytes[4] = type;
        proxy::FidFields fields;
        return proxy::find_fids(bytes, dialect, fields);
    };
    EXPECT_EQ(readable(Tlopen::type, Dialect::base), proxy::Readable::no_request);
    EXPECT_EQ(readable(Topen::type, Dialect::linux_), proxy::Readable::no_request);
    EXPECT_EQ(readable(Rwalk::type, Dialect::linux_), proxy::Readable::no_request);
    EXPECT_EQ(readable(200, Dialect::linux_), proxy::Readable::no_request);
    EXPECT_EQ(readable(Topen::type, Dialect::unix_), proxy::Readable::yes);
}

}  // namespace
}  // namespace p9::test
