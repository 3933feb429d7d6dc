// Listings: cookies, batches ahead, and what hostile servers put into them.
#include "p9/file.hpp"
#include "tests/support/session_fixture.hpp"

#include <set>

namespace p9::test {
namespace {

/// Records end to end, as a server sends them.
template <class T>
std::string encoded(const std::vector<T>& records, Dialect dialect) {
    std::string out;
    for (const T& record : records) {
        std::string one(wire::size_of(record, dialect), '\0');
        wire::Writer writer{dialect, reinterpret_cast<u8*>(one.data())};
        writer("", record);
        out += one;
    }
    return out;
}

class DirectoryScript : public ScriptedSession {
protected:
    void open_directory(Dialect dialect = Dialect::linux_) {
        open(dialect);
        Node node(session, session->take_fid(), Qid{QTDIR, 0, 1});
        auto opening = loop.start(Directory::open(std::move(node)));
        if (dialect == Dialect::linux_)
            server->reply(server->expect<Tlopen>().tag, Rlopen{{QTDIR, 0, 1}, 0});
        else
            server->reply(server->expect<Topen>().tag, Ropen{{QTDIR, 0, 1}, 0});
        auto opened = opening.get();
        ASSERT_TRUE(opened) << outcome(opened);
        directory = std::move(*opened);
    }
    static Dirent entry(std::string name, u64 offset) { return {{QTFILE, 0, offset}, offset, 8, std::move(name)}; }
    void reply(Tag tag, const std::vector<Dirent>& entries) {
        server->reply(tag, Rreaddir{payload(encoded(entries, Dialect::linux_))});
    }
    static std::vector<std::string> names(const DirectoryBatch& batch) {
        std::vector<std::string> names;
        for (const auto& each : batch.entries) names.push_back(each.name);
        return names;
    }
    using Strings = std::vector<std::string>;

