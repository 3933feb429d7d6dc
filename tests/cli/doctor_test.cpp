// p9doctor with servers that work, and with what people meet instead.
#include "tools/p9doctor/steps.hpp"

#include "tests/cli/tool.hpp"

#include <gmock/gmock.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <fstream>
#include <thread>

namespace p9::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

Ran doctor(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {tool("p9doctor"), "--no-mount"});
    return run_program(arguments);
}

/// Listens on the loopback interface, and to each client says `greeting`, or `answer` when it has heard something.
class Greeter {
public:
    Greeter(std::string greeting, std::string answer) {
        fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_in name{};
        name.sin_family = AF_INET;
        name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof name;
        if (::bind(fd_, reinterpret_cast<sockaddr*>(&name), size) != 0 || ::listen(fd_, 8) != 0) std::abort();
        ::getsockname(fd_, reinterpret_cast<sockaddr*>(&name), &size);
        port_ = ntohs(name.sin_port);
        thread_ = std::thread([this, greeting = std::move(greeting), answer = std::move(answer)] {
            for (int client = ::accept(fd_, nullptr, nullptr); client >= 0; client = ::accept(fd_, nullptr, nullptr)) {
                (void)::send(client, greeting.data(), greeting.size(), MSG_NOSIGNAL);
                char buffer[512];
                if (::recv(client, buffer, sizeof buffer, 0) > 0)
                    (void)::send(client, answer.data(), answer.size(), MSG_NOSIGNAL);
                ::close(client);
            }
        });
    }
    ~Greeter() {
        ::shutdown(fd_, SHUT_RDWR);
        thread_.join();
        ::close(fd_);
    }
    Greeter(const Greeter&) = delete;
    Greeter& operator=(const Greeter&) = delete;
    std::string address() const { return "tcp!127.0.0.1!" + std::to_string(port_); }

private:
    int fd_ = -1;
    int port_ = 0;
    std::thread thread_;
};

class Doctor : public ToolTest {
protected:
    /// Starts one of our servers on `address_`.
    void serve(std::vector<std::string> words) {
        address_ = "unix!" + (folder_ / "socket").string();
        words.insert(words.begin() + 1, {"--listen", address_});
        server_ = std::make_unique<Program>(words);
        ASSERT_TRUE(server_->wait_for_output("\n")) << server_->finish().err;
    }

    std::string address_;
    std::unique_ptr<Program> server_;
};

TEST_F(Doctor, AllIsWell) {
    write("hello", "hi\n");
    serve({tool("p9serve"), "--dir", exported_});
    const Ran ran = doctor({address_});
    EXPECT_EQ(ran.status, 0) << ran.out << ran.err;
    EXPECT_EQ(ran.err, "");
    EXPECT_THAT(ran.out, StartsWith("ok    address    " + address_ + ": the socket is there\nok    connect    "));
    for (const char* version : {"\nok    version    9P2000.L: msize 1048600, round trip ",
                                "\nok    version    9P2000.u: msize", "\nok    version    9P2000: msize"})
        EXPECT_THAT(ran.out, HasSubstr(version));
    EXPECT_THAT(ran.out, HasSubstr("\nok    attach     without a tree's name as "));
    EXPECT_THAT(ran.out, HasSubstr("\nok    read       hello: 3 bytes\n"));
    EXPECT_THAT(ran.out, HasSubstr("locks: yes\n"));
    EXPECT_THAT(ran.out, Not(HasSubstr("mount")));
}

TEST_F(Doctor, CountsTheEntriesOfTheRoot) {
    serve({tool("p9serve"), "--dir", exported_});
    EXPECT_THAT(doctor({address_}).out, HasSubstr("\nok    list       the root has 0 entries\n"));
    write("only", "x");
    EXPECT_THAT(doctor({address_}).out, HasSubstr("\nok    list       the root has 1 entry\n"));
    EXPECT_THAT(doctor({address_}).out, HasSubstr("\nok    read       only: 1 byte\n"));
    for (int i = 0; i < 299; ++i) write("file" + std::to_string(i), "");
    EXPECT_THAT(doctor({address_}).out, HasSubstr("\nok    list       the root has 300 entries\n"));
    for (const std::string dialect : {"9P2000", "9P2000.u"})
        EXPECT_THAT(doctor({"--dialect", dialect, address_}).out, HasSubstr(" 300 entries\n")) << dialect;
    // More than a message holds is not counted to its end, and not claimed to be.
    EXPECT_THAT(doctor({"--msize", "4096", address_}).out, HasSubstr("\nok    list       the root has at least "));
}

TEST_F(Doctor, ACommandThatIsNotThereIsRunOnce) {
    const Ran ran = doctor({"exec!p9-no-such-command"});
    EXPECT_EQ(ran.status, 3);
    EXPECT_THAT(ran.out,
                HasSubstr("\nfail  connect    exec!p9-no-such-command: the command was not found (status 127)\n"
                          "                 => check the spelling; "));
    EXPECT_THAT(ran.out, HasSubstr("\nskip  version "));
    const auto first = ran.err.find("not found");
    EXPECT_NE(first, ran.err.npos) << ran.err;
    EXPECT_EQ(ran.err.find("not found", first + 1), ran.err.npos) << ran.err;
}

