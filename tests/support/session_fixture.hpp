// What the tests of sessions share: a session over a scripted connection, and one over a fake server.
#pragma once

#include "p9/client.hpp"
#include "tests/support/fake_network.hpp"

#include <gtest/gtest.h>

#include <string>

namespace p9::test {

inline boost::system::error_code code(errc value) { return make_error_code(value); }

/// "ok" or what went wrong, for messages of failed expectations.
template <class T>
std::string outcome(const Result<T>& result) {
    return result ? "ok" : result.error().code.message() + " (" + result.error().message() + ")";
}

inline std::string text_of(const Payload& payload) {
    return {reinterpret_cast<const char*>(payload.bytes.data()), payload.bytes.size()};
}
inline Payload payload(std::string_view text) {
    return Payload(Bytes(reinterpret_cast<const u8*>(text.data()), text.size()));
}
inline Bytes bytes(std::string_view text) { return {reinterpret_cast<const u8*>(text.data()), text.size()}; }

using SessionResult = Result<std::shared_ptr<Session>>;

/// A session whose server is the test.
class ScriptedSession : public ::testing::Test {
protected:
    /// Opens the session: the first offer is taken, with `msize`.
    void open(Dialect dialect = Dialect::linux_, SessionOptions options = {}, u32 msize = 8192) {
        options.dialects = {dialect};
        auto opening = loop.start(Session::open(network.dialler(), options));
        server.emplace(network.accept());
        server->dialect = dialect;
        const auto version = server->expect<Tversion>();
        server->reply(version.tag, Rversion{msize, std::string(version_string(dialect))});
        auto opened = opening.get();
        ASSERT_TRUE(opened) << outcome(opened);
        session = *opened;
    }

    /// Starts T{args...}.
    template <class T, class... Args>
    Pending<Result<typename T::Reply>> start(Args... args) {
        return loop.start(session->rpc<T>(std::move(args)...));
    }

    /// The session has ended for `reason`, and its text holds all of `words`.
    void expect_ended(errc reason, const std::vector<std::string>& words = {}) {
        ASSERT_TRUE(loop.run_until([this] { return session->ended().has_value(); })) << "the session goes on";
        const Error& error = *session->ended();
        EXPECT_EQ(error.code, code(reason)) << error.message();
        for (const auto& word : words) EXPECT_NE(error.message().find(word), std::string::npos) << error.message();
        EXPECT_EQ(session->requests_in_flight(), 0u);
    }

    /// After all is answered: nothing is in flight and nothing came unasked.
    void expect_quiet() {
        server->expect_nothing();
        EXPECT_EQ(session->requests_in_flight(), 0u);
        EXPECT_FALSE(session->ended()) << session->ended()->message();
    }

    Loop loop;
    ScriptedServer network{loop};
    std::optional<ServerEnd> server;
    std::shared_ptr<Session> session;
};

/// A client of a fake server.
class FakeClient : public ::testing::Test {
protected:
    void connect(Knobs knobs = {}, SessionOptions options = {}, AttachOptions attach = {"glenda", "", 1000, 0, {}}) {
        const auto connected = try_connect(std::move(knobs), std::move(options), std::move(attach));
        ASSERT_TRUE(connected) << outcome(connected);
    }
    Result<void> try_connect(Knobs knobs = {}, SessionOptions options = {},
                             AttachOptions attach = {"glenda", "", 1000, 0, {}}) {
        network.knobs() = std::move(knobs);
        auto result = loop.run(Client::connect(network.dialler(), std::move(options), std::move(attach)));
        if (!result) return result.error();
        client = std::move(*result);
        return {};
    }

    FakeServer& server() { return network.server(); }
    Tree& tree() { return network.tree(); }
    template <class T>
    T run(awaitable<T> work) {
        return loop.run(std::move(work));
    }

    /// Nothing is left over: one fid (the root), no request, and the server has nothing to complain of.
    void expect_clean() {
        loop.settle();
        EXPECT_EQ(client.session().fids_in_use(), 1u);
        EXPECT_EQ(client.session().requests_in_flight(), 0u);
        EXPECT_EQ(server().fids(), 1u);
        EXPECT_TRUE(server().complaints().empty()) << server().complaints().front();
        EXPECT_FALSE(client.session().ended()) << client.session().ended()->message();
    }

    Loop loop;
    FakeNetwork network{loop};
    Client client;
};

}  // namespace p9::test
