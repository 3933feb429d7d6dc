// p9sh raw: any message, wrong ones included.
#include "tests/cli/sh.hpp"

#include <gmock/gmock.h>

namespace p9::test {
namespace {

using ::testing::HasSubstr;
using Sh = ShellTest;

TEST_F(Sh, RawMessages) {
    write("usr/bin/f", "contents\n");
    const Ran ran =
        run("raw Tattach fid=1; raw Twalk fid=1 newfid=9 names=usr,bin,f; fids; raw Tlopen fid=9; raw -x Tread fid=9 "
            "count=4; tags");
    EXPECT_EQ(ran.status, 0) << ran.err;
    EXPECT_THAT(ran.out,
                HasSubstr("-> Twalk tag=1 fid=1 newfid=9 wname=[\"usr\" \"bin\" \"f\"]\n<- Rwalk tag=1 wqid=[("));
    EXPECT_THAT(ran.out, HasSubstr("session: 1 fid\n"));
    EXPECT_THAT(ran.out, HasSubstr("raw: 2 fids\n"));
    EXPECT_THAT(ran.out, HasSubstr("/usr/bin/f\n"));
    EXPECT_THAT(
        ran.out,
        HasSubstr("<- Rread tag=1 data=[4 bytes \"cont\"]\n   000000  0f 00 00 00 75 01 00 04  00 00 00 63 6f 6e 74"));
    EXPECT_THAT(ran.out, HasSubstr("raw: 0 requests\n"));
}

TEST_F(Sh, RawMessagesThatAreWrong) {
    const Ran refusal = run("raw Tclunk fid=77\npwd");
    EXPECT_EQ(refusal.status, 1);
    EXPECT_THAT(refusal.out, HasSubstr("<- Rlerror tag=1 ecode="));
    // p9serve ends a connection that sends what is no message; the session lives on, and the next raw begins anew.
    const Ran broken = run_program(words({"-k", "-c", "raw type=99 bytes=0a0b\nraw Tattach fid=1\nls"}));
    EXPECT_EQ(broken.status, 3);
    EXPECT_THAT(broken.err, HasSubstr("closed the connection"));
    EXPECT_THAT(broken.out, HasSubstr("<- Rattach"));
    // Two requests with one tag, a message that says more than it has, and no answer to that.
    const Ran more =
        run_program(words({"-k", "-c", "raw Tattach fid=1; raw -n Tversion; raw -t 0.1 Tclunk fid=1 size=100"}));
    EXPECT_EQ(more.status, 4);
    EXPECT_THAT(more.out, HasSubstr("(size=100 for 11 bytes)"));
    EXPECT_THAT(more.err, HasSubstr("no answer, because the server still waits for 89 bytes"));
}

TEST_F(Sh, RawSaysWhatAWrongSizeDoes) {
    const Ran ran =
        run_program(words({"-k", "-c",
                           "raw Tattach fid=1\nraw -t 0.1 Tclunk fid=1 size=30\nraw -t 0.1 Tclunk fid=1\n"
                           "raw -c\nraw Tattach fid=1\nraw -n Tclunk fid=1 size=10\nraw -t 0.1 Tclunk fid=1"}));
    EXPECT_THAT(ran.err, HasSubstr("line 2: raw: size=30 is not the 11 bytes sent: the server waits for 19 more"));
    EXPECT_THAT(ran.err, HasSubstr("line 2: raw: no answer, because the server still waits for 19 bytes"));
    EXPECT_THAT(ran.err, HasSubstr("; raw -c ends this conversation, the next raw begins anew"));
    EXPECT_THAT(ran.err, HasSubstr("line 3: raw: out of step: the server still waits for 19 bytes"));
    EXPECT_THAT(ran.err, HasSubstr("line 3: raw: no answer, because the server still waits for 8 bytes"));
    EXPECT_THAT(ran.err, HasSubstr("line 6: raw: size=10 is not the 11 bytes sent: the server takes the last 1 byte"));
    // After raw -c nothing of it is left.
    EXPECT_EQ(ran.err.find("line 5"), std::string::npos) << ran.err;
}

TEST_F(Sh, RawTellsWhatNumbersMeanAndWhatDirectoriesHold) {
    write("usr/name", "");
    const Ran ran = run("raw Tattach fid=1; raw Tlopen fid=1; raw Treaddir fid=1 offset=0 count=1000; fids");
    EXPECT_EQ(ran.status, 0) << ran.err;
    EXPECT_THAT(ran.out, HasSubstr(" type=4 name=\"usr\"\n"));
    // The qid of Rattach is found again in fids.
    const auto qid = ran.out.find("qid=(") + 4;
    const std::string printed = ran.out.substr(qid, ran.out.find(')', qid) + 1 - qid);
    EXPECT_THAT(ran.out, HasSubstr("     1  " + printed + "  /  reading\n"));
    EXPECT_THAT(run("raw Tclunk fid=77").out, HasSubstr("<- Rlerror tag=1 ecode=9 (Bad file descriptor)\n"));
    // A field that no dialect has is not blamed on one of them.
    EXPECT_THAT(run("raw Twalk bogus=1").err, HasSubstr("no field is called \"bogus\" in Twalk; there are fid "));
}

TEST_F(Sh, RawSpeaksTheDialectThatWasAgreedOn) {
    for (const std::string dialect : {"9P2000", "9P2000.u", "9P2000.L"}) {
        const Ran ran = run_program(words({"--dialect", dialect, "-c", "raw Tattach fid=1"}));
        EXPECT_EQ(ran.status, 0) << ran.err;
        EXPECT_THAT(ran.out, HasSubstr("own, " + dialect + ", msize"));
        const Ran by_hand = run("raw Tversion version=" + dialect + "; raw Tattach fid=1");
        EXPECT_EQ(by_hand.status, 0) << by_hand.err;
        EXPECT_EQ(by_hand.out.find("n_uname") == std::string::npos, dialect == "9P2000");
    }
}

}  // namespace
}  // namespace p9::test
