// The fake server as a program: serves a small tree with the habits that its knobs ask for.
//
//     fake_server --listen ADDRESS [--dialect NAME] [--knob NAME[=VALUE]]...
//
// Prints the address when it listens, one line, and serves until it is ended. The tree:
//     file (text)  big (10 MiB)  status (length 0, has data)  ctl  event (blocks)
//     directory/ (1000 files)  link -> file  deep/d0/d1/... (40 levels)
#include "p9/transports/listen.hpp"
#include "tests/support/fake_connection.hpp"

#include <boost/asio/io_context.hpp>

#include <csignal>
#include <cstdio>

namespace p9::test {
namespace {

namespace asio = boost::asio;

void fill(Tree& tree) {
    tree.add_file("file", "text\n");
    std::string big;
    for (int i = 0; big.size() < 10 << 20; ++i) big += std::to_string(i) + "\n";
    tree.add_file("big", big);
    tree.add_file("status", "all is well\n", Behaviour::synthetic);
    tree.add_file("ctl", "", Behaviour::ctl);
    tree.add_file("event", "", Behaviour::event);
    tree.add_symlink("link", "file");
    tree.add_directory("directory");
    for (int i = 0; i < 1000; ++i) tree.add_file("directory/entry" + std::to_string(i), std::to_string(i) + "\n");
    std::string path = "deep";
    tree.add_directory(path);
    for (int i = 0; i < 40; ++i) tree.add_directory(path += "/d" + std::to_string(i));
    tree.add_file(path + "/bottom", "deep text\n");
}

awaitable<void> accept_all(Address address, Tree& tree, const Knobs& knobs) {
    auto listener = co_await listen(std::move(address));
    if (!listener) {
        std::fprintf(stderr, "fake_server: %s\n", listener.error().message().c_str());
        std::exit(1);
    }
    std::printf("%s\n", to_string((*listener)->address()).c_str());
    std::fflush(stdout);
    while (true) {
        auto transport = co_await (*listener)->accept();
        if (!transport) co_return;
        auto connection = std::make_shared<FakeConnection>(std::move(*transport), tree, knobs);
        const auto executor = connection->transport->executor();
        asio::co_spawn(executor, FakeConnection::serve(std::move(connection)), asio::detached);
    }
}

int usage() {
    std::fprintf(stderr, "usage: fake_server --listen ADDRESS [--dialect NAME] [--knob NAME[=VALUE]]...\nknobs:\n%s",
                 knob_names().c_str());
    return 2;
}

int main(int argc, char** argv) {
    Knobs knobs;
    std::optional<Address> address;
    for (int i = 1; i + 1 < argc; i += 2) {
        const std::string option = argv[i];
        const std::string value = argv[i + 1];
        if (option == "--listen") {
            auto parsed = parse_listen_address(value);
            if (!parsed) {
                std::fprintf(stderr, "fake_server: %s\n", parsed.error().message().c_str());
                return 2;
            }
            address = std::move(*parsed);
        } else if (option == "--dialect" ? !turn(knobs, "dialect=" + value)
                                         : option != "--knob" || !turn(knobs, value)) {
            return usage();
        }
    }
    if (!address || argc % 2 == 0) return usage();
    std::signal(SIGPIPE, SIG_IGN);
    Tree tree;
    tree.reuse_qid_paths = knobs.qid_path_reused;
    fill(tree);
    asio::io_context io(1);
    asio::co_spawn(io, accept_all(std::move(*address), tree, knobs), asio::detached);
    io.run();
    return 0;
}

}  // namespace
}  // namespace p9::test

int main(int argc, char** argv) { return p9::test::main(argc, argv); }
