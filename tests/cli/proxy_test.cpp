// The real p9proxy between the real tools and p9serve.
#include "tests/cli/tool.hpp"

#include <gmock/gmock.h>

#include <csignal>
#include <fstream>
#include <sstream>

namespace p9::test {
namespace {

using ::testing::HasSubstr;

/// A program that listens, and prints where.
class Listening {
public:
    explicit Listening(const std::vector<std::string>& words) : program_(words) {
        if (program_.wait_for_output("\n")) address_ = program_.output().substr(0, program_.output().find('\n'));
    }
    const std::string& address() const { return address_; }
    Program& program() { return program_; }

private:
    Program program_;
    std::string address_;
};

class ProxyTool : public ToolTest {
protected:
    std::unique_ptr<Listening> serve() const {
        return std::make_unique<Listening>(std::vector<std::string>{
            tool("p9serve"), "--listen", "unix!" + (folder_ / "server").string(), "--dir", exported_.string()});
    }
    std::unique_ptr<Listening> proxy(const std::string& server, const std::vector<std::string>& more = {}) const {
        std::vector<std::string> words{tool("p9proxy"), "--listen", "unix!" + (folder_ / "proxy").string(), "--dial",
                                       server};
        words.insert(words.end(), more.begin(), more.end());
        return std::make_unique<Listening>(words);
    }
    static std::string data(std::size_t size) {
        std::string out(size, '\0');
        unsigned x = 1;
        for (auto& c : out) c = static_cast<char>((x = x * 1664525 + 1013904223) >> 24);
        return out;
    }
};

TEST_F(ProxyTool, AFilePassesWhole) {
    const std::string contents = data(20'000'001);
    write("big", contents);
    const auto server = serve();
    for (const char* msize : {"8K", "64K", "1M"}) {
        const auto between = proxy(server->address());
        const Ran ran = run_program({tool("p9cat"), "-a", between->address(), "--msize", msize, "/big"});
        EXPECT_EQ(ran.status, 0) << ran.err;
        EXPECT_TRUE(ran.out == contents) << msize;
        between->program().signal(SIGTERM);
        const Ran ended = between->program().finish();
        EXPECT_EQ(ended.status, 0);
        EXPECT_EQ(ended.err, "");
    }
}

TEST_F(ProxyTool, SeveralToolsAtOnceShareOneConnection) {
    const std::string contents = data(5'000'001);
    write("big", contents);
    const auto server = serve();
    const auto between = proxy(server->address(), {"--share", "--trace=" + (folder_ / "trace").string()});
    std::vector<std::unique_ptr<Program>> cats;
    for (int i = 0; i < 3; ++i)
        cats.push_back(
            std::make_unique<Program>(std::vector<std::string>{tool("p9cat"), "-a", between->address(), "/big"}));
    const Ran list = run_program({tool("p9ls"), "-a", between->address(), "-lR", "/"});
    EXPECT_EQ(list.status, 0) << list.err;
    EXPECT_THAT(list.out, HasSubstr("5000001"));
    for (const auto& cat : cats) {
        const Ran ran = cat->finish();
        EXPECT_EQ(ran.status, 0) << ran.err;
        EXPECT_TRUE(ran.out == contents);
    }
    between->program().signal(SIGINT);
    const Ran ended = between->program().finish();
    EXPECT_EQ(ended.status, 130);
    EXPECT_EQ(ended.err, "");
    std::stringstream trace;
    trace << std::ifstream(folder_ / "trace").rdbuf();
    EXPECT_THAT(trace.str(), HasSubstr(" 0 p9proxy -- connected to unix!"));
    EXPECT_THAT(trace.str(), HasSubstr(" -> Twalk tag="));
    EXPECT_THAT(trace.str(), HasSubstr("wname=[\"big\"]"));
}

TEST_F(ProxyTool, TheServersEndIsAnErrorAndItsReturnIsNot) {
    write("a", "one\n");
    auto server = serve();
    const auto between = proxy(server->address(), {"--share"});
    EXPECT_EQ(run_program({tool("p9cat"), "-a", between->address(), "/a"}).out, "one\n");
    server->program().signal(SIGTERM);
    (void)server->program().finish();
    ASSERT_TRUE(between->program().wait_for_errors("the shared connection is lost"));
    const Ran without = run_program({tool("p9cat"), "-a", between->address(), "/a"});
    EXPECT_EQ(without.status, 3);
    EXPECT_THAT(without.err, HasSubstr("p9cat: "));
    server = serve();
    const Ran again = run_program({tool("p9cat"), "-a", between->address(), "/a"});
    EXPECT_EQ(again.status, 0) << again.err;
    EXPECT_EQ(again.out, "one\n");
}

TEST_F(ProxyTool, WithoutAServerTheClientIsClosedAndTheProxySaysWhy) {
    const auto between = proxy("unix!/nonexistent/server");
    const Ran ran = run_program({tool("p9cat"), "-a", between->address(), "--dialect", "9P2000", "/a"});
    EXPECT_EQ(ran.status, 3);
    ASSERT_TRUE(between->program().wait_for_errors("\n"));
    between->program().signal(SIGTERM);
    const Ran ended = between->program().finish();
    EXPECT_EQ(ended.status, 0);
    EXPECT_EQ(ended.err,
              "p9proxy: client 1 (" + between->address() + "): unix!/nonexistent/server: No such file or directory\n");
}

TEST_F(ProxyTool, ATraceGoesToStandardErrorAndAReaderOfTheAddressMayLeave) {
    write("a", "one\n");
    const auto server = serve();
    const auto between = proxy(server->address(), {"--trace"});
    between->program().close_output();
    EXPECT_EQ(run_program({tool("p9cat"), "-a", between->address(), "/a"}).out, "one\n");
    EXPECT_TRUE(
        between->program().wait_for_errors(" 1 " + between->address() + " -> Tversion tag=NOTAG msize=1048600"));
    EXPECT_TRUE(between->program().wait_for_errors(" <- Rread tag="));
    between->program().signal(SIGTERM);
    EXPECT_EQ(between->program().finish().status, 0);
}

}  // namespace
}  // namespace p9::test
