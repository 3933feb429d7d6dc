// A connected stream socket of any family as a Transport.
#pragma once

#include "p9/transport.hpp"

#include <boost/asio/generic/stream_protocol.hpp>

namespace p9::transports {

using Socket = boost::asio::generic::stream_protocol::socket;

/// What a socket's transport knows beyond its socket: a child process for exec.
class Companion {
public:
    virtual ~Companion() = default;
    /// Why the other end is gone, if there is more to say than that it is; called at the end of the stream.
    virtual awaitable<std::string> end_words(bool anything_came) = 0;
    /// After end_words: true if another connection would end like this one. `unread`: nothing came, and what was sent
    /// was not read.
    virtual bool in_vain(bool unread) const = 0;
    /// The socket was closed just now.
    virtual void closed() = 0;
};

/// Opens `socket` for a family (AF_INET, ...), non-blocking and closed in child processes, which Asio's own open is
/// not.
boost::system::error_code open_socket(Socket& socket, int family);
/// Lets `socket` own an open descriptor; the descriptor is closed if that fails.
boost::system::error_code adopt_socket(Socket& socket, int family, int descriptor);

/// An option of SOL_SOCKET that is a number; -1 if the descriptor has none.
int socket_option(int descriptor, int name);

/// Widens a Unix socket's send buffer; any other is left alone. A large message crosses while the other end is at work
/// on the one before it only if the socket holds one whole, and Linux gives 208 KiB. More than net.core.wmem_max is for
/// root. A buffer between the two sizes is slower than the small one, so it is all or nothing. Not for a port of
/// QEMU's: what waits in it is left over for the next conversation.
void make_room_for_messages(Socket& socket);

/// A connected socket, its canonical address, and a companion if it needs one.
std::unique_ptr<Transport> socket_transport(Socket socket, std::string peer,
                                            std::unique_ptr<Companion> companion = nullptr);

}  // namespace p9::transports
