// The bytes of a capture.
#include "tools/pcapng.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <optional>
#include <string>
#include <vector>

namespace p9::test {
namespace {

using End = tools::CapturedConnection::End;

std::string hex(Bytes bytes) {
    static constexpr char digits[] = "0123456789abcdef";
    std::string out;
    for (const u8 byte : bytes) {
        out += digits[byte >> 4];
        out += digits[byte & 0xf];
    }
    return out;
}

u32 little(Bytes bytes, std::size_t at) {
    u32 x;
    std::memcpy(&x, bytes.data() + at, sizeof x);
    return boost::endian::little_to_native(x);
}
u32 big32(Bytes bytes, std::size_t at) { return boost::endian::load_big_u32(bytes.data() + at); }
u16 big16(Bytes bytes, std::size_t at) { return boost::endian::load_big_u16(bytes.data() + at); }

/// The words of RFC 1071, added up in the slow and plain way; 0xffff if the checksum among them is right.
u16 folded(Bytes bytes, u32 total = 0) {
    for (std::size_t i = 0; i < bytes.size(); i += 2)
        total += static_cast<u32>(bytes[i] << 8 | (i + 1 < bytes.size() ? bytes[i + 1] : 0));
    while (total >> 16 != 0) total = (total & 0xffff) + (total >> 16);
    return static_cast<u16>(total);
}

/// The packets of the enhanced packet blocks of `blocks`, without padding.
std::vector<Bytes> packets(Bytes blocks) {
    std::vector<Bytes> all;
    while (!blocks.empty()) {
        const u32 length = little(blocks, 4);
        EXPECT_EQ(length % 4, 0u);
        EXPECT_EQ(little(blocks, length - 4), length) << "the length at the end";
        EXPECT_EQ(little(blocks, 0), 6u);
        EXPECT_EQ(little(blocks, 20), little(blocks, 24));
        all.push_back(blocks.subspan(28, little(blocks, 20)));
        blocks = blocks.subspan(length);
    }
    return all;
}

/// What a packet says, with its checksums checked.
struct Segment {
    u16 from, to;
    u32 sequence, acknowledged;
    u8 flags;
    Bytes data;

    explicit Segment(Bytes packet) {
        EXPECT_EQ(packet[0], 0x45);
        EXPECT_EQ(big16(packet, 2), packet.size());
        EXPECT_EQ(folded(packet.first(20)), 0xffff) << "the IP header's checksum";
        const Bytes tcp = packet.subspan(20);
        EXPECT_EQ(folded(tcp, folded(packet.subspan(12, 8)) + 6u + static_cast<u32>(tcp.size())), 0xffff)
            << "TCP's checksum";
        from = big16(tcp, 0);
        to = big16(tcp, 2);
        sequence = big32(tcp, 4);
        acknowledged = big32(tcp, 8);
        flags = tcp[13];
        data = tcp.subspan(static_cast<std::size_t>(tcp[12] >> 4) * 4);
    }
};

TEST(Capture, BeginsWithASectionAndAnInterface) {
    ByteVector out;
    tools::begin_capture(out, "p9cat 1");
    EXPECT_EQ(hex(out),
              "0a0d0d0a"
              "2c000000"
              "4d3c2b1a"
              "0100"
              "0000"
              "ffffffffffffffff"
              "0400"
              "0700"
              "70396361742031"
              "00"
              "00000000"
              "2c000000"
              "01000000"
              "28000000"
              "6500"
              "0000"
              "00000000"
              "0200"
              "0200"
              "3950"
              "0000"
              "0900"
              "0100"
              "09"
              "000000"
              "00000000"
              "28000000");
}

TEST(Capture, TheFirstPacketByteByByte) {
    ByteVector out;
    tools::CapturedConnection(0, "x").open(out, 0x0102030405060708);
    const u32 length = little(out, 4);
    EXPECT_EQ(hex(Bytes(out).first(length)),
              "06000000"
              "5c000000"
              "00000000"
              "04030201"
              "08070605"
              "30000000"
              "30000000"
              "45000030"
              "00004000"
              "400626b4"
              "0a090001"
              "0a090002"
              "c0000234"
              "00000000"
              "00000000"
              "7002ffff"
              "b3a40000"
              "0204ffd7"
              "0103030e"
              "01000100"
              "78000000"
              "00000000"
              "5c000000");
}

TEST(Capture, AConnectionFromBeginToEnd) {
    ByteVector out;
    tools::CapturedConnection connection(2, "");
    const u8 request[] = {11, 0, 0, 0, 120, 1, 0, 7, 0, 0, 0};
    const u8 reply[] = {7, 0, 0, 0, 121, 1, 0};
    connection.open(out, 1);
    connection.message(out, End::client, request, 2);
    connection.message(out, End::server, reply, 3);
    connection.close(out, End::server, 4);
    struct Expected {
        bool from_client;
        u8 flags;
        u32 sequence, acknowledged;
        std::string data;
    };
    const Expected expected[] = {
        {true, 0x02, 0, 0, ""},           {false, 0x12, 0, 1, ""},          {true, 0x10, 1, 1, ""},
        {true, 0x18, 1, 1, hex(request)}, {false, 0x18, 1, 12, hex(reply)}, {false, 0x11, 8, 12, ""},
        {true, 0x11, 12, 9, ""},          {false, 0x10, 9, 13, ""},
    };
    const auto all = packets(out);
    ASSERT_EQ(all.size(), std::size(expected));
    for (std::size_t i = 0; i < all.size(); ++i) {
        SCOPED_TRACE(i);
        const Segment segment(all[i]);
        EXPECT_EQ(segment.from, expected[i].from_client ? 49154 : 564);
        EXPECT_EQ(segment.to, expected[i].from_client ? 564 : 49154);
        EXPECT_EQ(segment.flags, expected[i].flags);
        EXPECT_EQ(segment.sequence, expected[i].sequence);
        EXPECT_EQ(segment.acknowledged, expected[i].acknowledged);
        EXPECT_EQ(hex(segment.data), expected[i].data);
    }
}

TEST(Capture, ALargeMessageTakesSeveralPackets) {
    ByteVector frame(200'001);
    for (std::size_t i = 0; i < frame.size(); ++i) frame[i] = static_cast<u8>(i * 7 + i / 256);
    ByteVector out;
    tools::CapturedConnection(0, "").message(out, End::client, frame, 0);
    ByteVector joined;
    for (const Bytes packet : packets(out)) {
        EXPECT_LE(packet.size(), 65535u);
        const Segment segment(packet);
        EXPECT_EQ(segment.sequence, joined.size());
        joined.insert(joined.end(), segment.data.begin(), segment.data.end());
        EXPECT_EQ((segment.flags & 8) != 0, joined.size() == frame.size()) << "PSH is for the last";
    }
    EXPECT_TRUE(joined == frame);
}

TEST(Capture, NoTwoConnectionsLookAlike) {
    std::vector<std::string> seen;
    for (const u32 number : {0u, 1u, 16383u, 16384u, 16385u, 40000u}) {
        ByteVector out;
        tools::CapturedConnection(number, "").open(out, 0);
        const Bytes syn = packets(out).front();
        seen.push_back(hex(syn.subspan(12, 4)) + hex(syn.subspan(20, 2)));
    }
    for (std::size_t i = 0; i < seen.size(); ++i)
        for (std::size_t j = 0; j < i; ++j) EXPECT_NE(seen[i], seen[j]);
}

}  // namespace
}  // namespace p9::test
