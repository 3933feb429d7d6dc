// p9serve's command line. Plain values.
#pragma once

#include "tools/capture.hpp"
#include "tools/p9serve/directory.hpp"
#include "tools/p9serve/memory.hpp"
#include "tools/p9serve/server.hpp"
#include "tools/p9serve/sip/sip.hpp"

#include <variant>

namespace p9::serve {

struct Options {
    std::vector<Address> listen;
    std::variant<DirectoryOptions, MemoryOptions, sip::SipOptions> tree;
    ServerOptions server;
    ListenOptions listening;
    bool verbose = false;
    std::optional<std::string> trace;         ///< "-" is standard error
    std::shared_ptr<tools::Capture> capture;  ///< null: none
};

/// The options, or nothing with `status` set to what to exit with, after help or one line of complaint was printed.
std::optional<Options> parse_options(int argc, char** argv, int& status);

}  // namespace p9::serve
