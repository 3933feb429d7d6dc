// A connection in memory whose server is a script: the test reads what the client sent and says what comes back.
//
// ScriptedTransport is the client's end and keeps the rules of transport.hpp strictly: received bytes live in
// a heap block of exactly their size that is gone at the next receive, and sent bytes are looked at as late as allowed,
// so that the address sanitizer sees every misuse. ServerEnd is the test's end. Both share a Link.
#pragma once

#include "p9/trace.hpp"
#include "p9/transport.hpp"
#include "p9/wire.hpp"
#include "tests/support/loop.hpp"

#include <deque>
#include <vector>

namespace p9::test {

/// What one connection's two ends share.
struct Link {
    explicit Link(boost::asio::any_io_executor executor);

    std::deque<std::vector<u8>> to_server;
    std::deque<std::vector<u8>> to_client;
    /// Called for each message of the client instead of queueing it in `to_server`.
    std::function<void(Bytes)> on_message;
    bool closed_by_client = false;
    bool closed_by_server = false;
    bool sends_held = false;          ///< sends do not complete
    std::optional<std::size_t> room;  ///< what an offer takes at most, in bytes; none: offers are refused
    std::vector<u8> begun;            ///< the part of a message that an offer has taken
    std::vector<bool> lent;           ///< what the offers said
    bool leftovers = false;           ///< what Transport::leftovers says
    bool fail_next_send = false;      ///< the next send fails, and with it the connection
    u32 max_message = 0xffffffff;     ///< what the client allows
    boost::asio::steady_timer receive_wake;
    boost::asio::steady_timer send_wake;

    void wake();
    void close_from_server();
    /// Whole messages of the client's have come.
    void deliver(Bytes messages);
};

/// The client's end.
class ScriptedTransport final : public Transport {
public:
    ScriptedTransport(std::shared_ptr<Link> link, boost::asio::any_io_executor executor)
        : link_(std::move(link)), executor_(std::move(executor)) {}
    ~ScriptedTransport() override { close(); }

    boost::asio::any_io_executor executor() override { return executor_; }
    awaitable<Result<void>> send(Bytes messages) override;
    std::size_t offer(Bytes head, Bytes data, bool lent) override;
    awaitable<Result<Frame>> receive() override;
    void max_message(u32 bytes) override { link_->max_message = bytes; }
    bool leftovers() const override { return link_->leftovers; }
    void close() override;
    std::string peer() const override { return "script"; }

private:
    std::shared_ptr<Link> link_;
    boost::asio::any_io_executor executor_;
    std::unique_ptr<Buffer> received_;
    bool sending_ = false;
    bool receiving_ = false;
};

/// A message of the client's.
template <class T>
struct Received {
    Tag tag = NOTAG;
    T message;
    std::vector<u8> frame;  // the payload of `message` is a view into this
};

/// The bytes of a message.
template <class T>
std::vector<u8> bytes_of(Tag tag, const T& message, Dialect dialect) {
    ByteVector out;
    if (!encode(out, tag, message, dialect)) throw ScriptFailure("the script's message cannot be encoded");
    return {out.begin(), out.end()};
}

/// The server's end, driven by a test.
class ServerEnd {
public:
    ServerEnd(Loop& loop, std::shared_ptr<Link> link) : loop_(&loop), link_(std::move(link)) {}

    Dialect dialect = Dialect::linux_;
    Link& link() { return *link_; }

    /// The next message, which must be a T.
    template <class T>
    Received<T> expect() {
        Received<T> received;
        received.frame = next(std::string(T::message));
        const Header header = header_of(received.frame);
        auto message = header.type == T::type ? decode<T>(body_of(received.frame), dialect) : std::nullopt;
        if (!message) fail(std::string(T::message), received.frame);
        received.tag = header.tag;
        received.message = std::move(*message);
        return received;
    }
    /// The next message, which must be this one; its tag.
    template <class T>
    Tag expect(const T& wanted) {
        auto received = expect<T>();
        if (!(received.message == wanted))
            fail(describe(bytes_of(received.tag, wanted, dialect), dialect), received.frame);
        return received.tag;
    }
    /// Fails if the client has sent, or now sends, anything.
    void expect_nothing();
    /// Waits until the client has closed its end.
    void expect_closed();

    template <class T>
    void reply(Tag tag, const T& message) {
        reply_bytes(bytes_of(tag, message, dialect));
    }
    /// Any bytes as one frame.
    void reply_bytes(std::vector<u8> bytes);
    /// Rlerror or Rerror, as the dialect has it.
    void refuse(Tag tag, u32 number, std::string words = "refused");
    /// Ends the connection. What was replied before still arrives.
    void close() { link_->close_from_server(); }

    /// Sends stay under way, and later requests in the outbox, until `release`.
    void hold_sends() { link_->sends_held = true; }
    void release_sends();

private:
    std::vector<u8> next(const std::string& wanted);
    [[noreturn]] void fail(const std::string& wanted, Bytes got) const;

    Loop* loop_;
    std::shared_ptr<Link> link_;
};

/// Dials scripted connections and hands the test their other ends.
class ScriptedServer {
public:
    explicit ScriptedServer(Loop& loop) : loop_(loop) {}
    Dialler dialler();
    /// The server's end of the next connection that the client dials.
    ServerEnd accept();
    /// Connections from now on are ports with leftovers.
    void leave_leftovers() { leftovers_ = true; }
    /// The dialler fails from now on.
    void refuse_connections() { refusing_ = true; }
    std::size_t dialled() const { return links_->size(); }

private:
    Loop& loop_;
    std::shared_ptr<std::vector<std::shared_ptr<Link>>> links_ = std::make_shared<std::vector<std::shared_ptr<Link>>>();
    std::size_t accepted_ = 0;
    bool refusing_ = false;
    bool leftovers_ = false;
};

}  // namespace p9::test
