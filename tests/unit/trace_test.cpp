#include "p9/trace.hpp"

#include "unit/messages_filled.hpp"

#include <gtest/gtest.h>

#include <array>

namespace p9::test {
namespace {

template <class M>
std::string described(const M& message, Dialect dialect = Dialect::linux_, Tag tag = Tag{3}) {
    ByteVector frame;
    EXPECT_TRUE(encode(frame, tag, message, dialect));
    return describe(frame, dialect);
}

Payload payload(std::string_view text) { return Payload(Bytes(reinterpret_cast<const u8*>(text.data()), text.size())); }

TEST(Describe, Requests) {
    EXPECT_EQ(described(Tversion{8192, "9P2000.L"}, Dialect::base, NOTAG),
              R"(Tversion tag=NOTAG msize=8192 version="9P2000.L")");
    EXPECT_EQ(described(Twalk{Fid{1}, Fid{2}, {"usr", "bin"}}), R"(Twalk tag=3 fid=1 newfid=2 wname=["usr" "bin"])");
    EXPECT_EQ(described(Twalk{Fid{1}, Fid{2}, {}}), "Twalk tag=3 fid=1 newfid=2 wname=[]");
    EXPECT_EQ(described(Tattach{Fid{0}, NOFID, "glenda", "/", 1000}),
              R"(Tattach tag=3 fid=0 afid=NOFID uname="glenda" aname="/" n_uname=1000)");
    EXPECT_EQ(described(Tattach{Fid{0}, NOFID, "glenda", "/", 1000}, Dialect::base),
              R"(Tattach tag=3 fid=0 afid=NOFID uname="glenda" aname="/")");
    EXPECT_EQ(described(Tflush{Tag{9}}), "Tflush tag=3 oldtag=9");
    EXPECT_EQ(described(Tread{Fid{4}, 1'000'000'000'000, 4096}), "Tread tag=3 fid=4 offset=1000000000000 count=4096");
    EXPECT_EQ(described(Tfsync{Fid{4}, {}}), "Tfsync tag=3 fid=4");
    EXPECT_EQ(described(Tfsync{Fid{4}, {1}}), "Tfsync tag=3 fid=4 datasync=1");
}

TEST(Describe, Replies) {
    EXPECT_EQ(described(Rflush{}), "Rflush tag=3");
    EXPECT_EQ(described(Rattach{Qid{0x80, 7, 12}}), "Rattach tag=3 qid=(128 7 12)");
    EXPECT_EQ(described(Rwalk{{Qid{0x80, 0, 1}, Qid{0, 2, 3}}}), "Rwalk tag=3 wqid=[(128 0 1) (0 2 3)]");
    EXPECT_EQ(described(Rlerror{13}), "Rlerror tag=3 ecode=13");
    EXPECT_EQ(described(Rerror{"no such file", 2}, Dialect::unix_), R"(Rerror tag=3 ename="no such file" ecode=2)");
}

TEST(Describe, Stat) {
    Rstat message;
    message.stat.value.name = "passwd";
    message.stat.value.uid = "root";
    EXPECT_EQ(described(message, Dialect::base),
              "Rstat tag=3 stat={type=0 dev=0 qid=(0 0 0) mode=0 atime=0 mtime=0 length=0 "
              R"(name="passwd" uid="root" gid="" muid=""})");
}

TEST(Describe, PayloadIsCutShort) {
    EXPECT_EQ(described(Rread{}), "Rread tag=3 data=[0 bytes]");
    EXPECT_EQ(described(Rread{payload("x")}), R"(Rread tag=3 data=[1 byte "x"])");
    EXPECT_EQ(described(Twrite{Fid{1}, 0, payload("hi\n")}), R"(Twrite tag=3 fid=1 offset=0 data=[3 bytes "hi\n"])");
    EXPECT_EQ(described(Rread{payload(std::string(32, 'a'))}),
              "Rread tag=3 data=[32 bytes \"" + std::string(32, 'a') + "\"]");
    EXPECT_EQ(described(Rread{payload(std::string(33, 'a'))}),
              "Rread tag=3 data=[33 bytes \"" + std::string(32, 'a') + "\"...]");
}

TEST(Describe, HostileNamesAreEscaped) {
    EXPECT_EQ(described(Rreadlink{"\x1b]0;owned\a\n"}), R"(Rreadlink tag=3 target="\x1b]0;owned\x07\n")");
}

TEST(Describe, EveryMessageInOneLine) {
    for_each_message(Messages{}, [&]<class M>() {
        for (const Dialect dialect : all_dialects) {
            for (const Filling filling : all_fillings) {
                const std::string line = described(filled<M>(dialect, filling), dialect);
                EXPECT_TRUE(line.starts_with(std::string(M::message) + " tag=3")) << line;
                EXPECT_EQ(line.find('\n'), std::string::npos) << line;
                EXPECT_EQ(line.find("malformed"), std::string::npos) << line;
            }
        }
    });
}

TEST(Describe, Malformed) {
    const std::array<u8, 9> frame{9, 0, 0, 0, 110, 5, 0, 1, 2};
    EXPECT_EQ(describe(frame, Dialect::base), "Twalk tag=5 (malformed, 9 bytes)");
    ByteVector longer;
    ASSERT_TRUE(encode(longer, Tag{5}, Rflush{}, Dialect::base));
    longer.push_back(0);
    EXPECT_EQ(describe(longer, Dialect::base), "Rflush tag=5 (malformed, 8 bytes)");
}

TEST(Describe, Unknown) {
    const std::array<u8, 8> frame{8, 0, 0, 0, 99, 5, 0, 1};
    EXPECT_EQ(describe(frame, Dialect::base), "type 99 tag=5 (unknown, 8 bytes)");
}

TEST(Describe, ShorterThanAHeader) {
    EXPECT_EQ(describe({}, Dialect::base), "a message of 0 bytes (too short)");
    const Buffer six = Buffer::copy_of(std::array<u8, 6>{7, 0, 0, 0, 109, 1});
    EXPECT_EQ(describe(six, Dialect::base), "a message of 6 bytes (too short)");
}

TEST(Escaped, OrdinaryTextStays) {
    for (const std::string_view text :
         {"", "plain", "with space \"quotes\" 'n", "\u0395\u03bb\u03bb\u03ac\u03b4\u03b1", "\u65e5\u672c\u8a9e",
          "\u05e2\u05d1\u05e8\u05d9\u05ea", "\U0001f980", "\u00a0", "\ufeff", "\U0010ffff", "\ud7ff", "\ue000"})
        EXPECT_EQ(escaped(text), text);
}

TEST(Escaped, ControlCharacters) {
    EXPECT_EQ(escaped("a\nb\tc\\d"), R"(a\nb\tc\\d)");
    EXPECT_EQ(escaped(std::string_view("\0\x01\r\x1b[31m\x7f", 9)), R"(\x00\x01\x0d\x1b[31m\x7f)");
    for (int c = 0; c < 0x20; ++c) {
        const std::string text(1, static_cast<char>(c));
        EXPECT_EQ(escaped(text).front(), '\\') << c;
    }
    EXPECT_EQ(escaped(" ~"), " ~");
}

TEST(Escaped, C1Controls) {
    EXPECT_EQ(escaped("\u0080"), R"(\xc2\x80)");
    EXPECT_EQ(escaped("\u009b31m"), R"(\xc2\x9b31m)");
    EXPECT_EQ(escaped("\u009f"), R"(\xc2\x9f)");
    // As a single byte, which is not UTF-8, an 8-bit terminal would take it for one too.
    EXPECT_EQ(escaped("\x9b"
                      "31m"),
              R"(\x9b31m)");
}

TEST(Escaped, MarksThatReorderText) {
    EXPECT_EQ(escaped("\u061c"), R"(\xd8\x9c)");
    EXPECT_EQ(escaped("\u200e\u200f"), R"(\xe2\x80\x8e\xe2\x80\x8f)");
    EXPECT_EQ(escaped("gpj.\u202etxt"), R"(gpj.\xe2\x80\xaetxt)");
    for (const std::string_view mark :
         {"\u2028", "\u2029", "\u202a", "\u202b", "\u202c", "\u202d", "\u202e", "\u2066", "\u2067", "\u2068", "\u2069"})
        EXPECT_TRUE(escaped(mark).starts_with(R"(\xe2\x8)")) << escaped(mark);
    // Their neighbours are text: soft hyphen, zero width joiner, hyphen, double vertical line.
    for (const std::string_view text : {"\u00ad", "\u200d", "\u2010", "\u2027", "\u202f", "\u2065", "\u206a"})
        EXPECT_EQ(escaped(text), text);
}

TEST(Escaped, BytesThatAreNotUtf8) {
    EXPECT_EQ(escaped("\xff\xfe"), R"(\xff\xfe)");
    EXPECT_EQ(escaped("\x80"), R"(\x80)");                                  // a continuation without its lead
    EXPECT_EQ(escaped("\xc3"), R"(\xc3)");                                  // a lead without its continuation
    EXPECT_EQ(escaped("\xe6\x97"), R"(\xe6\x97)");                          // cut short
    EXPECT_EQ(escaped("\xc3(x"), R"(\xc3(x)");                              // the next character is not swallowed
    EXPECT_EQ(escaped("\xc3\u00e9"), "\\xc3\u00e9");                        // nor is a good one after it
    EXPECT_EQ(escaped("\xf8\x88\x80\x80\x80"), R"(\xf8\x88\x80\x80\x80)");  // five bytes
}

TEST(Escaped, OverlongForms) {
    EXPECT_EQ(escaped("\xc0\x80"), R"(\xc0\x80)");  // NUL
    EXPECT_EQ(escaped("\xc0\xaf"), R"(\xc0\xaf)");  // slash
    EXPECT_EQ(escaped("\xc1\xbf"), R"(\xc1\xbf)");
    EXPECT_EQ(escaped("\xe0\x80\xaf"), R"(\xe0\x80\xaf)");
    EXPECT_EQ(escaped("\xe0\x9f\xbf"), R"(\xe0\x9f\xbf)");
    EXPECT_EQ(escaped("\xf0\x8f\xbf\xbf"), R"(\xf0\x8f\xbf\xbf)");
    // The shortest forms just above.
    for (const std::string_view text : {"\u0800", "\U00010000"}) EXPECT_EQ(escaped(text), text);
}

TEST(Escaped, SurrogatesAndBeyondUnicode) {
    EXPECT_EQ(escaped("\xed\xa0\x80"), R"(\xed\xa0\x80)");          // U+D800
    EXPECT_EQ(escaped("\xed\xbf\xbf"), R"(\xed\xbf\xbf)");          // U+DFFF
    EXPECT_EQ(escaped("\xf4\x90\x80\x80"), R"(\xf4\x90\x80\x80)");  // U+110000
    EXPECT_EQ(escaped("\xf7\xbf\xbf\xbf"), R"(\xf7\xbf\xbf\xbf)");
}

}  // namespace
}  // namespace p9::test
