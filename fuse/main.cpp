#include "fuse/mount.hpp"
#include "fuse/status.hpp"
#include "tools/messages.hpp"

#include <unistd.h>

#include <cstdio>

#ifndef P9_VERSION
#error "P9_VERSION comes from CMake"
#endif

int main(int argc, char** argv) {
    using namespace p9;
    const auto options = fuse::parse_options({argv + (argc > 0 ? 1 : 0), argv + argc});
    if (!options) {
        tools::complain("p9fuse", options.error().message());
        return tools::EXIT_USAGE;
    }
    if (options->help || options->version) {
        const std::string_view text = options->help ? fuse::help_text() : "p9fuse " P9_VERSION "\n";
        return std::fwrite(text.data(), 1, text.size(), stdout) == text.size() ? tools::EXIT_DONE : tools::EXIT_REFUSED;
    }
    if (options->status) return fuse::show_status(*options->status, options->json, options->patience);
    fuse::Starter starter;
    if (const auto status = starter.begin(options->foreground)) return *status;
    // After the fork: an io_context's descriptors are not for sharing.
    boost::asio::io_context io(1);
    fuse::Mount mount(io, *options, starter);
    return mount.run();
}
