// A directory that is served, and the machine that it is on.
#pragma once

#include "tests/serve/backends.hpp"

namespace p9::serve::test {

class HostTest : public ::testing::Test, protected Driver {
protected:
    std::unique_ptr<DirectoryTree> serve(const std::filesystem::path& path, bool read_only = false,
                                         bool devices = false) {
        DirectoryOptions options;
        options.path = path;
        options.read_only = read_only;
        options.devices = devices;
        return DirectoryTree::open(loop.executor(), options).value();
    }
    Scratch scratch;
};

}  // namespace p9::serve::test
