// Captured messages as bytes: pcapng blocks that hold IPv4 packets of TCP connections to port 564, where Wireshark
// looks for 9P by itself.
//
// The packets are made up, so that every transport can be captured in the same way: the client is 10.9.0.1, from a port
// of its own for each connection, the server 10.9.0.2. Checksums and sequence numbers are right. Appends to vectors and
// does nothing else. One thread.
//
// Sources: the pcapng draft (draft-ietf-opsawg-pcapng), RFC 791, RFC 9293.
#pragma once

#include "p9/wire.hpp"

#include <string>
#include <string_view>

namespace p9::tools {

/// Nanoseconds since 1970.
using CaptureTime = u64;

/// Appends what every capture begins with: a section header block, which names `program`, and the one interface.
void begin_capture(ByteVector& out, std::string_view program);

/// One connection of a capture.
class CapturedConnection {
public:
    /// Whose packet it is.
    enum class End : u8 { client, server };

    /// `number` counts connections from 0; `comment` goes with its first packet.
    CapturedConnection(u32 number, std::string comment);

    /// Appends the three packets that begin a connection.
    void open(ByteVector& out, CaptureTime time);
    /// Appends a message, in as many packets as it takes.
    void message(ByteVector& out, End sender, Bytes frame, CaptureTime time);
    /// Appends the three packets that end it; `first` is who hung up.
    void close(ByteVector& out, End first, CaptureTime time);

private:
    void packet(ByteVector& out, End sender, u8 flags, Bytes data, CaptureTime time, std::string_view comment = {});

    u32 client_address_;
    u16 client_port_;
    std::string comment_;
    u32 next_[2] = {0, 0};  // the sequence number of each end's next byte
    u16 id_ = 0;            // of IP packets
};

}  // namespace p9::tools
