// delay_proxy LISTEN DIAL MILLISECONDS: runs a p9::test::DelayProxy until it is killed. LISTEN and DIAL are HOST:PORT
// or the path of a Unix socket. Prints the address that it listens on once it does.
#include "support/delay_proxy.hpp"

#include <cstdio>
#include <cstdlib>
#include <exception>

int main(int argc, char** argv) {
    if (argc != 4) {
        std::fputs("usage: delay_proxy LISTEN DIAL MILLISECONDS\n", stderr);
        return 2;
    }
    try {
        const std::chrono::duration<double, std::milli> delay(std::strtod(argv[3], nullptr));
        boost::asio::io_context io(1);
        p9::test::DelayProxy proxy(io, p9::test::stream_endpoint(argv[1]), p9::test::stream_endpoint(argv[2]),
                                   std::chrono::duration_cast<std::chrono::nanoseconds>(delay));
        std::puts(p9::test::stream_endpoint_text(proxy.local_endpoint()).c_str());
        std::fflush(stdout);
        io.run();
    } catch (const std::exception& failure) {
        std::fprintf(stderr, "delay_proxy: %s\n", failure.what());
        return 1;
    }
    return 0;
}
