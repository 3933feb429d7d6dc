// A proxy that adds delay: it listens on one stream socket, dials another, and forwards bytes both ways, each later by
// a fixed time. Order is kept, bandwidth is not limited, and what is under way is held in memory.
//
// A DelayProxy belongs to one io_context and is used from its thread only; it must outlive that context's run. It
// serves any number of connections until it is closed.
#pragma once

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>

#include <chrono>
#include <string>

namespace p9::test {

using StreamEndpoint = boost::asio::generic::stream_protocol::endpoint;

/// "HOST:PORT" with a numeric host, or the path of a Unix socket, which has a '/'. Throws std::invalid_argument.
StreamEndpoint stream_endpoint(const std::string& text);
/// The reverse.
std::string stream_endpoint_text(const StreamEndpoint& endpoint);

class DelayProxy {
public:
    /// Listens at once, on `listen`: port 0 picks one, the file of a Unix socket is replaced. Each connection dials
    /// `dial`; `delay` is added to each direction. Throws boost::system::system_error.
    DelayProxy(boost::asio::io_context& io, const StreamEndpoint& listen, StreamEndpoint dial,
               std::chrono::nanoseconds delay);

    /// Where it listens, with the port that was picked.
    StreamEndpoint local_endpoint() const { return acceptor_.local_endpoint(); }
    /// Accepts no more; connections go on.
    void close();

private:
    void accept_next();

    boost::asio::io_context& io_;
    boost::asio::basic_socket_acceptor<boost::asio::generic::stream_protocol> acceptor_;
    StreamEndpoint dial_;
    std::chrono::nanoseconds delay_;
};

}  // namespace p9::test
