// p9proxy's command line. Plain values.
#pragma once

#include "p9/transports/listen.hpp"
#include "tools/capture.hpp"
#include "tools/p9proxy/proxy_options.hpp"

#include <string>
#include <vector>

namespace p9::proxy {

struct Options {
    std::vector<Address> listen;
    ListenOptions listening;
    Address dial;
    DialOptions dialling;
    ProxyOptions proxy;
    bool verbose = false;
    std::optional<std::string> trace;         ///< "-" is standard error
    std::shared_ptr<tools::Capture> capture;  ///< null: none
};

/// The options, or nothing with `status` set to what to exit with, after help or one line of complaint was printed.
std::optional<Options> parse_options(int argc, char** argv, int& status);

}  // namespace p9::proxy
