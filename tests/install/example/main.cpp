// read_file ADDRESS ANAME PATH: prints a file of a 9P server. What a program outside this project looks like.
#include <p9/blocking.hpp>
#include <p9/transports/address.hpp>
#include <p9/transports/dial.hpp>

#include <unistd.h>

#include <csignal>
#include <cstdio>

int main(int argc, char** argv) {
    if (argc != 4) {
        std::fputs("usage: read_file ADDRESS ANAME PATH\n", stderr);
        return 2;
    }
    std::signal(SIGPIPE, SIG_IGN);  // a server that goes away is an error value, not the end of the program

    const auto address = p9::parse_address(argv[1]);
    if (!address) {
        std::fprintf(stderr, "read_file: %s\n", address.error().message().c_str());
        return 2;
    }

    p9::AttachOptions attach;
    attach.uname = "nobody";
    attach.n_uname = static_cast<p9::u32>(getuid());
    attach.aname = argv[2];
    auto server = p9::BlockingClient::connect(p9::dialler(*address), {}, attach);
    if (!server) {
        std::fprintf(stderr, "read_file: %s: %s\n", argv[1], server.error().message().c_str());
        return 3;
    }

    const auto contents = server->read_file(argv[3]);
    if (!contents) {
        std::fprintf(stderr, "read_file: %s: %s\n", argv[3], contents.error().message().c_str());
        return 1;
    }
    std::fwrite(contents->data(), 1, contents->size(), stdout);
    return 0;
}
