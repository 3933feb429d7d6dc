#include "tools/pcapng.hpp"

#include <boost/endian/conversion.hpp>

#include <algorithm>

namespace p9::tools {
namespace {

using boost::endian::native_to_big;
using boost::endian::native_to_little;

// Block types, options and the link type, as the pcapng draft numbers them.
constexpr u32 SECTION_HEADER = 0x0a0d0d0a, INTERFACE_DESCRIPTION = 1, ENHANCED_PACKET = 6;
constexpr u32 BYTE_ORDER_MAGIC = 0x1a2b3c4d;
constexpr u16 OPT_END = 0, OPT_COMMENT = 1, SHB_USERAPPL = 4, IF_NAME = 2, IF_TSRESOL = 9;
constexpr u16 LINKTYPE_RAW = 101;  // packets begin with the IP header

constexpr u16 NINE_P_PORT = 564;
constexpr u16 FIRST_CLIENT_PORT = 49152;  // the dynamic ports (RFC 6335)
constexpr u32 CLIENT_PORTS = 65536 - FIRST_CLIENT_PORT;
constexpr u32 CLIENT_ADDRESS = 10 << 24 | 9 << 16 | 1, SERVER_ADDRESS = CLIENT_ADDRESS + 1;
constexpr u32 NEXT_CLIENT_ADDRESS = 1 << 8;  // when the ports of one are used up: 10.9.1.1, and so on

constexpr std::size_t IP_HEADER = 20, TCP_HEADER = 20, SYN_OPTIONS = 8;
// An IPv4 packet is no longer than 65535 bytes.
constexpr std::size_t MOST_DATA = 65535 - IP_HEADER - TCP_HEADER;
constexpr u8 FIN = 0x01, SYN = 0x02, PSH = 0x08, ACK = 0x10;
constexpr u8 TCP = 6, TTL = 64;
constexpr u16 DONT_FRAGMENT = 0x4000;
constexpr u8 WINDOW_SCALE = 14;  // the largest there is, so that no window is ever full

void put(ByteVector& out, Bytes bytes) { out.insert(out.end(), bytes.begin(), bytes.end()); }
void put(ByteVector& out, std::string_view text) {
    put(out, Bytes(reinterpret_cast<const u8*>(text.data()), text.size()));
}
template <std::unsigned_integral T>
void put_raw(ByteVector& out, T x) {
    put(out, Bytes(reinterpret_cast<const u8*>(&x), sizeof x));
}
// pcapng's own fields; those of packets are big-endian.
template <std::unsigned_integral T>
void put_little(ByteVector& out, T x) {
    put_raw(out, native_to_little(x));
}
template <std::unsigned_integral T>
void put_big(ByteVector& out, T x) {
    put_raw(out, native_to_big(x));
}

/// What lies in pcapng is padded to 32 bits.
void pad(ByteVector& out, std::size_t size) { out.resize(out.size() + (4 - size % 4) % 4, 0); }

void option(ByteVector& out, u16 code, std::string_view value) {
    value = value.substr(0, 0xffff);
    put_little(out, code);
    put_little(out, static_cast<u16>(value.size()));
    put(out, value);
    pad(out, value.size());
}
void end_options(ByteVector& out) { put_little(out, u32{OPT_END}); }

void store(ByteVector& out, std::size_t at, auto x) { std::memcpy(out.data() + at, &x, sizeof x); }

/// A block's type and room for its length; `end_block` fills it in.
std::size_t begin_block(ByteVector& out, u32 type) {
    const std::size_t begin = out.size();
    put_little(out, type);
    put_little(out, u32{0});
    return begin;
}
void end_block(ByteVector& out, std::size_t begin) {
    const auto length = static_cast<u32>(out.size() - begin + sizeof(u32));
    put_little(out, length);
    store(out, begin + sizeof(u32), native_to_little(length));
}

/// The sum of RFC 1071: 16-bit big-endian words, not yet folded. Summing in the host's order and swapping once at the
/// end is the same.
u64 sum(Bytes bytes) {
    u64 total = 0;
    while (bytes.size() >= 4) {
        u32 word;
        std::memcpy(&word, bytes.data(), sizeof word);
        total += word;
        bytes = bytes.subspan(4);
    }
    u8 rest[4] = {};
    std::ranges::copy(bytes, rest);
    u32 word;
    std::memcpy(&word, rest, sizeof word);
    return total + word;
}
/// The checksum as it stands in the packet, in the order of its bytes.
u16 checksum(u64 total) {
    while (total >> 16 != 0) total = (total & 0xffff) + (total >> 16);
    return static_cast<u16>(~total);
}

}  // namespace

void begin_capture(ByteVector& out, std::string_view program) {
    std::size_t block = begin_block(out, SECTION_HEADER);
    put_little(out, BYTE_ORDER_MAGIC);
    put_little(out, u16{1});  // version 1.0
    put_little(out, u16{0});
    put_little(out, ~u64{0});  // the section's length is not known
    option(out, SHB_USERAPPL, program);
    end_options(out);
    end_block(out, block);

    block = begin_block(out, INTERFACE_DESCRIPTION);
    put_little(out, LINKTYPE_RAW);
    put_little(out, u16{0});
    put_little(out, u32{0});  // packets are never cut short
    option(out, IF_NAME, "9P");
    option(out, IF_TSRESOL, "\x09");  // nanoseconds
    end_options(out);
    end_block(out, block);
}

CapturedConnection::CapturedConnection(u32 number, std::string comment)
    : client_address_(CLIENT_ADDRESS + number / CLIENT_PORTS % 0x10000 * NEXT_CLIENT_ADDRESS),
      client_port_(static_cast<u16>(FIRST_CLIENT_PORT + number % CLIENT_PORTS)),
      comment_(std::move(comment)) {}

void CapturedConnection::open(ByteVector& out, CaptureTime time) {
    packet(out, End::client, SYN, {}, time, comment_);
    packet(out, End::server, SYN | ACK, {}, time);
    packet(out, End::client, ACK, {}, time);
}

void CapturedConnection::message(ByteVector& out, End sender, Bytes frame, CaptureTime time) {
    while (!frame.empty()) {
        const Bytes data = frame.first(std::min(frame.size(), MOST_DATA));
        frame = frame.subspan(data.size());
        packet(out, sender, frame.empty() ? PSH | ACK : ACK, data, time);
    }
}

void CapturedConnection::close(ByteVector& out, End first, CaptureTime time) {
    const End second = first == End::client ? End::server : End::client;
    packet(out, first, FIN | ACK, {}, time);
    packet(out, second, FIN | ACK, {}, time);
    packet(out, first, ACK, {}, time);
}

void CapturedConnection::packet(ByteVector& out, End sender, u8 flags, Bytes data, CaptureTime time,
                                std::string_view comment) {
    const bool from_client = sender == End::client;
    u32& sequence = next_[from_client ? 0 : 1];
    const u32 acknowledged = (flags & ACK) != 0 ? next_[from_client ? 1 : 0] : 0;
    const bool syn = (flags & SYN) != 0;
    const std::size_t tcp_header = TCP_HEADER + (syn ? SYN_OPTIONS : 0);
    const std::size_t size = IP_HEADER + tcp_header + data.size();

    const std::size_t block = begin_block(out, ENHANCED_PACKET);
    put_little(out, u32{0});  // the interface
    put_little(out, static_cast<u32>(time >> 32));
    put_little(out, static_cast<u32>(time));
    put_little(out, static_cast<u32>(size));
    put_little(out, static_cast<u32>(size));

    const std::size_t ip = out.size();
    put_big(out, u16{0x4500});  // version 4, five words of header
    put_big(out, static_cast<u16>(size));
    put_big(out, id_++);
    put_big(out, DONT_FRAGMENT);
    put_big(out, TTL);
    put_big(out, TCP);
    put_big(out, u16{0});
    put_big(out, from_client ? client_address_ : SERVER_ADDRESS);
    put_big(out, from_client ? SERVER_ADDRESS : client_address_);
    store(out, ip + 10, checksum(sum(Bytes(out).subspan(ip, IP_HEADER))));

    const std::size_t tcp = out.size();
    put_big(out, from_client ? client_port_ : NINE_P_PORT);
    put_big(out, from_client ? NINE_P_PORT : client_port_);
    put_big(out, sequence);
    put_big(out, acknowledged);
    put_big(out, static_cast<u8>(tcp_header / 4 << 4));
    put_big(out, flags);
    put_big(out, u16{0xffff});  // the window
    put_big(out, u16{0});
    put_big(out, u16{0});
    if (syn) {
        put_big(out, u16{2 << 8 | 4});  // the largest segment
        put_big(out, static_cast<u16>(MOST_DATA));
        put_big(out, u32{1u << 24 | 3u << 16 | 3u << 8 | WINDOW_SCALE});  // a filler before it
    }
    put(out, data);
    // The pseudo-header: both addresses, the protocol, the length.
    const u16 pseudo[2] = {native_to_big(u16{TCP}), native_to_big(static_cast<u16>(size - IP_HEADER))};
    const u64 total = sum(Bytes(out).subspan(ip + 12, 8)) + pseudo[0] + pseudo[1] + sum(Bytes(out).subspan(tcp));
    store(out, tcp + 16, checksum(total));
    pad(out, size);
    if (!comment.empty()) {
        option(out, OPT_COMMENT, comment);
        end_options(out);
    }
    end_block(out, block);
    sequence += static_cast<u32>(data.size()) + (syn || (flags & FIN) != 0 ? 1 : 0);
}

}  // namespace p9::tools
