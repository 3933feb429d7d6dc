// What --trace prints.
#include "tests/proxy/proxied.hpp"

namespace p9::test {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

/// The trace with "PEER" for the peers of descriptors, whose numbers are any.
std::vector<std::string> lines(const std::vector<std::string>& trace) {
    std::vector<std::string> out;
    for (std::string line : trace) {
        for (auto at = line.find("fd!"); at != line.npos; at = line.find("fd!"))
            line.replace(at, line.find_first_not_of("fd!0123456789", at) - at, "PEER");
        out.push_back(line);
    }
    return out;
}

TEST(ProxyTrace, ARelayedConversation) {
    Between between;
    Peer client = between.client();
    Peer server = between.server();
    client.send(number(NOTAG), Tversion{8192, "9P2000.u"});
    EXPECT_THAT(server.next(), HasSubstr("Tversion"));
    server.send(number(NOTAG), Rversion{8192, "9P2000.u"});
    EXPECT_THAT(client.next(), HasSubstr("Rversion"));
    client.dialect = server.dialect = Dialect::unix_;
    client.send(1, Tattach{Fid{0}, NOFID, "glenda", "", 1000});
    EXPECT_THAT(server.next(), HasSubstr("Tattach"));
    server.send(1, Rerror{"no", 13});
    EXPECT_THAT(client.next(), HasSubstr("Rerror"));
    client.close();
    EXPECT_EQ(server.next(), "closed");
    EXPECT_THAT(lines(between.trace),
                ElementsAre("1 PEER -- connected", "1 PEER -- connected to the server",
                            "1 PEER -> Tversion tag=NOTAG msize=8192 version=\"9P2000.u\"",
                            "1 PEER <- Rversion tag=NOTAG msize=8192 version=\"9P2000.u\"",
                            "1 PEER -> Tattach tag=1 fid=0 afid=NOFID uname=\"glenda\" aname=\"\" n_uname=1000",
                            "1 PEER <- Rerror tag=1 ename=\"no\" ecode=13", StartsWith("1 PEER -- disconnected: ")));
}

TEST(ProxyTrace, BrokenMessagesSayWhatIsWrongAndShowTheirBytes) {
    Between between;
    Peer client = between.client();
    Peer server = between.server();
    ByteVector bytes;
    Names names;
    names.emplace_back("usr");
    ASSERT_TRUE(encode(bytes, Tag{3}, Twalk{Fid{1}, Fid{2}, names}, Dialect::base));
    bytes[0] = static_cast<u8>(bytes[0] - 2);
    bytes.resize(bytes.size() - 2);
    client.send_bytes(bytes);
    client.send_bytes(ByteVector{9, 0, 0, 0, 120, 1, 0, 7, 0});
    client.send_bytes(ByteVector{13, 0, 0, 0, 120, 1, 0, 7, 0, 0, 0, 8, 9});
    client.send_bytes(ByteVector{8, 0, 0, 0, 211, 1, 0, 0xff});
    for (int i = 0; i < 4; ++i) EXPECT_NE(server.next(), "closed");
    const auto trace = lines(between.trace);
    EXPECT_THAT(trace, Contains("1 PEER -> Twalk tag=3 (malformed, 20 bytes) {broken at wname: 14 00 00 00 6e 03 00 01 "
                                "00 00 00 02 00 00 00 01 00 03 00 75}"));
    EXPECT_THAT(trace,
                Contains("1 PEER -> Tclunk tag=1 (malformed, 9 bytes) {broken at fid: 09 00 00 00 78 01 00 07 00}"));
    EXPECT_THAT(trace, Contains("1 PEER -> Tclunk tag=1 (malformed, 13 bytes) {2 bytes too many: 0d 00 00 00 78 01 00 "
                                "07 00 00 00 08 09}"));
    EXPECT_THAT(trace,
                Contains("1 PEER -> type 211 tag=1 (unknown, 8 bytes) {no such message: 08 00 00 00 d3 01 00 ff}"));
}

TEST(ProxyTrace, ASharedConversationShowsEachClientsOwnNumbers) {
    Proxied proxied(sharing());
    Peer first = proxied.client(Dialect::linux_);
    Peer second = proxied.client(Dialect::linux_);
    EXPECT_EQ(second.rpc(7, Tclunk{Fid{0}}), "Rclunk tag=7");
    const auto trace = lines(proxied.trace);
    for (const char* number : {"1", "2"}) {
        const std::string head = std::string(number) + " PEER ";
        EXPECT_THAT(trace,
                    Contains(head + "-> Tattach tag=1 fid=0 afid=NOFID uname=\"glenda\" aname=\"\" n_uname=1000"));
        EXPECT_THAT(trace, Contains(StartsWith(head + "<- Rattach tag=1 qid=")));
    }
    EXPECT_THAT(trace, Contains("2 PEER -> Tclunk tag=7 fid=0"));
    EXPECT_THAT(trace, Contains("2 PEER <- Rclunk tag=7"));
    EXPECT_THAT(trace, Contains("0 p9proxy -- connected to the server: 9P2000.L, msize 1048600"));
    second.close();
    first.send(8, Tclunk{Fid{0}});
    EXPECT_EQ(first.next(), "Rclunk tag=8");
}

}  // namespace
}  // namespace p9::test
