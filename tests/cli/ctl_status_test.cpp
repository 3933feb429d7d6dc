// p9ctl status, health, wait and list; and where the SIP tree is.
#include "tests/cli/ctl.hpp"

#include <nlohmann/json.hpp>

#include <csignal>

namespace p9::test {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::StartsWith;

using Json = nlohmann::json;

/// Each line must be an object.
std::vector<Json> objects(const std::string& text) {
    std::vector<Json> all;
    for (std::size_t at = 0; at < text.size();) {
        const auto end = text.find('\n', at);
        all.push_back(Json::parse(text.substr(at, end - at)));
        EXPECT_TRUE(all.back().is_object());
        at = end + 1;
    }
    return all;
}

class Status : public CtlTest {};
P9_IN_EACH_DIALECT(Status);

TEST_P(Status, OfOneServer) {
    start_server("d");
    EXPECT_THAT(out_of({"status", "d"}), MatchesRegex("name: d\ntype: example-driver\nstatus: healthy\nuptime: [0-9]+\n"
                                                      "requests: [0-9]+\nerrors: [0-9]+\n"));
    const auto all = objects(out_of({"status", "--json", "d"}));
    ASSERT_EQ(all.size(), 1u);
    EXPECT_EQ(all[0]["server"], "d");
    EXPECT_EQ(all[0]["type"], "example-driver");
    EXPECT_EQ(all[0]["status"], "healthy");
    EXPECT_TRUE(all[0]["uptime"].is_number());
    EXPECT_EQ(out_of({"health", "d"}), "healthy\n");
    EXPECT_EQ(objects(out_of({"health", "d", "--json"}))[0],
              Json::parse(R"({"server":"d","health":"healthy","details":[]})"));
    EXPECT_EQ(ctl({"status", "--check", "d"}).status, 0);
    EXPECT_EQ(ctl({"health", "--check", "d"}).status, 0);
}

TEST_P(Status, OfSeveral) {
    start_server("a");
    EXPECT_EQ(out_of({"new", "example-driver", "--name", "b"}), "b\n");
    const Ran ran = ctl({"status", "a", "nobody", "b"});
    EXPECT_EQ(ran.status, 1);
    EXPECT_EQ(ran.err, "p9ctl: nobody: no such server (p9ctl list shows those that there are)\n");
    EXPECT_THAT(ran.out, MatchesRegex("name: a\n.*errors: 0\n\nname: b\n.*errors: [0-9]+\n"));
    EXPECT_THAT(out_of({"health", "a", "b"}), StartsWith("a: healthy\nb: configuring\n"));
    const Ran checked = ctl({"health", "--check", "a", "b"});
    EXPECT_EQ(checked.status, 1);
    EXPECT_EQ(checked.err, "");
    const auto all = objects(out_of({"list", "--json"}));
    ASSERT_EQ(all.size(), 2u);
    EXPECT_EQ(all[0]["server"], "a");
    EXPECT_EQ(all[1]["status"], "configuring");
}

TEST_P(Status, WhatIsMissing) {
    EXPECT_EQ(out_of({"new", "example-driver", "--name", "a"}), "a\n");
    expect_failure({"devices", "b"}, 1, "b: no such server (p9ctl list shows those that there are)");
    expect_failure({"--root", "/dev", "status", "a"}, 1, "a: no such server (p9ctl list shows those that there are)");
    EXPECT_EQ(ctl({"--root", "/dev/sip/", "status", "a"}).status, 0);
}

class Wait : public CtlTest {};
P9_IN_EACH_DIALECT(Wait);

TEST_P(Wait, UntilItIsSo) {
    EXPECT_EQ(out_of({"new", "example-driver", "--name", "d"}), "d\n");
    EXPECT_EQ(out_of({"wait", "d", "configuring"}), "");
    Program program(ctl_words({"--trace", "wait", "d", "healthy"}));
    // It has looked once, and will again.
    ASSERT_TRUE(program.wait_for_errors("<- Rread"));
    EXPECT_EQ(out_of({"start", "d"}), "");
    EXPECT_EQ(program.finish().status, 0);
}

TEST_P(Wait, OutOfTime) {
    EXPECT_EQ(out_of({"new", "example-driver", "--name", "d"}), "d\n");
    expect_failure({"wait", "d", "healthy", "--timeout", "0.7"}, 4,
                   "d: out of time after 0.7 s (--timeout): it is configuring");
}

TEST_P(Wait, ARemovedServer) {
    EXPECT_EQ(out_of({"new", "example-driver", "--name", "d"}), "d\n");
    Program program(ctl_words({"--trace", "wait", "d", "healthy"}));
    ASSERT_TRUE(program.wait_for_errors("<- Rread"));
    EXPECT_EQ(out_of({"remove", "d"}), "");
    const Ran ran = program.finish();
    EXPECT_EQ(ran.status, 1);
    EXPECT_THAT(ran.err, HasSubstr("p9ctl: d: the server was removed while it was waited for; it was configuring\n"));
}

TEST_P(Wait, CtrlC) {
    EXPECT_EQ(out_of({"new", "example-driver", "--name", "d"}), "d\n");
    Program program(ctl_words({"--trace", "wait", "d", "healthy"}));
    ASSERT_TRUE(program.wait_for_errors("<- Rread"));
    program.signal(SIGINT);
    EXPECT_EQ(program.finish().status, 130);
}

class Processes : public SipTest {};

TEST_F(Processes, AFailedServerEndsTheWait) {
    serve({"--sip", "--type", "bad=exit 3"});
    EXPECT_EQ(out_of({"new", "bad", "--name", "b", "--start"}), "b\n");
    const Ran ran = ctl({"wait", "b", "healthy", "--timeout", "60"});
    EXPECT_EQ(ran.status, 1);
    EXPECT_THAT(ran.err, StartsWith("p9ctl: b: it failed, and will not become healthy without help"));
    EXPECT_THAT(ran.err, HasSubstr("exited with status 3"));
    EXPECT_EQ(out_of({"wait", "b", "failed"}), "");
    EXPECT_EQ(ctl({"status", "--check", "b"}).status, 1);
}

/// A tree of plain files where others keep their SIP tree; what is read and written there is what a script sees.
class Elsewhere : public SipTest {
protected:
    void SetUp() override { serve({"--dir", exported_}); }
    static constexpr const char* text = "name: X\ntype: t\nstatus: degraded\nuptime: 5\nrequests: 007\nerrors: 2\n";
};

TEST_F(Elsewhere, InSip) {
    write("sip/clone", "");
    write("sip/servers/X/status", text);
    EXPECT_EQ(out_of({"status", "X"}), text);
    EXPECT_EQ(out_of({"list"}), "X  t  degraded\n");
    // A number only where it is written as one.
    EXPECT_EQ(out_of({"status", "X", "--json"}),
              "{\"server\":\"X\",\"name\":\"X\",\"type\":\"t\",\"status\":\"degraded\",\"uptime\":5,\"requests\":"
              "\"007\",\"errors\":2}\n");
    // Beside the tree, else in it.
    const auto io = write("sip/io", "");
    EXPECT_EQ(out_of({"io", "outb", "0x3F8", "65"}), "");
    const auto contents = [](const std::string& path) {
        std::ifstream file(path);
        return std::string{std::istreambuf_iterator<char>(file), {}};
    };
    EXPECT_EQ(contents(io), "outb 0x3f8 0x41");
    const auto beside = write("io", "");
    EXPECT_EQ(out_of({"io", "outl", "0", "1"}), "");
    EXPECT_EQ(contents(beside), "outl 0x0 0x1");
    EXPECT_EQ(contents(io), "outb 0x3f8 0x41");
}

TEST_F(Elsewhere, AtTheRoot) {
    write("clone", "");
    write("servers/X/status", text);
    EXPECT_EQ(out_of({"status", "X"}), text);
    expect_failure({"health", "X"}, 1, "X: this server has no health: No such file or directory");
    expect_failure({"mem", "read", "0"}, 1,
                   "mem: there is no mem in /dev or /; --root PATH says where the SIP tree is");
}

TEST_F(Elsewhere, TheFirstThatHasClone) {
    write("clone", "");
    write("servers/X/status", text);
    write("dev/sip/servers/Y/status", text);
    write("sip/servers/Y/status", text);
    EXPECT_EQ(out_of({"status", "X"}), text);
    expect_failure({"status", "Z"}, 1, "Z: no such server (p9ctl list shows those that there are)");
}

TEST_F(Elsewhere, Named) {
    write("a/b/sip/servers/X/status", text);
    write("a/b/types", "beside");
    EXPECT_EQ(out_of({"--root", "/a/b/sip", "status", "X"}), text);
    expect_failure({"status", "X"}, 1,
                   "X: no SIP tree here: none of /dev/sip, /sip and / has a file clone; --root PATH says where it is");
    expect_failure({"--root", "a/b/sip", "types"}, 1, "types: /a/b/sip/types: No such file or directory");
}

TEST_F(Elsewhere, WhatIsNoCloneFile) {
    write("sip/clone", "");
    const Ran ran = ctl({"new", "t", "--name", "n"});
    EXPECT_EQ(ran.status, 1);
    EXPECT_EQ(ran.out, "");
    EXPECT_EQ(ran.err, "p9ctl: new: reading the number: expected a number, not \"t\"\n");
    expect_failure({"--root", "/", "new", "t"}, 1, "new: /clone: No such file or directory");
}

TEST_F(Elsewhere, NoServerAtAll) {
    server_.reset();
    const Ran ran = ctl({"status", "X"});
    EXPECT_EQ(ran.status, 3);
    EXPECT_THAT(ran.err, HasSubstr(socket_));
}

}  // namespace
}  // namespace p9::test
