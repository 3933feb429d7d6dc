// What real servers do at the start of a connection, and what must come of it. One test for each habit.
#include "tests/support/session_fixture.hpp"

namespace p9::test {
namespace {

class ServersHandshake : public FakeClient {
protected:
    static Knobs old_server(VersionAnswer answer, Dialect dialect = Dialect::base) {
        Knobs knobs;
        knobs.dialect = dialect;
        knobs.version_answer = answer;
        return knobs;
    }
    void expect_dialect(Dialect dialect, std::size_t connections) {
        EXPECT_EQ(client.session().dialect(), dialect);
        EXPECT_EQ(network.connections(), connections);
        const auto attributes = run(client.attributes("/"));
        ASSERT_TRUE(attributes) << outcome(attributes);
        EXPECT_TRUE(attributes->is_directory());
        expect_clean();
    }
};

TEST_F(ServersHandshake, unknown_version_answered_unknown) {
    connect(old_server(VersionAnswer::unknown));
    expect_dialect(Dialect::base, 1);
    EXPECT_EQ(server().count<Tversion>(), 3u);
}
TEST_F(ServersHandshake, unknown_version_answered_unknown_with_msize_0) {
    connect(old_server(VersionAnswer::unknown_msize_0, Dialect::unix_));
    expect_dialect(Dialect::unix_, 1);
}
TEST_F(ServersHandshake, unknown_version_answered_rerror) {
    connect(old_server(VersionAnswer::rerror));
    expect_dialect(Dialect::base, 1);
}
TEST_F(ServersHandshake, unknown_version_answered_rlerror) {
    connect(old_server(VersionAnswer::rlerror, Dialect::unix_));
    expect_dialect(Dialect::unix_, 1);
}
TEST_F(ServersHandshake, unknown_version_answered_by_a_closed_connection) {
    connect(old_server(VersionAnswer::hang_up));
    expect_dialect(Dialect::base, 3);
}
TEST_F(ServersHandshake, unknown_version_never_answered) {
    SessionOptions options;
    options.version_timeout = std::chrono::milliseconds(5);
    connect(old_server(VersionAnswer::silence), options);
    expect_dialect(Dialect::base, 3);
}
TEST_F(ServersHandshake, less_is_answered_and_taken) {
    connect(old_server(VersionAnswer::less));
    expect_dialect(Dialect::base, 1);
    EXPECT_EQ(server().count<Tversion>(), 1u);
}
TEST_F(ServersHandshake, nothing_in_common_is_told) {
    SessionOptions options;
    options.dialects = {Dialect::linux_};
    const auto result = try_connect(old_server(VersionAnswer::unknown), options);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, code(errc::handshake_failed));
    EXPECT_NE(result.error().message().find("9P2000.L"), std::string::npos) << result.error().message();
}
TEST_F(ServersHandshake, dialect_9p2000_answered_to_whatever_is_asked) {
    Knobs knobs;
    knobs.dialect = Dialect::base;
    knobs.version_always = true;
    connect(knobs);
    expect_dialect(Dialect::base, 1);
}
TEST_F(ServersHandshake, dialect_9p2000_L_answered_to_whatever_is_asked) {
    Knobs knobs;
    knobs.version_always = true;
    SessionOptions options;
    options.dialects = {Dialect::base, Dialect::linux_};
    connect(knobs, options);
    expect_dialect(Dialect::linux_, 1);
}
TEST_F(ServersHandshake, dialect_that_was_not_wanted_is_not_taken) {
    Knobs knobs;
    knobs.version_always = true;
    SessionOptions options;
    options.dialects = {Dialect::base};
    const auto result = try_connect(knobs, options);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, code(errc::handshake_failed));
}

class ServersMsize : public FakeClient, public ::testing::WithParamInterface<u32> {};

TEST_P(ServersMsize, whatever_is_granted_is_kept_to) {
    Knobs knobs;
    knobs.msize = GetParam();
    knobs.strict_count = true;
    const std::string contents(300'000, 'x');
    tree().add_file("file", contents);
    for (int i = 0; i < 200; ++i) tree().add_file("a name of some length " + std::to_string(i), "");
    connect(knobs);
    EXPECT_EQ(client.session().msize(), std::min<u32>(GetParam(), 1 << 20));
    const auto text = run(client.read_file("file"));
    ASSERT_TRUE(text) << outcome(text);
    EXPECT_TRUE(*text == contents);
    const auto listing = run(client.list("/"));
    ASSERT_TRUE(listing) << outcome(listing);
    EXPECT_EQ(listing->entries.size(), 201u);
    ASSERT_TRUE(run(client.write_file("new", contents)));
    EXPECT_TRUE(tree().at("new")->data == contents);
    expect_clean();
}
INSTANTIATE_TEST_SUITE_P(Grants, ServersMsize, ::testing::Values(512, 4096, 8192, 65536, 1 << 20));

TEST_F(ServersHandshake, msize_is_echoed_whatever_it_is) {
    Knobs knobs;
    knobs.msize_echo = true;
    SessionOptions options;
    options.msize = 0x7fffffff;  // never allocated ahead: this would not fit
    connect(knobs, options);
    EXPECT_EQ(client.session().msize(), 0x7fffffffu);
    tree().add_file("file", "small");
    const auto text = run(client.read_file("file"));
    ASSERT_TRUE(text) << outcome(text);
    EXPECT_EQ(*text, "small");
}

TEST_F(ServersHandshake, auth_answered_by_error_attaches_without) {
    bool asked = false;
    AttachOptions attach{"glenda", "", 1000, 0, {}};
    attach.auth = [&asked](AuthChannel&) -> awaitable<Result<void>> {
        asked = true;
        co_return Result<void>();
    };
    connect({}, {}, attach);
    EXPECT_FALSE(asked);
    EXPECT_EQ(server().count<Tauth>(), 1u);
    expect_clean();
}

TEST_F(ServersHandshake, auth_that_is_wanted_is_conversed) {
    Knobs knobs;
    knobs.auth_required = true;
    std::string greeting;
    AttachOptions attach{"glenda", "", 1000, 0, {}};
    attach.auth = [&greeting](AuthChannel& channel) -> awaitable<Result<void>> {
        auto reading = channel.read(100);
        auto read = co_await std::move(reading);
        if (!read) co_return read.error();
        greeting = text_of(*read);
        auto writing = channel.write(bytes("secret"));
        co_return co_await std::move(writing);
    };
    connect(knobs, {}, attach);
    EXPECT_EQ(greeting, "who goes there?");
    expect_clean();
}

TEST_F(ServersHandshake, auth_that_fails_ends_the_attach) {
    Knobs knobs;
    knobs.auth_required = true;
    AttachOptions attach{"glenda", "", 1000, 0, {}};
    attach.auth = [](AuthChannel&) -> awaitable<Result<void>> { co_return Error::from_errno(13, "wrong password"); };
    const auto result = try_connect(knobs, {}, attach);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, code(errc::handshake_failed));
    EXPECT_NE(result.error().message().find("wrong password"), std::string::npos);
}

TEST_F(ServersHandshake, aname_that_is_refused_is_the_servers_error) {
    Knobs knobs;
    knobs.aname = "/srv/tree";
    const auto refused = try_connect(knobs);
    ASSERT_FALSE(refused);
    EXPECT_TRUE(refused.error().is_errno(2)) << outcome(refused);
    const auto accepted = try_connect(knobs, {}, {"glenda", "/srv/tree", 1000, 0, {}});
    EXPECT_TRUE(accepted) << outcome(accepted);
}

}  // namespace
}  // namespace p9::test