    Directory directory;
};

TEST_F(DirectoryScript, next_batch_is_asked_for_ahead) {
    open_directory();
    const auto first = server->expect<Treaddir>();
    EXPECT_EQ(first.message.offset, 0u);
    EXPECT_EQ(first.message.count, 8192 - IOHDRSZ);
    reply(first.tag, {entry("a", 7), entry("b", 5)});
    const auto batch = loop.run(directory.read(0));
    ASSERT_TRUE(batch) << outcome(batch);
    EXPECT_EQ(names(*batch), (Strings{"a", "b"}));
    EXPECT_EQ(batch->next, 5u);
    EXPECT_FALSE(batch->end);
    // The caller has not asked for more yet, and the request is under way.
    const auto second = server->expect<Treaddir>();
    EXPECT_EQ(second.message.offset, 5u);
    reply(second.tag, {});
    const auto last = loop.run(directory.read(5));
    ASSERT_TRUE(last) << outcome(last);
    EXPECT_TRUE(last->end);
    expect_quiet();
}

TEST_F(DirectoryScript, another_cookie_flushes_the_batch_ahead) {
    open_directory();
    const auto ahead = server->expect<Treaddir>();
    auto reading = loop.start(directory.read(42));
    std::optional<Tag> flush;
    std::optional<Tag> wanted;
    // The order of the two does not matter.
    for (int i = 0; i < 2; ++i) {
        loop.settle();
        ASSERT_FALSE(server->link().to_server.empty());
        if (header_of(server->link().to_server.front()).type == Tflush::type)
            flush = server->expect(Tflush{ahead.tag});
        else
            wanted = server->expect<Treaddir>().tag;
    }
    ASSERT_TRUE(flush && wanted);
    server->reply(*flush, Rflush{});
    reply(*wanted, {});
    EXPECT_TRUE(reading.get());
    expect_quiet();
}

TEST_F(DirectoryScript, destroyed_while_reading_ahead_flushes_and_clunks) {
    open_directory();
    const auto ahead = server->expect<Treaddir>();
    directory = Directory();
    const auto flush = server->expect(Tflush{ahead.tag});
    const auto clunk = server->expect<Tclunk>();
    server->reply(flush, Rflush{});
    server->reply(clunk.tag, Rclunk{});
    expect_quiet();
    EXPECT_EQ(session->fids_in_use(), 0u);
}

TEST_F(DirectoryScript, offset_that_leads_back_to_itself_is_a_violation) {
    open_directory();
    reply(server->expect<Treaddir>().tag, {entry("a", 5)});
    ASSERT_TRUE(loop.run(directory.read(0)));
    reply(server->expect<Treaddir>().tag, {entry("a", 5)});
    const auto result = loop.run(directory.read(5));
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, code(errc::protocol_violation));
    expect_ended(errc::protocol_violation, {"Rreaddir", "5"});
}

TEST_F(DirectoryScript, endless_directory_ends_at_the_limit) {
    open_directory();
    auto reading = loop.start(directory.read_all(10));
    u64 cookie = 0;
    while (!reading.done()) {
        loop.settle();
        while (!server->link().to_server.empty()) {
            const auto request = server->expect<Treaddir>();
            ++cookie;
            ASSERT_LT(cookie, 100u) << "the limit is not kept";
            reply(request.tag, {entry("again", cookie)});
        }
    }
    const auto result = reading.get();
    ASSERT_FALSE(result);
    EXPECT_TRUE(result.error().is_errno(27)) << outcome(result);
}

TEST_F(DirectoryScript, entry_that_is_cut_is_a_violation) {
    open_directory();
    std::string data = encoded<Dirent>({entry("name", 1), entry("other", 2)}, Dialect::linux_);
    data.pop_back();
    server->reply(server->expect<Treaddir>().tag, Rreaddir{payload(data)});
    const auto result = loop.run(directory.read(0));
    ASSERT_FALSE(result);
    expect_ended(errc::protocol_violation, {"Rreaddir"});
}

TEST_F(DirectoryScript, hostile_names_are_refused) {
    open_directory();
    const Strings hostile{"", "a/b", "/", "../x", std::string("nul\0byte", 8), std::string(256, 'x')};
    std::vector<Dirent> entries{entry(".", 1), entry("good", 2), entry("..", 3)};
    u64 cookie = 3;
    for (const auto& name : hostile) entries.push_back(entry(name, ++cookie));
    entries.push_back(entry(std::string(255, 'y'), ++cookie));
    entries.push_back(entry("\x1b[31m\xff", ++cookie));
    reply(server->expect<Treaddir>().tag, entries);
    const auto batch = loop.run(directory.read(0));
    ASSERT_TRUE(batch) << outcome(batch);
    EXPECT_EQ(names(*batch), (Strings{"good", std::string(255, 'y'), "\x1b[31m\xff"}));
    EXPECT_EQ(batch->refused, hostile);
    EXPECT_EQ(batch->next, cookie);
}

TEST_F(DirectoryScript, batch_of_nothing_but_hostile_names_is_not_the_end) {
    open_directory();
    reply(server->expect<Treaddir>().tag, {entry("..", 1), entry("a/b", 2)});
    const auto batch = loop.run(directory.read(0));
    ASSERT_TRUE(batch);
    EXPECT_TRUE(batch->entries.empty());
    EXPECT_FALSE(batch->end);
    EXPECT_EQ(batch->next, 2u);
}

TEST_F(DirectoryScript, error_in_the_middle) {
    open_directory();
    reply(server->expect<Treaddir>().tag, {entry("a", 1)});
    auto reading = loop.start(directory.read_all());
    server->refuse(server->expect<Treaddir>().tag, 5);
    const auto result = reading.get();
    ASSERT_FALSE(result);
    EXPECT_TRUE(result.error().is_errno(5));
    expect_quiet();
}

class DirectoryOfStats : public DirectoryScript {
protected:
    static Stat stat(std::string name) {
        Stat stat;
        stat.name = std::move(name);
        stat.uid = stat.gid = stat.muid = "glenda";
        stat.mode = 0644;
        return stat;
    }
};

TEST_F(DirectoryOfStats, offsets_are_the_bytes_so_far) {
    open_directory(Dialect::base);
    const std::string one = encoded<Stat>({stat("a"), stat("b")}, Dialect::base);
    const auto first = server->expect<Tread>();
    EXPECT_EQ(first.message.offset, 0u);
    server->reply(first.tag, Rread{payload(one)});
    const auto batch = loop.run(directory.read(0));
    ASSERT_TRUE(batch) << outcome(batch);
    EXPECT_EQ(names(*batch), (Strings{"a", "b"}));
    ASSERT_TRUE(batch->entries[0].attributes);
    EXPECT_EQ(batch->entries[0].attributes->user, "glenda");
    const auto second = server->expect<Tread>();
    EXPECT_EQ(second.message.offset, one.size());
    server->reply(second.tag, Rread{});
    EXPECT_TRUE(loop.run(directory.read(one.size())).value().end);
    expect_quiet();
}

TEST_F(DirectoryOfStats, cookie_that_was_never_given_is_refused) {
    open_directory(Dialect::base);
    const auto result = loop.run(directory.read(17));
    ASSERT_FALSE(result);
    EXPECT_TRUE(result.error().is_errno(22));
}

TEST_F(DirectoryOfStats, record_split_over_two_replies_is_a_violation) {
    for (const Dialect dialect : {Dialect::base, Dialect::unix_}) {
        SCOPED_TRACE(version_string(dialect));
        open_directory(dialect);
        const std::string data = encoded<Stat>({stat("a"), stat("b")}, dialect);
        server->reply(server->expect<Tread>().tag, Rread{payload(std::string_view(data).substr(0, data.size() - 5))});
        const auto result = loop.run(directory.read(0));
        ASSERT_FALSE(result);
        expect_ended(errc::protocol_violation, {"stat"});
        directory = Directory();
    }
}

TEST_F(DirectoryOfStats, record_whose_inner_size_lies_is_a_violation) {
    open_directory(Dialect::base);
    std::string data = encoded<Stat>({stat("a")}, Dialect::base);
    data[0] = static_cast<char>(data[0] - 1);
    server->reply(server->expect<Tread>().tag, Rread{payload(data)});
    const auto result = loop.run(directory.read(0));
    ASSERT_FALSE(result);
    expect_ended(errc::protocol_violation, {"stat"});
}

TEST_F(DirectoryOfStats, hostile_names_are_refused) {
    open_directory(Dialect::base);
    server->reply(server->expect<Tread>().tag,
                  Rread{payload(encoded<Stat>({stat(".."), stat("a/b"), stat("ok")}, Dialect::base))});
    const auto batch = loop.run(directory.read(0));
    ASSERT_TRUE(batch);
    EXPECT_EQ(names(*batch), Strings{"ok"});
    EXPECT_EQ(batch->refused, Strings{"a/b"});
}

class DirectoryWhole : public FakeClient, public ::testing::WithParamInterface<Dialect> {};

TEST_P(DirectoryWhole, all_entries_once) {
    std::set<std::string> wanted;
    for (int i = 0; i < 2000; ++i) {
        wanted.insert("entry " + std::to_string(i));
        tree().add_file("entry " + std::to_string(i), "");
    }
    Knobs knobs;
    knobs.dialect = GetParam();
    knobs.msize = 4096;
    connect(knobs);
    const auto batch = run(client.list("/"));
    ASSERT_TRUE(batch) << outcome(batch);
    std::set<std::string> got;
    for (const auto& entry : batch->entries) EXPECT_TRUE(got.insert(entry.name).second) << entry.name;
    EXPECT_EQ(got, wanted);
    expect_clean();
}
TEST_P(DirectoryWhole, can_be_read_from_the_start_again) {
    for (int i = 0; i < 100; ++i) tree().add_file("entry " + std::to_string(i), "");
    Knobs knobs;
    knobs.dialect = GetParam();
    knobs.msize = 1024;
    connect(knobs);
    auto directory = run(client.open_directory("/")).value();
    EXPECT_EQ(run(directory.read_all()).value().entries.size(), 100u);
    EXPECT_EQ(run(directory.read_all()).value().entries.size(), 100u);
}
INSTANTIATE_TEST_SUITE_P(Dialects, DirectoryWhole, ::testing::Values(Dialect::base, Dialect::unix_, Dialect::linux_));

}  // namespace
}  // namespace p9::test
