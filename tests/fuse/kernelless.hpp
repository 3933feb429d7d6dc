// What a mount has, without a kernel: a FileSystem whose server is in this process, so that a test can hold answers
// back and count requests.
#pragma once

#include "fuse/filesystem.hpp"

#include "p9/transports/listen.hpp"
#include "tests/fuse/mounted.hpp"
#include "tests/support/fake_connection.hpp"
#include "tests/support/loop.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

namespace p9::test {

class KernellessTest : public testing::Test {
protected:
    ~KernellessTest() override {
        fs_.reset();
        connection_.reset();
        if (listener_) listener_->close();
        if (client_) client_->transport->close();
        loop_.settle();
    }
    /// Serves tree_ with such knobs, and connects to it.
    void serve(const Knobs& knobs, fuse::Behaviour behaviour = {}) {
        const Address address = UnixAddress{(scratch_ / "socket").string()};
        auto listening = listen(address);
        auto listener = loop_.run(std::move(listening));
        ASSERT_TRUE(listener) << listener.error().message();
        listener_ = std::move(*listener);
        boost::asio::co_spawn(loop_.context(), accept(this, knobs), boost::asio::detached);
        fuse::ConnectionOptions how;
        how.address = address;
        how.session.dialects = {knobs.dialect};
        how.attach.label = fuse::MOUNTS_OWN;
        connection_.emplace(loop_.executor(), std::move(how), log_);
        auto root = loop_.run(connection_->connect());
        ASSERT_TRUE(root) << root.error().message();
        behaviour.attribute_timeout = behaviour.entry_timeout = 1000;
        fs_ = std::make_unique<fuse::FileSystem>(*connection_, std::move(*root), std::move(behaviour), log_);
    }
    FakeServer& server() { return client_->server; }
    /// Waits until the server has got so many requests of a kind.
    template <class T>
    void wait_for(std::size_t count) {
        ASSERT_TRUE(loop_.run_until([&] { return server().count<T>() >= count; })) << T::message;
    }

    Scratch scratch_;
    Loop loop_;
    Tree tree_;
    fuse::Log log_;
    std::unique_ptr<Listener> listener_;
    std::shared_ptr<FakeConnection> client_;  ///< as the server has it
    std::optional<fuse::Connection> connection_;
    std::unique_ptr<fuse::FileSystem> fs_;

private:
    static awaitable<void> accept(KernellessTest* self, Knobs knobs) {
        auto transport = co_await self->listener_->accept();
        if (!transport) co_return;
        self->client_ = std::make_shared<FakeConnection>(std::move(*transport), self->tree_, knobs);
        auto serving = FakeConnection::serve(self->client_);
        co_await std::move(serving);
    }
};

}  // namespace p9::test
