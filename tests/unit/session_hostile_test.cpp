// Replies that the protocol forbids: each ends the session with a text that names the message and what was wrong.
#include "tests/support/session_fixture.hpp"

namespace p9::test {
namespace {

class SessionHostile : public ScriptedSession {
protected:
    /// Starts T{args...}, answers with the bytes that `reply` makes of the tag, and expects the end.
    template <class T, class... Args>
    void violate(const std::function<std::vector<u8>(Tag)>& reply, const std::vector<std::string>& words,
                 Args... args) {
        open(dialect);
        auto pending = start<T>(std::move(args)...);
        auto bystander = start<Tclunk>(Fid{77});
        const auto request = server->template expect<T>();
        server->reply_bytes(reply(request.tag));
        const auto result = pending.get();
        ASSERT_FALSE(result);
        EXPECT_EQ(result.error().code, code(errc::protocol_violation)) << result.error().message();
        const auto other = bystander.get();
        ASSERT_FALSE(other);
        EXPECT_EQ(other.error().code, code(errc::protocol_violation));
        expect_ended(errc::protocol_violation, words);
        server->expect_closed();
        const auto later = loop.run(session->rpc<Tclunk>(Fid{78}));
        ASSERT_FALSE(later);
        EXPECT_EQ(later.error().code, code(errc::protocol_violation));
    }
    template <class R>
    std::vector<u8> made(Tag tag, const R& message) {
        return bytes_of(tag, message, dialect);
    }
    /// With its size field set right.
    static std::vector<u8> sized(std::vector<u8> bytes) {
        for (int i = 0; i < 4; ++i) bytes[static_cast<std::size_t>(i)] = static_cast<u8>(bytes.size() >> 8 * i);
        return bytes;
    }

