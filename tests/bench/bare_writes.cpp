// The least that ctl writes can cost: one Twrite after the other on one fid, with plain system calls.
//
//   bare_writes PORT PATH COUNT TEXT
//
// PORT is one of this host's, PATH a file with '/' between its names. Uses the library for the bytes of the messages
// only.
#include "p9/client.hpp"
#include "p9/wire.hpp"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

using namespace p9;

[[noreturn]] void fail(const char* what) {
    std::fprintf(stderr, "bare_writes: %s\n", what);
    std::exit(1);
}

/// Sends `request`, and reads one reply, which must be the right one.
void exchange(int socket, const ByteVector& request, u8 reply_type) {
    if (::write(socket, request.data(), request.size()) != static_cast<ssize_t>(request.size())) fail("write");
    u8 reply[8192];
    std::size_t have = 0;
    while (have < HEADER_SIZE || have < header_of(Bytes(reply, have)).size) {
        const ssize_t got = ::read(socket, reply + have, sizeof reply - have);
        if (got <= 0) fail("the server hung up");
        have += static_cast<std::size_t>(got);
    }
    if (header_of(Bytes(reply, have)).type != reply_type) fail("the server refused something");
}

template <class T>
ByteVector bytes_of(Tag tag, const T& request) {
    ByteVector bytes;
    if (!encode(bytes, tag, request, Dialect::linux_)) fail("a string is too long");
    return bytes;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 5) fail("usage: bare_writes PORT PATH COUNT TEXT");
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<u16>(std::atoi(argv[1])));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
    const int yes = 1;
    setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    if (::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) fail("connect");
    exchange(socket, bytes_of(NOTAG, Tversion{8192, "9P2000.L"}), Rversion::type);
    exchange(socket, bytes_of(Tag{0}, Tattach{Fid{0}, NOFID, "bench", "", 0}), Rattach::type);
    Names names;
    for (const std::string& name : split_path(argv[2])) names.push_back(name);
    exchange(socket, bytes_of(Tag{0}, Twalk{Fid{0}, Fid{1}, names}), Rwalk::type);
    exchange(socket, bytes_of(Tag{0}, Tlopen{Fid{1}, 1}), Rlopen::type);
    Twrite request{Fid{1}, 0, {}};
    request.data = Payload(Bytes(reinterpret_cast<const u8*>(argv[4]), std::strlen(argv[4])));
    const ByteVector bytes = bytes_of(Tag{0}, request);
    for (long i = std::atol(argv[3]); i > 0; --i) exchange(socket, bytes, Rwrite::type);
    return 0;
}