TEST_F(Doctor, ACommandThatEndsAtOnceIsRunOnce) {
    const Ran ran = doctor({"exec!echo run >>" + (folder_ / "runs").string() + "; exit 9"});
    EXPECT_EQ(ran.status, 3);
    EXPECT_THAT(ran.out, HasSubstr(": exited with status 9 before it answered\n                 => run the command"));
    EXPECT_EQ(std::filesystem::file_size(folder_ / "runs"), 4u);
}

TEST_F(Doctor, ACommandThatServesRuns) {
    const Ran ran = doctor({"exec!" + tool("p9serve") + " --stdio --dir " + exported_.string()});
    EXPECT_EQ(ran.status, 0) << ran.out << ran.err;
    EXPECT_THAT(ran.out, HasSubstr("\nok    connect    the command runs\nok    version    9P2000.L: msize"));
}

TEST_F(Doctor, APortThatIsNotThere) {
    EXPECT_THAT(doctor({"virtio!p9-no-such-port"}).out,
                HasSubstr("=> in a guest, QEMU needs -device virtserialport,chardev=ID,name=p9-no-such-port; on the"));
    EXPECT_THAT(doctor({"virtio!" + (folder_ / "port").string()}).out,
                HasSubstr("=> start the virtual machine, with a chardev whose path= is this\n"));
}

TEST_F(Doctor, TwoServersAreRefused) {
    const Ran ran = doctor({"-a", "unix!/nonexistent", "unix!/other"});
    EXPECT_EQ(ran.status, 2);
    EXPECT_THAT(ran.err, HasSubstr("two servers: unix!/nonexistent by --address and unix!/other"));
}

TEST_F(Doctor, AServerThatStopsAnswering) {
    const auto program = std::filesystem::read_symlink("/proc/self/exe").parent_path() / "fake_server";
    if (!std::filesystem::exists(program)) GTEST_SKIP() << "fake_server is not built";
    serve({program, "--knob", "missing=Tlopen", "--knob", "missing-answer=silence"});
    const Ran ran = doctor({address_});
    EXPECT_EQ(ran.status, 4) << ran.out;
    EXPECT_THAT(ran.out, HasSubstr("fail  list       the root: no answer within 2 s\n"));
    EXPECT_THAT(ran.out, HasSubstr("=> the server hangs: look into its own log."));
}

