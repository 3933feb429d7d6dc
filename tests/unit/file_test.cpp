// Files: one read or write at a time, and write_all with several in flight.
#include "p9/file.hpp"

#include "tests/support/session_fixture.hpp"

namespace p9::test {
namespace {

class FileScript : public ScriptedSession {
protected:
    void open_file(u32 iounit = 100, u32 msize = 8192) {
        open(Dialect::linux_, {}, msize);
        Node node(session, session->take_fid(), Qid{QTFILE, 0, 1});
        auto opening = loop.start(File::open(std::move(node), P9_O_RDWR));
        server->reply(server->expect<Tlopen>().tag, Rlopen{{QTFILE, 0, 1}, iounit});
        file = opening.get().value();
    }
    std::vector<Received<Twrite>> writes() {
        loop.settle();
        std::vector<Received<Twrite>> got;
        while (!server->link().to_server.empty()) got.push_back(server->expect<Twrite>());
        return got;
    }
    /// Takes `count` of the bytes of a write.
    void take(const Received<Twrite>& write, u32 count) {
        const auto& data = write.message.data.bytes;
        const auto offset = static_cast<std::size_t>(write.message.offset);
        if (contents.size() < offset + count) contents.resize(offset + count);
        contents.replace(offset, count, reinterpret_cast<const char*>(data.data()), count);
        server->reply(write.tag, Rwrite{count});
    }
    void take(const Received<Twrite>& write) { take(write, static_cast<u32>(write.message.data.bytes.size())); }

