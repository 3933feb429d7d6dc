// Words for what is wrong with a server's certificate.
#pragma once

#include "transports/openssl.hpp"

#include <string>

namespace p9::transports {

/// Why `certificate` was not accepted when `host` was dialled, and what to do; `error` is one of OpenSSL's X509_V_ERR_
/// numbers. The certificate may be null.
std::string certificate_trouble(const OpenSsl& ssl, int error, const X509* certificate, const std::string& host);

}  // namespace p9::transports
