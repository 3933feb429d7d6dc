// A fake server on a transport: one client, from its first message to its end.
//
// Shared by the coroutines that receive and send. One thread.
#pragma once

#include "p9/transport.hpp"
#include "tests/support/fake_server.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>

#include <memory>
#include <utility>

namespace p9::test {

struct FakeConnection : std::enable_shared_from_this<FakeConnection> {
    FakeConnection(std::unique_ptr<Transport> t, Tree& tree, const Knobs& knobs)
        : transport(std::move(t)), server(tree, knobs, sink()) {}

    /// Serves until the client hangs up.
    static awaitable<void> serve(std::shared_ptr<FakeConnection> self) {
        // A client may ask for any msize; the fake server's own bound is what its messages need.
        self->transport->max_message(16 << 20);
        while (true) {
            auto frame = co_await self->transport->receive();
            if (!frame) break;
            self->server.receive(frame->bytes());
        }
        for (const auto& complaint : self->server.complaints())
            std::fprintf(stderr, "fake_server: complaint: %s\n", complaint.c_str());
        self->transport->close();
    }

    std::unique_ptr<Transport> transport;
    ByteVector outbox;
    bool sending = false;
    FakeServer server;

private:
    FakeServer::Sink sink() {
        FakeServer::Sink made;
        made.send = [this](const ByteVector& frame) {
            outbox.insert(outbox.end(), frame.begin(), frame.end());
            start_sending();
        };
        made.hang_up = [this] { transport->close(); };
        made.later = [this](std::function<void()> work) {
            boost::asio::post(transport->executor(), [self = shared_from_this(), work = std::move(work)] { work(); });
        };
        return made;
    }
    void start_sending() {
        if (std::exchange(sending, true)) return;
        boost::asio::co_spawn(transport->executor(), send_all(shared_from_this()), boost::asio::detached);
    }
    static awaitable<void> send_all(std::shared_ptr<FakeConnection> self) {
        while (!self->outbox.empty()) {
            const ByteVector batch = std::exchange(self->outbox, {});
            const auto sent = co_await self->transport->send(batch);
            if (!sent) co_return;
        }
        self->sending = false;
    }
};

}  // namespace p9::test