    File file;
    std::string contents;
};

TEST_F(FileScript, write_all_keeps_several_in_flight) {
    open_file();
    std::string data;
    for (int i = 0; data.size() < 1050; ++i) data += std::to_string(i) + ";";
    auto writing = loop.start(file.write_all(7, bytes(data)));
    const auto got = writes();
    EXPECT_GT(got.size(), 1u);
    for (auto each = got.rbegin(); each != got.rend(); ++each) take(*each);
    while (!writing.done())
        for (const auto& each : writes()) take(each);
    ASSERT_TRUE(writing.get());
    EXPECT_EQ(contents.substr(7), data);
    expect_quiet();
}

/// A large write goes from where it lies as far as the transport takes it at once.
class FileOffer : public FileScript, public ::testing::WithParamInterface<std::size_t> {
protected:
    std::string big() const {
        std::string data;
        for (int i = 0; data.size() < 40'000; ++i) data += std::to_string(i) + ";";
        return data;
    }
};

TEST_P(FileOffer, the_rest_follows_before_anything_else) {
    open_file(0, 65536);
    server->link().room = GetParam();
    const std::string data = big();
    auto writing = loop.start(file.write(7, bytes(data)));
    auto asking = loop.start(file.node().attributes());
    const auto got = server->expect<Twrite>();
    EXPECT_EQ(got.message.offset, 7u);
    EXPECT_TRUE(got.message.data == Payload(bytes(data)));
    const Tag asked = server->expect<Tgetattr>().tag;
    take(got);
    server->refuse(asked, EIO);
    EXPECT_EQ(writing.get().value(), data.size());
    EXPECT_FALSE(asking.get());
    expect_quiet();
}

TEST_P(FileOffer, what_has_left_in_part_is_flushed_and_not_taken_back) {
    open_file(0, 65536);
    server->link().room = GetParam();
    server->hold_sends();
    auto data = std::make_unique<std::string>(big());
    auto call = std::make_unique<Call<Twrite>>(*session, Twrite{file.node().fid(), 0, Payload(bytes(*data))});
    call.reset();
    data.reset();  // nobody may look at it any more
    server->release_sends();
    if (GetParam() == 0) {
        server->expect_nothing();
    } else {
        const auto got = server->expect<Twrite>();
        EXPECT_TRUE(got.message.data == Payload(bytes(big())));
        const auto flush = server->expect<Tflush>();
        EXPECT_EQ(flush.message.oldtag, got.tag);
        server->reply(flush.tag, Rflush{});
    }
    expect_quiet();
}

TEST_P(FileOffer, is_not_made_while_something_waits_to_be_sent) {
    open_file(0, 65536);
    server->link().room = GetParam();
    server->hold_sends();
    const std::string data = big();
    auto asking = loop.start(file.node().attributes());
    auto first = loop.start(file.write(0, bytes(data)));
    loop.settle();
    auto second = loop.start(file.write(data.size(), bytes(data)));
    loop.settle();
    server->release_sends();
    server->refuse(server->expect<Tgetattr>().tag, EIO);
    take(server->expect<Twrite>());
    take(server->expect<Twrite>());
    EXPECT_EQ(first.get().value(), data.size());
    EXPECT_EQ(second.get().value(), data.size());
    EXPECT_EQ(contents, data + data);
    EXPECT_FALSE(asking.get());
    expect_quiet();
}

TEST_P(FileOffer, says_what_is_lent) {
    open_file(0, 65536);
    server->link().room = GetParam();
    const std::string data = big();
    for (const bool lent : {true, false}) {
        Payload payload(bytes(data));
        payload.lent = lent;
        Call<Twrite> call(*session, Twrite{file.node().fid(), 0, std::move(payload)});
        take(server->expect<Twrite>());
        loop.settle();
    }
    EXPECT_EQ(server->link().lent, (std::vector<bool>{true, false}));
}

INSTANTIATE_TEST_SUITE_P(Room, FileOffer, ::testing::Values(0, 1, 7, 22, 23, 1000, 39'999, 1 << 20));

TEST_F(FileScript, write_all_goes_on_after_short_writes) {
    open_file();
    const std::string data = "0123456789";
    auto writing = loop.start(file.write_all(0, bytes(data)));
    take(server->expect<Twrite>(), 3);
    const auto rest = server->expect<Twrite>();
    EXPECT_EQ(rest.message.offset, 3u);
    EXPECT_EQ(rest.message.data.bytes.size(), 7u);
    take(rest);
    ASSERT_TRUE(writing.get());
    EXPECT_EQ(contents, data);
    expect_quiet();
}

TEST_F(FileScript, write_all_does_not_try_for_ever) {
    open_file();
    auto writing = loop.start(file.write_all(0, bytes("data")));
    take(server->expect<Twrite>(), 0);
    EXPECT_FALSE(writing.get());
    expect_quiet();
}

TEST_F(FileScript, write_all_of_nothing_sends_nothing) {
    open_file();
    EXPECT_TRUE(loop.run(file.write_all(0, {})));
    expect_quiet();
}

TEST_F(FileScript, error_in_write_all_gives_up_the_rest) {
    open_file();
    const std::string data(1000, 'x');
    auto writing = loop.start(file.write_all(0, bytes(data)));
    const auto got = writes();
    ASSERT_GT(got.size(), 2u);
    take(got[0]);
    server->refuse(got[1].tag, 28);
    const auto result = writing.get();
    ASSERT_FALSE(result);
    EXPECT_TRUE(result.error().is_errno(28));
    loop.settle();
    while (!server->link().to_server.empty()) server->reply(server->expect<Tflush>().tag, Rflush{});
    expect_quiet();
}

TEST_F(FileScript, cancelled_write_all_flushes_everything) {
    open_file();
    const std::string data(1000, 'x');
    auto writing = loop.start(file.write_all(0, bytes(data)));
    const auto got = writes();
    ASSERT_GT(got.size(), 2u);
    writing.cancel();
    std::size_t flushes = 0;
    for (loop.settle(); !server->link().to_server.empty(); loop.settle()) {
        server->reply(server->expect<Tflush>().tag, Rflush{});
        ++flushes;
    }
    EXPECT_EQ(flushes, got.size());
    EXPECT_EQ(writing.get().error().code, code(errc::cancelled));
    expect_quiet();
}

TEST_F(FileScript, reads_and_writes_keep_to_the_iounit) {
    open_file(100);
    auto reading = loop.start(file.read(0, 5000));
    const auto read = server->expect<Tread>();
    EXPECT_EQ(read.message.count, 100u);
    server->reply(read.tag, Rread{});
    EXPECT_TRUE(reading.get().value().bytes.empty());
    const std::string data(101, 'x');
    EXPECT_TRUE(loop.run(file.write(0, bytes(data))).error().is_errno(90));
    expect_quiet();
}

TEST_F(FileScript, iounit_above_msize_is_not_believed) {
    open_file(0xffffffff);
    EXPECT_EQ(file.max_io(), 8192 - IOHDRSZ);
}

TEST_F(FileScript, payload_outlives_the_reply_and_the_session) {
    open_file();
    auto reading = loop.start(file.read(0, 10));
    server->reply(server->expect<Tread>().tag, Rread{payload("kept")});
    auto data = reading.get().value();
    auto again = loop.start(file.read(4, 10));
    server->reply(server->expect<Tread>().tag, Rread{payload("more")});
    EXPECT_EQ(text_of(again.get().value()), "more");
    file = File();
    session.reset();
    loop.settle();
    EXPECT_EQ(text_of(data), "kept");
}

TEST_F(FileScript, close_tells_how_the_clunk_went) {
    open_file();
    const Fid fid = file.node().fid();
    auto closing = loop.start(file.node().close());
    server->refuse(server->expect(Tclunk{fid}), 5);
    const auto result = closing.get();
    ASSERT_FALSE(result);
    EXPECT_TRUE(result.error().is_errno(5));
    EXPECT_EQ(session->fids_in_use(), 0u);
    file = File();
    expect_quiet();  // not clunked again
}

TEST_F(FileScript, files_keep_the_session_alive) {
    open_file();
    session.reset();
    loop.settle();
    auto reading = loop.start(file.read(0, 10));
    server->reply(server->expect<Tread>().tag, Rread{payload("alive")});
    EXPECT_EQ(text_of(reading.get().value()), "alive");
    file = File();
    server->expect_closed();
}

}  // namespace
}  // namespace p9::test
