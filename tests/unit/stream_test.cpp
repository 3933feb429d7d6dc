// ReadStream: several Treads in flight, and the bytes in order all the same.
#include "p9/file.hpp"
#include "tests/support/session_fixture.hpp"

namespace p9::test {
namespace {

class StreamScript : public ScriptedSession {
protected:
    void open_file(u32 iounit = 100) {
        open();
        Node node(session, session->take_fid(), Qid{QTFILE, 0, 1});
        auto opening = loop.start(File::open(std::move(node), P9_O_RDONLY));
        server->reply(server->expect<Tlopen>().tag, Rlopen{{QTFILE, 0, 1}, iounit});
        auto opened = opening.get();
        ASSERT_TRUE(opened) << outcome(opened);
        file = std::move(*opened);
    }
    /// The requests that have come, all Treads.
    std::vector<Received<Tread>> requests() {
        loop.settle();
        std::vector<Received<Tread>> got;
        while (!server->link().to_server.empty()) got.push_back(server->expect<Tread>());
        return got;
    }
    void answer(const Received<Tread>& request) {
        const u64 offset = request.message.offset;
        const std::string data =
            offset < contents.size() ? contents.substr(offset, request.message.count) : std::string();
        server->reply(request.tag, Rread{payload(data)});
    }
    /// Reads the stream to its end, answering with `respond`.
    Result<std::string> drain(ReadStream& stream, const std::function<void(std::vector<Received<Tread>>)>& respond) {
        std::string text;
        while (true) {
            auto next = loop.start(stream.next());
            for (int turns = 0; !next.done(); ++turns) {
                if (turns == 1000) throw ScriptFailure("the stream does not go on");
                auto got = requests();
                most = std::max(most, got.size());
                respond(std::move(got));
                loop.settle();
            }
            auto data = next.get();
            if (!data) return data.error();
            if (data->bytes.empty()) return text;
            text += text_of(*data);
        }
    }
    std::string make(std::size_t size) {
        std::string text;
        for (int i = 0; text.size() < size; ++i) text += std::to_string(i) + ",";
        text.resize(size);
        return text;
    }