TEST_F(Doctor, JsonIsAnObjectAStep) {
    serve({tool("p9serve"), "--dir", exported_, "--dialects", "9P2000.u", "--msize", "8192"});
    const Ran ran = doctor({"--json", "-a", address_});
    EXPECT_EQ(ran.status, 0) << ran.out;
    EXPECT_THAT(ran.out, StartsWith(R"({"step":"address","result":"ok","text":"unix!)"));
    EXPECT_THAT(ran.out, HasSubstr(R"({"step":"version","result":"note","text":"9P2000.L: )"));
    EXPECT_THAT(ran.out, HasSubstr(R"({"step":"version","result":"note","text":"9P2000.u: msize 8192, round trip )"));
    EXPECT_THAT(ran.out, HasSubstr("raise the server's msize"));
    EXPECT_THAT(ran.out, HasSubstr(R"({"step":"read","result":"skip","text":"there is no file in the root to try"})"));
}

TEST_F(Doctor, ATreeThatIsNotThere) {
    serve({tool("p9serve"), "--dir", exported_});
    const Ran ran = doctor({"-A", "nowhere", address_});
    EXPECT_EQ(ran.status, 1);
    EXPECT_THAT(ran.out, HasSubstr("fail  attach     the tree nowhere as "));
    EXPECT_THAT(ran.out, HasSubstr("=> without -A it works: leave the tree's name out\n"));
    EXPECT_THAT(ran.out, HasSubstr("skip  list "));
}

TEST_F(Doctor, DiodWantsTheNameOfATree) {
    if (const auto reason = Diod::why_not(); !reason.empty()) GTEST_SKIP() << reason;
    write("hello", "hi\n");
    const Diod diod(exported_);
    const Ran without = doctor({diod.address()});
    EXPECT_EQ(without.status, 1) << without.out;
    EXPECT_THAT(without.out, HasSubstr("=> name the tree with -A: diod and some others want the path"));
    const Ran with = doctor({diod.address(), "-A", diod.aname()});
    EXPECT_EQ(with.status, 0) << with.out;
    EXPECT_THAT(with.out, HasSubstr("note  attach     without a tree's name: refused, so the name is needed\n"));
}

TEST_F(Doctor, NoServer) {
    const Ran missing = doctor({"unix!" + (folder_ / "nothing").string()});
    EXPECT_EQ(missing.status, 3);
    EXPECT_THAT(missing.out, HasSubstr("=> start the server; it makes this socket."));
    std::ofstream(folder_ / "file") << "";
    EXPECT_THAT(doctor({"unix!" + (folder_ / "file").string()}).out, HasSubstr("this is no socket"));
    const Ran refused = doctor({"tcp!127.0.0.1!1"});
    EXPECT_EQ(refused.status, 3);
    EXPECT_THAT(refused.out, HasSubstr("=> start the server, or check the port: nothing listens there\n"));
    const Ran web = doctor({"ws://127.0.0.1:1/"});
    EXPECT_EQ(web.status, 3);
    EXPECT_THAT(web.out, HasSubstr("nothing listens there"));
    EXPECT_EQ(doctor({"tcp!127.0.0.1!99999"}).status, 2);
    EXPECT_EQ(doctor({}).status, 2);
}

TEST_F(Doctor, SomebodyElsesServer) {
    const Greeter ssh("SSH-2.0-OpenSSH_9.2p1\r\n", "");
    const Ran of_ssh = doctor({ssh.address()});
    EXPECT_EQ(of_ssh.status, 5) << of_ssh.out;
    EXPECT_THAT(of_ssh.out, HasSubstr("fail  version    this is an SSH server: \"SSH-2.0-OpenSSH_9.2p1\"\n"));
    const Greeter http("", "HTTP/1.1 400 Bad Request\r\n\r\n");
    const Ran of_http = doctor({http.address()});
    EXPECT_EQ(of_http.status, 5) << of_http.out;
    EXPECT_THAT(of_http.out, HasSubstr("this is an HTTP server"));
    EXPECT_THAT(of_http.out, HasSubstr("=> if it serves 9P over WebSocket, write ws://HOST:PORT/PATH"));
    const Greeter telnet("\xff\xfd\x03\xff\xfb\x01", "");
    const Ran of_telnet = doctor({telnet.address()});
    EXPECT_THAT(of_telnet.out, HasSubstr("=> start QEMU's chardev without telnet=on\n"));
    // An HTTP server that knows no WebSocket there.
    const Greeter page("", "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
    const std::string port = page.address().substr(page.address().rfind('!') + 1);
    const Ran of_page = doctor({"ws://127.0.0.1:" + port + "/wrong"});
    EXPECT_EQ(of_page.status, 3) << of_page.out;
    EXPECT_THAT(of_page.out, HasSubstr("the path /wrong must be the WebSocket's"));
}

TEST_F(Doctor, ABusyPort) {
    // As QEMU's chardev has it: who connects second waits for ever.
    const int listening = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un name{};
    name.sun_family = AF_UNIX;
    (folder_ / "port").string().copy(name.sun_path, sizeof name.sun_path - 1);
    ASSERT_EQ(::bind(listening, reinterpret_cast<sockaddr*>(&name), sizeof name), 0);
    ASSERT_EQ(::listen(listening, 8), 0);
    for (const std::string scheme : {"unix!", "virtio!"}) {
        const Ran ran = doctor({"--connect-timeout", "1", scheme + name.sun_path});
        EXPECT_THAT(ran.status, ::testing::AnyOf(3, 4)) << ran.out;
        EXPECT_THAT(ran.out, HasSubstr("p9proxy --share serves several"));
    }
    ::close(listening);
}

TEST_F(Doctor, AServerThatHangsUp) {
    const Ran ran = doctor({"exec!head -c 21 >/dev/null; exit 3"});
    EXPECT_EQ(ran.status, 3) << ran.out;
    EXPECT_THAT(ran.out, HasSubstr("fail  version    9P2000.L: "));
    const Ran words = doctor({"exec!echo hello; cat >/dev/null"});
    EXPECT_EQ(words.status, 5) << words.out;
    EXPECT_THAT(words.out, HasSubstr("=> the command must speak 9P on its standard input and output"));
}

TEST_F(Doctor, WhatAMountNeeds) {
    doctor::MountPlaces places;
    places.device = (folder_ / "fuse").string();
    places.configuration = (folder_ / "fuse.conf").string();
    places.path = folder_.string() + ":/nonexistent";
    auto found = doctor::look_at_mount(places);
    ASSERT_EQ(found.size(), 3u);
    EXPECT_EQ(found[0].finding, doctor::Finding::fail);
    EXPECT_THAT(found[0].advice, HasSubstr("modprobe fuse"));
    EXPECT_EQ(found[1].finding, doctor::Finding::fail);
    EXPECT_THAT(found[1].advice, HasSubstr("install the package fuse3"));
    EXPECT_EQ(found[2].finding, doctor::Finding::note);
    std::ofstream(places.device) << "";
    std::ofstream(places.configuration) << "#user_allow_other\n  user_allow_other  \n";
    std::ofstream(folder_ / "fusermount3") << "";
    std::filesystem::permissions(folder_ / "fusermount3", static_cast<std::filesystem::perms>(04755));
    found = doctor::look_at_mount(places);
    for (const auto& each : found) EXPECT_EQ(each.finding, doctor::Finding::ok) << each.text;
    EXPECT_EQ(doctor::line_of("mount", found[2], false),
              "ok    mount      user_allow_other is set in " + places.configuration + "\n");
}

}  // namespace
}  // namespace p9::test
