// TLS without sockets: bytes in, bytes out.
//
// A TlsEngine is one end of one connection. What came from the network is fed to it, what it wants to send is taken
// from it; it waits for nothing and opens nothing. One owner, one thread. Contexts may be shared by connections of
// one thread. How it is done (OpenSSL, or not at all) stays behind this header.
#pragma once

#include "p9/transports/dial.hpp"
#include "p9/wire.hpp"

#include <memory>
#include <span>
#include <string>

namespace p9::transports {

class TlsEngine {
public:
    virtual ~TlsEngine() = default;

    /// Goes on with the handshake: true when it is done, false if more has to be fed. Fails with
    /// errc::connection_failed, in words for whoever dialled or listens; what is still to be sent then says so to the
    /// other end.
    virtual Result<bool> handshake() = 0;
    /// Bytes from the network.
    virtual void feed(Bytes bytes) = 0;
    /// Decrypts up to `into.size()` bytes of what was fed. 0: more has to be fed, or ended(). Fails with
    /// errc::connection_lost.
    virtual Result<std::size_t> read(std::span<u8> into) = 0;
    /// True once the other end has said that nothing more comes.
    virtual bool ended() const = 0;
    /// Encrypts all of `bytes`. Fails with errc::connection_lost.
    virtual Result<void> write(Bytes bytes) = 0;
    /// Says that nothing more comes from here.
    virtual void end() = 0;
    /// Appends what has to be sent to `out`.
    virtual void take_output(ByteVector& out) = 0;
};

/// What connections have in common.
class TlsContext {
public:
    virtual ~TlsContext() = default;
    virtual Result<std::unique_ptr<TlsEngine>> engine() = 0;
};

/// For dialling `host`, a name or a numeric address, which the certificate must have. Fails with
/// errc::connection_failed if the file of certificates cannot be read, or if TLS is not built in or not installed.
Result<std::shared_ptr<TlsContext>> tls_client(const TlsOptions& options, const std::string& host);

/// For listening, with PEM files.
Result<std::shared_ptr<TlsContext>> tls_server(const std::string& certificate, const std::string& key);

}  // namespace p9::transports