    File file;
    std::string contents;
    std::size_t most = 0;
};

TEST_F(StreamScript, several_requests_are_in_flight_and_stay_in_order) {
    open_file();
    contents = make(5050);
    ReadPlan plan;
    plan.expected_end = contents.size();
    ReadStream stream(file, plan);
    const auto text = drain(stream, [&](auto got) {
        for (auto each = got.rbegin(); each != got.rend(); ++each) answer(*each);  // the last first
    });
    ASSERT_TRUE(text) << outcome(text);
    EXPECT_TRUE(*text == contents);
    EXPECT_GT(most, 1u);
    expect_quiet();
}

TEST_F(StreamScript, short_reads_in_the_middle_are_filled_in) {
    open_file();
    contents = make(3000);
    ReadPlan plan;
    plan.expected_end = contents.size();
    ReadStream stream(file, plan);
    std::size_t n = 0;
    const auto text = drain(stream, [&](auto got) {
        for (auto& each : got) {
            // Every third request gets one byte, others all.
            if (n++ % 3 == 1 && each.message.offset < contents.size()) each.message.count = 1;
            answer(each);
        }
    });
    ASSERT_TRUE(text) << outcome(text);
    EXPECT_TRUE(*text == contents);
    expect_quiet();
}

TEST_F(StreamScript, ends_where_the_file_ends_though_more_was_expected) {
    open_file();
    contents = make(250);
    ReadPlan plan;
    plan.expected_end = 100'000;
    ReadStream stream(file, plan);
    const auto text = drain(stream, [&](auto got) {
        for (const auto& each : got) answer(each);
    });
    ASSERT_TRUE(text) << outcome(text);
    EXPECT_EQ(*text, contents);
    EXPECT_TRUE(loop.run(stream.next()).value().bytes.empty()) << "the end stays the end";
}

TEST_F(StreamScript, goes_on_beyond_the_expected_end) {
    open_file();
    contents = make(1000);
    ReadPlan plan;
    plan.expected_end = 150;
    ReadStream stream(file, plan);
    const auto text = drain(stream, [&](auto got) {
        for (const auto& each : got) answer(each);
    });
    ASSERT_TRUE(text) << outcome(text);
    EXPECT_EQ(*text, contents);
    expect_quiet();
}

TEST_F(StreamScript, one_at_a_time_for_synthetic_files) {
    open_file();
    contents = make(1000);
    ReadStream stream(file, {});
    const auto text = drain(stream, [&](auto got) {
        for (const auto& each : got) answer(each);
    });
    ASSERT_TRUE(text) << outcome(text);
    EXPECT_EQ(*text, contents);
    EXPECT_EQ(most, 1u);
    expect_quiet();
}

TEST_F(StreamScript, range_is_kept_to) {
    open_file();
    contents = make(1000);
    ReadPlan plan;
    plan.offset = 33;
    plan.length = 444;
    plan.expected_end = contents.size();
    ReadStream stream(file, plan);
    const auto text = drain(stream, [&](auto got) {
        for (const auto& each : got) {
            EXPECT_LE(each.message.offset + each.message.count, 33u + 444u);
            answer(each);
        }
    });
    ASSERT_TRUE(text) << outcome(text);
    EXPECT_EQ(*text, contents.substr(33, 444));
    expect_quiet();
}

TEST_F(StreamScript, range_at_the_end_of_all_offsets) {
    open_file();
    ReadPlan plan;
    plan.offset = ~u64{0} - 10;
    plan.length = 1000;
    ReadStream stream(file, plan);
    auto next = loop.start(stream.next());
    const auto request = server->expect<Tread>();
    EXPECT_EQ(request.message.offset, ~u64{0} - 10);
    EXPECT_LE(request.message.count, 10u);
    server->reply(request.tag, Rread{});
    EXPECT_TRUE(next.get().value().bytes.empty());
}

TEST_F(StreamScript, window_bounds_what_is_in_flight) {
    open_file(1000);
    contents = make(500'000);
    ReadPlan plan;
    plan.expected_end = contents.size();
    plan.window_bytes = 5000;
    ReadStream stream(file, plan);
    std::size_t in_flight = 0;
    std::size_t worst = 0;
    std::vector<Received<Tread>> held;
    std::string text;
    while (text.size() < contents.size()) {
        auto next = loop.start(stream.next());
        for (auto& each : requests()) {
            in_flight += each.message.count;
            held.push_back(std::move(each));
        }
        worst = std::max(worst, in_flight);
        ASSERT_FALSE(held.empty());
        in_flight -= held.front().message.count;
        answer(held.front());
        held.erase(held.begin());
        const auto data = next.get();
        ASSERT_TRUE(data) << outcome(data);
        text += text_of(*data);
    }
    EXPECT_TRUE(text == contents);
    EXPECT_LE(worst, 5000u);
    EXPECT_GT(worst, 1000u);
}

TEST_F(StreamScript, error_in_the_middle_ends_it_and_flushes_the_rest) {
    open_file();
    contents = make(10'000);
    ReadPlan plan;
    plan.expected_end = contents.size();
    ReadStream stream(file, plan);
    auto first = loop.start(stream.next());
    auto got = requests();
    ASSERT_GE(got.size(), 2u);
    answer(got[0]);
    EXPECT_TRUE(first.get());
    auto second = loop.start(stream.next());
    for (auto& each : requests()) got.push_back(std::move(each));
    server->refuse(got[1].tag, 5);
    const auto result = second.get();
    ASSERT_FALSE(result);
    EXPECT_TRUE(result.error().is_errno(5)) << outcome(result);
    for (std::size_t i = 2; i < got.size(); ++i) server->reply(server->expect<Tflush>().tag, Rflush{});
    expect_quiet();
}

TEST_F(StreamScript, destroyed_in_the_middle_flushes_everything) {
    open_file();
    ReadPlan plan;
    plan.expected_end = 10'000;
    std::optional<ReadStream> stream(std::in_place, file, plan);
    auto next = loop.start(stream->next());
    auto got = requests();
    ASSERT_GE(got.size(), 2u);
    next.cancel();
    const auto flush = server->expect(Tflush{got[0].tag});
    server->reply(flush, Rflush{});
    const auto result = next.get();
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, code(errc::cancelled));
    stream.reset();
    for (std::size_t i = 1; i < got.size(); ++i) server->reply(server->expect<Tflush>().tag, Rflush{});
    expect_quiet();
}

TEST_F(StreamScript, connection_lost_in_the_middle) {
    open_file();
    ReadPlan plan;
    plan.expected_end = 10'000;
    ReadStream stream(file, plan);
    auto next = loop.start(stream.next());
    requests();
    server->close();
    const auto result = next.get();
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, code(errc::connection_lost));
    const auto later = loop.run(stream.next());
    EXPECT_FALSE(later && !later->bytes.empty());
}

class StreamFromServer : public FakeClient {};

TEST_F(StreamFromServer, synthetic_file_of_length_0_yields_its_data) {
    tree().add_file("status", std::string(20'000, 's'), Behaviour::synthetic);
    Knobs knobs;
    knobs.msize = 4096;
    connect(knobs);
    EXPECT_EQ(run(client.attributes("status")).value().size, 0u);
    const auto text = run(client.read_file("status"));
    ASSERT_TRUE(text) << outcome(text);
    EXPECT_EQ(text->size(), 20'000u);
    EXPECT_EQ(server().most_unanswered(), 1u);
    expect_clean();
}

TEST_F(StreamFromServer, limit_of_read_file) {
    tree().add_file("file", std::string(1000, 'x'));
    connect();
    EXPECT_TRUE(run(client.read_file("file", 1000)));
    EXPECT_TRUE(run(client.read_file("file", 999)).error().is_errno(27));
    expect_clean();
}

TEST_F(StreamFromServer, event_is_waited_for_and_read_on_the_same_fid) {
    const auto node = tree().add_file("event", "", Behaviour::event);
    connect();
    auto file = run(client.open("event", P9_O_RDONLY)).value();
    auto reading = loop.start(file.read(0, 100));
    loop.settle();
    EXPECT_FALSE(reading.done());
    server().post_event(node, "ping");
    EXPECT_EQ(text_of(reading.get().value()), "ping");
    auto again = loop.start(file.read(4, 100));
    loop.settle();
    again.cancel();
    EXPECT_EQ(again.get().error().code, code(errc::cancelled));
    // The flushed read has taken no event.
    server().post_event(node, "pong");
    EXPECT_EQ(text_of(run(file.read(4, 100)).value()), "pong");
}

}  // namespace
}  // namespace p9::test
