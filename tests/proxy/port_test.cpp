// Servers behind a port with leftovers: bytes of an earlier conversation come first (transport.hpp).
#include "tests/proxy/proxied.hpp"

namespace p9::test {
namespace {

using ::testing::HasSubstr;

/// A connection that says of itself that it is such a port.
class Port final : public Transport {
public:
    explicit Port(std::unique_ptr<Transport> inner) : inner_(std::move(inner)) {}
    boost::asio::any_io_executor executor() override { return inner_->executor(); }
    awaitable<Result<void>> send(Bytes messages) override { return inner_->send(messages); }
    awaitable<Result<Frame>> receive() override { return inner_->receive(); }
    bool ready() const override { return inner_->ready(); }
    void max_message(u32 bytes) override { inner_->max_message(bytes); }
    bool leftovers() const override { return true; }
    void close() override { inner_->close(); }
    std::string peer() const override { return inner_->peer(); }

private:
    std::unique_ptr<Transport> inner_;
};

class ProxyPort : public ::testing::TestWithParam<bool> {
protected:
    static proxy::ProxyOptions options() {
        proxy::ProxyOptions options;
        options.share = GetParam();
        options.dialects = {Dialect::linux_};
        return options;
    }
    Between between_{options(), [](std::unique_ptr<Transport> inner) -> std::unique_ptr<Transport> {
                         return std::make_unique<Port>(std::move(inner));
                     }};
    Peer client_ = between_.client();
};

TEST_P(ProxyPort, LeftoversAreSkippedBeforeRversion) {
    client_.send(number(NOTAG), Tversion{8192, "9P2000.L"});
    Peer server = between_.server();
    EXPECT_THAT(server.next(), HasSubstr("Tversion"));
    server.send(7, Rclunk{});
    server.send(9, Rlerror{5});
    server.send(number(NOTAG), Rversion{8192, "9P2000.L"});
    EXPECT_EQ(client_.next(), "Rversion tag=NOTAG msize=8192 version=\"9P2000.L\"");
    client_.send(1, Tattach{Fid{0}, NOFID, "u", "", 1});
    EXPECT_THAT(server.next(), HasSubstr("Tattach"));
}

TEST_P(ProxyPort, GarbageMeansAnotherTry) {
    client_.send(number(NOTAG), Tversion{8192, "9P2000.L"});
    Peer first = between_.server();
    EXPECT_THAT(first.next(), HasSubstr("Tversion"));
    first.send_bytes(ByteVector(20, 0xff));
    EXPECT_EQ(first.next(), "closed");
    Peer second = between_.server();
    EXPECT_THAT(second.next(), HasSubstr("Tversion"));
    second.send(number(NOTAG), Rversion{8192, "9P2000.L"});
    EXPECT_EQ(client_.next(), "Rversion tag=NOTAG msize=8192 version=\"9P2000.L\"");
}

INSTANTIATE_TEST_SUITE_P(Proxy, ProxyPort, ::testing::Bool(),
                         [](const auto& share) { return std::string(share.param ? "Shared" : "Relayed"); });

TEST(ProxyPortShared, AServerThatHasForgottenTheConversationIsLost) {
    Between between(sharing(), [](std::unique_ptr<Transport> inner) -> std::unique_ptr<Transport> {
        return std::make_unique<Port>(std::move(inner));
    });
    Peer client = between.client();
    Peer server = between.shared_server(client, Dialect::linux_);
    client.send(1, Tattach{Fid{0}, NOFID, "u", "", 1});
    // The guest is another by now, and answers what shows that with an error.
    for (std::string message = server.next(); !message.starts_with("Tflush"); message = server.next())
        EXPECT_THAT(message, HasSubstr("Tattach"));
    server.send(0, Rlerror{71});
    server.send(1, Rlerror{71});
    EXPECT_TRUE(between.logs("the server has forgotten the conversation"));
    while (client.next() != "closed") {
    }
}

}  // namespace
}  // namespace p9::test
