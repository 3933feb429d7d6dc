// One Twalk and its Rwalk over a socketpair: by the library, and by a bare write and read of the same bytes. The other
// end is the same thread in both, which answers from memory; the time that counts is this thread's CPU time.
#include "p9/client.hpp"
#include "p9/transports/dial.hpp"

#include <benchmark/benchmark.h>
#include <boost/asio/io_context.hpp>

#include <array>
#include <thread>

#include <sys/socket.h>
#include <unistd.h>

namespace {

using namespace p9;
namespace asio = boost::asio;

constexpr Fid root{0};
constexpr Fid walked{1};

Twalk walk_request() {
    Twalk request{root, walked, {}};
    request.wname.emplace_back("hello.txt");
    return request;
}

/// Answers every request that comes whole in one read, which on a socketpair with one request in flight is each.
class Peer {
public:
    Peer() {
        std::array<int, 2> pair{};
        if (::socketpair(AF_UNIX, SOCK_STREAM, 0, pair.data()) != 0) std::abort();
        ours_ = pair[0];
        thread_ = std::thread([fd = pair[1]] { serve(fd); });
    }
    ~Peer() {
        ::shutdown(ours_, SHUT_RDWR);
        thread_.join();
        ::close(ours_);
    }
    Peer(const Peer&) = delete;
    Peer& operator=(const Peer&) = delete;
    /// The near end; whoever hands it to something that closes it takes a dup.
    int fd() const { return ours_; }

private:
    static void serve(int fd) {
        const auto answer = [](const auto& reply) {
            ByteVector bytes;
            if (!encode(bytes, Tag{0}, reply, Dialect::linux_)) std::abort();
            return bytes;
        };
        Rwalk walk;
        walk.wqid.push_back({QTFILE, 1, 2});
        ByteVector version = answer(Rversion{1 << 16, "9P2000.L"});
        ByteVector attach = answer(Rattach{Qid{QTDIR, 0, 1}});
        ByteVector rwalk = answer(walk);
        ByteVector clunk = answer(Rclunk{});
        std::array<u8, 4096> in{};
        for (;;) {
            const auto n = ::read(fd, in.data(), in.size());
            if (n < static_cast<ssize_t>(HEADER_SIZE)) break;
            ByteVector& out = in[4] == Twalk::type      ? rwalk
                              : in[4] == Tversion::type ? version
                              : in[4] == Tattach::type  ? attach
                                                        : clunk;
            std::memcpy(out.data() + 5, in.data() + 5, 2);  // the tag
            if (::write(fd, out.data(), out.size()) < 0) break;
        }
        ::close(fd);
    }
    int ours_ = -1;
    std::thread thread_;
};

void walk_bare(benchmark::State& state) {
    const Peer peer;
    ByteVector request;
    if (!encode(request, Tag{1}, walk_request(), Dialect::linux_)) return state.SkipWithError("does not encode");
    std::array<u8, 4096> in{};
    for (auto _ : state) {
        if (::write(peer.fd(), request.data(), request.size()) < 0 || ::read(peer.fd(), in.data(), in.size()) <= 0)
            return state.SkipWithError("the peer has gone");
    }
}

awaitable<void> walk_loop(const Peer& peer, benchmark::State& state) {
    const int fd = ::dup(peer.fd());
    Dialler dial = dialler(FdAddress{fd, fd});
    SessionOptions session_options;
    AttachOptions attach_options;
    auto client = co_await Client::connect(std::move(dial), std::move(session_options), std::move(attach_options));
    if (!client) co_return state.SkipWithError(client.error().message().c_str());
    Session& session = client->session();
    const Twalk request = walk_request();
    for (auto _ : state) {
        Call<Twalk> call(session, request);
        auto reply = co_await call.reply();
        if (!reply) co_return state.SkipWithError(reply.error().message().c_str());
    }
    Error done(errc::cancelled);
    session.abort(std::move(done));
}

void walk_by_library(benchmark::State& state) {
    const Peer peer;
    asio::io_context io(1);
    asio::co_spawn(io, walk_loop(peer, state), [](std::exception_ptr failure) {
        if (failure) std::rethrow_exception(failure);
    });
    io.run();
}

// Their ratio is what counts: taken from repetitions that alternate, so that a change of the machine's pace hits both.
BENCHMARK(walk_bare)->Name("walk/bare");
BENCHMARK(walk_by_library)->Name("walk/library");

}  // namespace
