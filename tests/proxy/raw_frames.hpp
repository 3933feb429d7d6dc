// Messages that need not make sense, for tests of what passes them on.
#pragma once

#include "tests/proxy/proxied.hpp"

namespace p9::test {

/// Any bytes as one frame.
inline ByteVector frame(u8 type, u16 tag, std::size_t size) {
    ByteVector bytes(size);
    for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<u8>(i);
    for (int i = 0; i < 4; ++i) bytes[static_cast<std::size_t>(i)] = static_cast<u8>(size >> (8 * i));
    bytes[4] = type;
    bytes[5] = static_cast<u8>(tag);
    bytes[6] = static_cast<u8>(tag >> 8);
    return bytes;
}

inline ByteVector next_bytes(Loop& loop, Peer& peer) {
    auto message = loop.run(peer.transport().receive());
    if (!message) return {};
    return {message->bytes().begin(), message->bytes().end()};
}

/// Agrees on a version through the proxy.
inline void agree(Peer& client, Peer& server, u32 msize, const std::string& version = "9P2000.L") {
    client.send(number(NOTAG), Tversion{std::max(msize, u32{1} << 20), version});
    ASSERT_THAT(server.next(), ::testing::HasSubstr("Tversion"));
    server.send(number(NOTAG), Rversion{msize, version});
    ASSERT_THAT(client.next(), ::testing::HasSubstr("Rversion"));
}

}  // namespace p9::test
