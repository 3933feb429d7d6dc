// Messages made by hand: what the words say is what is in the frame.
#include "tools/p9sh/raw_message.hpp"

#include "p9/trace.hpp"

#include <gmock/gmock.h>

namespace p9::tools {
namespace {

using ::testing::Contains;
using ::testing::ElementsAreArray;
using ::testing::HasSubstr;
using ::testing::Not;

RawDefaults defaults_of(Dialect dialect) {
    RawDefaults defaults;
    defaults.dialect = dialect;
    defaults.tag = Tag{5};
    defaults.msize = 8192;
    defaults.uname = "glenda";
    defaults.aname = "/export";
    defaults.n_uname = 1000;
    return defaults;
}

Result<ByteVector> built(std::string_view line, Dialect dialect = Dialect::linux_) {
    std::vector<Word> words;
    for (const auto& text : *split_words(line)) words.emplace_back(text);
    return build_message(words, defaults_of(dialect));
}

std::string described(std::string_view line, Dialect dialect = Dialect::linux_) {
    const auto frame = built(line, dialect);
    EXPECT_TRUE(frame) << line << ": " << frame.error().message();
    return frame ? describe(*frame, dialect) : "";
}

std::string refused(std::string_view line, Dialect dialect = Dialect::linux_) {
    const auto frame = built(line, dialect);
    EXPECT_FALSE(frame) << line;
    return frame ? "" : frame.error().message();
}

TEST(RawMessage, FieldsByTheirNames) {
    EXPECT_EQ(described("Twalk fid=1 newfid=9 names=usr,bin"), R"(Twalk tag=5 fid=1 newfid=9 wname=["usr" "bin"])");
    EXPECT_EQ(described("twalk fid=0x10 newfid=NOFID wname=a"), R"(Twalk tag=5 fid=16 newfid=NOFID wname=["a"])");
    EXPECT_EQ(described("Tmkdir dfid=1 name=x mode=0755 gid=-1"),
              R"(Tmkdir tag=5 dfid=1 name="x" mode=493 gid=4294967295)");
    EXPECT_EQ(described("Twrite fid=1 offset=0 data='a b'"), R"(Twrite tag=5 fid=1 offset=0 data=[3 bytes "a b"])");
    EXPECT_EQ(described("Twrite fid=1 offset=0 data.hex=00:ff"),
              R"(Twrite tag=5 fid=1 offset=0 data=[2 bytes "\x00\xff"])");
    EXPECT_EQ(described("Tfsync fid=1"), "Tfsync tag=5 fid=1");
    EXPECT_EQ(described("Tfsync fid=1 datasync=1"), "Tfsync tag=5 fid=1 datasync=1");
    EXPECT_EQ(described("Tlock fid=1 type=2"),
              "Tlock tag=5 fid=1 type=2 flags=0 start=0 length=0 proc_id=0 client_id=\"\"");
}

TEST(RawMessage, WhatIsLeftOutHasADefault) {
    EXPECT_EQ(described("Tversion", Dialect::unix_), R"(Tversion tag=NOTAG msize=8192 version="9P2000.u")");
    EXPECT_EQ(described("Tattach fid=1"),
              R"(Tattach tag=5 fid=1 afid=NOFID uname="glenda" aname="/export" n_uname=1000)");
    EXPECT_EQ(described("Tattach fid=1", Dialect::base),
              R"(Tattach tag=5 fid=1 afid=NOFID uname="glenda" aname="/export")");
    // A Twstat that names nothing changes nothing.
    const auto frame = built("Twstat fid=1 stat.mode=0644", Dialect::base);
    ASSERT_TRUE(frame);
    const auto message = decode<Twstat>(body_of(*frame), Dialect::base);
    ASSERT_TRUE(message);
    Stat expected = unchanged_stat();
    expected.mode = 0644;
    EXPECT_EQ(message->stat.value, expected);
}

TEST(RawMessage, EveryMessageOfEveryDialectCanBeMade) {
    for (const Dialect dialect : {Dialect::base, Dialect::unix_, Dialect::linux_}) {
        for (const auto& name : message_names()) {
            EXPECT_THAT(described(name, dialect), ::testing::StartsWith(name + " tag="));
            EXPECT_THAT(described(name, dialect), Not(HasSubstr("malformed"))) << name;
        }
    }
}

TEST(RawMessage, EveryFieldThatIsOfferedCanBeSet) {
    for (const auto& name : message_names()) {
        for (const auto& key : keys_of_message(name)) {
            if (key == "dialect") continue;
            const bool hex = key == "bytes" || key == "more" || key.ends_with(".hex");
            const std::string value = hex ? "01" : key == "wqid" ? "0,1,2" : "1";
            EXPECT_TRUE(built(name + " " + key + "=" + value, Dialect::unix_)) << name << " " << key;
        }
    }
}

TEST(RawMessage, WrongOnes) {
    const auto small = built("Tclunk fid=1 size=5 tag=7");
    ASSERT_TRUE(small);
    EXPECT_THAT(*small, ElementsAreArray({5, 0, 0, 0, 120, 7, 0, 1, 0, 0, 0}));
    const auto unknown = built("type=99 bytes=0a0b");
    ASSERT_TRUE(unknown);
    EXPECT_THAT(*unknown, ElementsAreArray({9, 0, 0, 0, 99, 5, 0, 0x0a, 0x0b}));
    const auto instead = built("Tclunk fid=1 bytes=ff");
    ASSERT_TRUE(instead);
    EXPECT_THAT(*instead, ElementsAreArray({8, 0, 0, 0, 120, 5, 0, 0xff}));
    const auto more = built("Tclunk fid=1 more=ff type=2 tag=NOTAG");
    ASSERT_TRUE(more);
    EXPECT_THAT(*more, ElementsAreArray({12, 0, 0, 0, 2, 0xff, 0xff, 1, 0, 0, 0, 0xff}));
    const auto other = built("Tattach fid=1 dialect=9P2000");
    ASSERT_TRUE(other);
    EXPECT_TRUE(decode<Tattach>(body_of(*other), Dialect::base));
}

TEST(RawMessage, Refused) {
    EXPECT_THAT(refused(""), HasSubstr("a message is missing"));
    EXPECT_THAT(refused("Tnothing"), HasSubstr("no message is called \"Tnothing\""));
    EXPECT_THAT(refused("fid=1"), HasSubstr("a message's name is missing"));
    EXPECT_THAT(refused("Tclunk 1"), HasSubstr("expected FIELD=VALUE"));
    EXPECT_THAT(refused("Tclunk fid=1 fid=2"), HasSubstr("given twice"));
    EXPECT_THAT(refused("Tclunk fdi=1"), HasSubstr("no field is called \"fdi\" in Tclunk"));
    EXPECT_THAT(refused("Tclunk fid=x"), HasSubstr("fid: expected a number"));
    EXPECT_THAT(refused("Tclunk fid=4294967296"), HasSubstr("does not fit into 4 bytes"));
    EXPECT_THAT(refused("Tclunk tag=65536"), HasSubstr("does not fit into 2 bytes"));
    EXPECT_THAT(refused("Twrite data.hex=0"), HasSubstr("half a byte"));
    EXPECT_THAT(refused("Twrite data.hex=0g"), HasSubstr("hexadecimal"));
    EXPECT_THAT(refused("Twalk names=1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17"), HasSubstr("16 names"));
    EXPECT_THAT(refused("Tattach n_uname=1", Dialect::base), HasSubstr("n_uname"));
    EXPECT_THAT(refused("Tclunk dialect=9P"), HasSubstr("dialect: expected"));
    EXPECT_THAT(refused("Tsymlink symtgt=" + std::string(65536, 'x')), HasSubstr("longer than 65535"));
}

TEST(RawMessage, Hex) {
    const std::string text = "0123456789abcdef\n";
    EXPECT_EQ(hex_lines(Bytes(reinterpret_cast<const u8*>(text.data()), text.size())),
              "   000000  30 31 32 33 34 35 36 37  38 39 61 62 63 64 65 66  |0123456789abcdef|\n"
              "   000010  0a                                                |.|\n");
}

TEST(RawMessage, Names) {
    EXPECT_THAT(message_names(), Contains("Twalk"));
    EXPECT_THAT(keys_of_message("Twstat"), Contains("stat.name"));
    EXPECT_THAT(keys_of_message("Twstat"), Contains("stat.qid.path"));
    EXPECT_THAT(keys_of_message("Twrite"), Contains("data.hex"));
    EXPECT_THAT(keys_of_message("nothing"), Contains("bytes"));
}

}  // namespace
}  // namespace p9::tools