    Dialect dialect = Dialect::linux_;
};

TEST_F(SessionHostile, wrong_type_for_the_request) {
    violate<Tread>([&](Tag tag) { return made(tag, Rwrite{3}); }, {"Rwrite", "Tread"}, Fid{1}, u64{0}, 10u);
}
TEST_F(SessionHostile, request_from_the_server) {
    violate<Tread>([&](Tag tag) { return made(tag, Tread{Fid{1}, 0, 10}); }, {"Tread"}, Fid{1}, u64{0}, 10u);
}
TEST_F(SessionHostile, request_from_the_server_with_a_tag_of_its_own) {
    violate<Tread>([&](Tag) { return made(Tag{900}, Tclunk{Fid{1}}); }, {"Tclunk"}, Fid{1}, u64{0}, 10u);
}
TEST_F(SessionHostile, unknown_type) {
    violate<Tread>([&](Tag tag) { return std::vector<u8>{7, 0, 0, 0, 99, static_cast<u8>(number(tag)), 0}; }, {"99"},
                   Fid{1}, u64{0}, 10u);
}
TEST_F(SessionHostile, terror) {
    violate<Tread>([&](Tag tag) { return std::vector<u8>{7, 0, 0, 0, 106, static_cast<u8>(number(tag)), 0}; }, {"106"},
                   Fid{1}, u64{0}, 10u);
}
TEST_F(SessionHostile, rread_above_the_request) {
    violate<Tread>([&](Tag tag) { return made(tag, Rread{payload("01234567890")}); }, {"Rread", "11", "10"}, Fid{1},
                   u64{0}, 10u);
}
TEST_F(SessionHostile, rread_whose_count_lies) {
    violate<Tread>(
        [&](Tag tag) {
            auto bytes = made(tag, Rread{payload("0123")});
            bytes[7] = 200;
            return bytes;
        },
        {"Rread"}, Fid{1}, u64{0}, 300u);
}
TEST_F(SessionHostile, rread_whose_count_is_huge) {
    violate<Tread>(
        [&](Tag tag) {
            auto bytes = made(tag, Rread{payload("0123")});
            std::fill_n(bytes.begin() + 7, 4, u8{0xff});
            return bytes;
        },
        {"Rread"}, Fid{1}, u64{0}, 300u);
}
TEST_F(SessionHostile, rreaddir_above_the_request) {
    violate<Treaddir>([&](Tag tag) { return made(tag, Rreaddir{payload("01234567890")}); }, {"Rreaddir", "11", "10"},
                      Fid{1}, u64{0}, 10u);
}
TEST_F(SessionHostile, rwalk_with_more_qids_than_names) {
    violate<Twalk>([&](Tag tag) { return made(tag, Rwalk{{Qid{}, Qid{}}}); }, {"Rwalk", "2", "1"}, Fid{1}, Fid{2},
                   Names{"name"});
}
TEST_F(SessionHostile, rwalk_with_more_than_sixteen_qids) {
    violate<Twalk>(
        [&](Tag tag) {
            auto bytes = made(tag, Rwalk{});
            bytes[7] = 17;
            bytes.resize(bytes.size() + 17 * 13);
            return sized(bytes);
        },
        {"Rwalk"}, Fid{1}, Fid{2}, Names(16, "name"));
}
TEST_F(SessionHostile, rwrite_count_above_the_request) {
    violate<Twrite>([&](Tag tag) { return made(tag, Rwrite{5}); }, {"Rwrite", "5", "4"}, Fid{1}, u64{0},
                    payload("data"));
}
TEST_F(SessionHostile, truncated) {
    violate<Tgetattr>(
        [&](Tag tag) {
            auto bytes = made(tag, Rgetattr{});
            bytes.pop_back();
            return sized(bytes);
        },
        {"Rgetattr"}, Fid{1}, u64{GETATTR_BASIC});
}
TEST_F(SessionHostile, header_only) {
    violate<Tgetattr>(
        [&](Tag tag) {
            auto bytes = made(tag, Rgetattr{});
            bytes.resize(7);
            return sized(bytes);
        },
        {"Rgetattr"}, Fid{1}, u64{GETATTR_BASIC});
}
TEST_F(SessionHostile, trailing_bytes) {
    violate<Tgetattr>(
        [&](Tag tag) {
            auto bytes = made(tag, Rgetattr{});
            bytes.push_back(0);
            return sized(bytes);
        },
        {"Rgetattr"}, Fid{1}, u64{GETATTR_BASIC});
}
TEST_F(SessionHostile, rclunk_with_a_body) {
    violate<Tremove>(
        [&](Tag tag) {
            auto bytes = made(tag, Rremove{});
            bytes.push_back(1);
            return sized(bytes);
        },
        {"Rremove"}, Fid{1});
}
TEST_F(SessionHostile, malformed_rlerror) {
    violate<Tread>(
        [&](Tag tag) {
            auto bytes = made(tag, Rlerror{2});
            bytes.pop_back();
            return sized(bytes);
        },
        {"Rlerror"}, Fid{1}, u64{0}, 10u);
}
TEST_F(SessionHostile, malformed_rerror) {
    dialect = Dialect::base;
    violate<Tread>(
        [&](Tag tag) {
            auto bytes = made(tag, Rerror{"words", 0});
            bytes[7] = 200;
            return bytes;
        },
        {"Rerror"}, Fid{1}, u64{0}, 10u);
}
TEST_F(SessionHostile, stat_whose_inner_size_lies) {
    dialect = Dialect::base;
    violate<Tstat>(
        [&](Tag tag) {
            Rstat reply;
            reply.stat.value.name = "name";
            auto bytes = made(tag, reply);
            --bytes[9];  // nstat[2] size[2]
            return bytes;
        },
        {"Rstat"}, Fid{1});
}
TEST_F(SessionHostile, message_above_msize) {
    violate<Tread>([&](Tag tag) { return made(tag, Rread{Bytes(std::vector<u8>(8192))}); }, {"8192"}, Fid{1}, u64{0},
                   8192u - IOHDRSZ);
}
TEST_F(SessionHostile, frame_of_less_than_a_header) {
    violate<Tread>([&](Tag) { return std::vector<u8>{6, 0, 0, 0, 117, 0}; }, {"6"}, Fid{1}, u64{0}, 10u);
}
TEST_F(SessionHostile, second_rversion) {
    violate<Tread>([&](Tag) { return made(NOTAG, Rversion{8192, "9P2000.L"}); }, {"Rversion"}, Fid{1}, u64{0}, 10u);
}
TEST_F(SessionHostile, rversion_as_a_reply) {
    violate<Tread>([&](Tag tag) { return made(tag, Rversion{8192, "9P2000.L"}); }, {"Rversion", "Tread"}, Fid{1},
                   u64{0}, 10u);
}
TEST_F(SessionHostile, error_for_a_tag_that_nobody_has) {
    violate<Tread>([&](Tag) { return made(Tag{300}, Rlerror{2}); }, {"Rlerror", "300"}, Fid{1}, u64{0}, 10u);
}

TEST_F(SessionHostile, rlerror_of_zero_is_an_error_all_the_same) {
    open();
    auto pending = start<Tread>(Fid{1}, u64{0}, 10u);
    server->reply(server->expect<Tread>().tag, Rlerror{0});
    const auto result = pending.get();
    ASSERT_FALSE(result);
    EXPECT_NE(result.error().to_errno(), 0);
    expect_quiet();
}

TEST_F(SessionHostile, rlerror_beyond_all_errno_numbers) {
    open();
    auto pending = start<Tread>(Fid{1}, u64{0}, 10u);
    server->reply(server->expect<Tread>().tag, Rlerror{0xffffffff});
    const auto result = pending.get();
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().to_errno(), 5);
    expect_quiet();
}

TEST_F(SessionHostile, rerror_where_9p2000_L_has_rlerror_is_understood) {
    open();
    auto pending = start<Tread>(Fid{1}, u64{0}, 10u);
    server->reply(server->expect<Tread>().tag, Rerror{"file does not exist", 0});
    const auto result = pending.get();
    ASSERT_FALSE(result);
    EXPECT_TRUE(result.error().is_errno(2)) << result.error().message();
    expect_quiet();
}

// The answers to Tversion.

class VersionHostile : public ScriptedSession {
protected:
    void violate(const std::vector<u8>& reply, const std::vector<std::string>& words) {
        auto opening = loop.start(Session::open(network.dialler(), {}));
        server.emplace(network.accept());
        server->expect<Tversion>();
        server->reply_bytes(reply);
        const auto result = opening.get();
        ASSERT_FALSE(result);
        EXPECT_EQ(result.error().code, code(errc::protocol_violation)) << result.error().message();
        for (const auto& word : words)
            EXPECT_NE(result.error().message().find(word), std::string::npos) << result.error().message();
        server->expect_closed();
        EXPECT_EQ(network.dialled(), 1u);
    }
    static std::vector<u8> version(u32 msize, std::string name = "9P2000.L", Tag tag = NOTAG) {
        return bytes_of(tag, Rversion{msize, std::move(name)}, Dialect::base);
    }
};

TEST_F(VersionHostile, msize_0) { violate(version(0), {"Rversion", "msize", "0"}); }
TEST_F(VersionHostile, msize_1) { violate(version(1), {"Rversion", "msize", "1"}); }
TEST_F(VersionHostile, msize_511) { violate(version(511), {"Rversion", "msize", "511"}); }
TEST_F(VersionHostile, msize_raised) { violate(version(DEFAULT_MSIZE + 1), {"Rversion", "msize", "1048601"}); }
TEST_F(VersionHostile, msize_of_all_ones) { violate(version(0xffffffff), {"Rversion", "msize", "4294967295"}); }
TEST_F(VersionHostile, version_that_nobody_knows) { violate(version(8192, "9P3000\n"), {"Rversion", "9P3000\\n"}); }
TEST_F(VersionHostile, version_empty) { violate(version(8192, ""), {"Rversion"}); }
TEST_F(VersionHostile, tag_of_its_own) { violate(version(8192, "9P2000.L", Tag{0}), {"Rversion", "tag"}); }
TEST_F(VersionHostile, another_message) { violate(bytes_of(NOTAG, Rclunk{}, Dialect::base), {"Rclunk", "Tversion"}); }
TEST_F(VersionHostile, truncated) {
    auto bytes = version(8192);
    bytes.pop_back();
    bytes[0] = static_cast<u8>(bytes.size());
    violate(bytes, {"Rversion"});
}
TEST_F(VersionHostile, trailing_bytes) {
    auto bytes = version(8192);
    bytes.push_back(0);
    bytes[0] = static_cast<u8>(bytes.size());
    violate(bytes, {"Rversion"});
}
TEST_F(VersionHostile, huge_message) {
    violate(bytes_of(NOTAG, Rversion{8192, std::string(60000, '9')}, Dialect::base), {"bytes"});
}

}  // namespace
}  // namespace p9::test
