#ifdef P9_TLS

#include "transports/openssl.hpp"

#include <dlfcn.h>

namespace p9::transports {
namespace {

#define P9_TEXT_OF(number) #number
#define P9_LIBRARY_OF(number) "libssl.so." P9_TEXT_OF(number)
constexpr const char* LIBRARY = P9_LIBRARY_OF(OPENSSL_SHLIB_VERSION);
#undef P9_LIBRARY_OF
#undef P9_TEXT_OF

}  // namespace

Result<OpenSsl> open_openssl() {
    const auto unusable = [] {
        const char* const why = ::dlerror();
        return Error(errc::connection_failed, std::string("TLS needs OpenSSL: ") + (why != nullptr ? why : LIBRARY) +
                                                  " (on Debian: apt-get install libssl3)");
    };
    void* const library = ::dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) return unusable();
    OpenSsl functions;
    // A look-up by the handle finds what libssl depends on too, which is libcrypto.
#define P9_OPENSSL_FIND(name)                                                             \
    functions.name = reinterpret_cast<decltype(functions.name)>(::dlsym(library, #name)); \
    if (functions.name == nullptr) return unusable();
    P9_OPENSSL_FUNCTIONS(P9_OPENSSL_FIND)
#undef P9_OPENSSL_FIND
    return functions;
}

}  // namespace p9::transports

#endif
