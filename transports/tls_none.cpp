// What stands in for TLS in programs that were built without it.
#ifndef P9_TLS

#include "transports/tls.hpp"

namespace p9::transports {
namespace {

Error not_built() {
    return {errc::connection_failed, "TLS is not built into this program: wss:// needs another build"};
}

}  // namespace

Result<std::shared_ptr<TlsContext>> tls_client(const TlsOptions&, const std::string&) { return not_built(); }

Result<std::shared_ptr<TlsContext>> tls_server(const std::string&, const std::string&) { return not_built(); }

}  // namespace p9::transports

#endif
