// wss from end to end: p9serve with a certificate, and tools that do or do not believe it.
#include "tests/cli/tool.hpp"
#include "tests/support/raw_websocket.hpp"

#include <gmock/gmock.h>

namespace p9::test {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr const char* OPENSSL = "/usr/bin/openssl";

/// p9serve on wss, with certificates of a CA of the test's own.
class Tls : public ToolTest {
protected:
    void SetUp() override {
        if (run_program({OPENSSL, "version"}).status != 0) GTEST_SKIP() << "openssl is not installed";
        openssl({"req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout",
                 path("ca.key"), "-out", path("ca.pem"), "-days", "2", "-subj", "/CN=CA of this test"});
    }
    std::string path(const std::string& name) const { return (exported_ / name).string(); }
    static void openssl(std::vector<std::string> arguments) {
        arguments.insert(arguments.begin(), OPENSSL);
        const Ran ran = run_program(arguments);
        ASSERT_EQ(ran.status, 0) << ran.err;
    }
    /// A certificate NAME.pem with its key NAME.key for `hosts` (DNS:..., IP:...), signed by the CA.
    void certify(const std::string& name, const std::string& hosts, const std::string& days = "2") const {
        write(name + ".ext", "subjectAltName=" + hosts + "\n");
        openssl({"req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout",
                 path(name + ".key"), "-out", path(name + ".csr"), "-subj", "/CN=" + name});
        openssl({"x509", "-req", "-in", path(name + ".csr"), "-CA", path("ca.pem"), "-CAkey", path("ca.key"),
                 "-CAcreateserial", "-days", days, "-extfile", path(name + ".ext"), "-out", path(name + ".pem")});
    }
    /// Serves with the certificate; `url` holds the address from then on.
    void serve(const std::string& name) {
        server_ = std::make_unique<Program>(
            std::vector<std::string>{tool("p9serve"), "--listen", "wss://:0/tree", "--dir", exported_.string(),
                                     "--tls-cert", path(name + ".pem"), "--tls-key", path(name + ".key"), "-v"});
        ASSERT_TRUE(server_->wait_for_output("\n"));
        url = server_->output().substr(0, server_->output().find('\n'));
    }
    Ran cat(const std::string& address, std::vector<std::string> options) const {
        options.insert(options.begin(), {tool("p9cat"), "-a", address + "?ticket=secret", "/file"});
        return run_program(options);
    }
    void refuses(const std::vector<std::string>& options, const std::string& words) const {
        const Ran ran = cat(url, options);
        EXPECT_EQ(ran.status, 3);
        EXPECT_EQ(ran.err, "p9cat: " + url + ": " + words + "\n");
    }
    std::string url;
    std::unique_ptr<Program> server_;
};

TEST_F(Tls, ATrustedServerServes) {
    certify("server", "DNS:localhost,IP:127.0.0.1");
    serve("server");
    EXPECT_THAT(url, StartsWith("wss://127.0.0.1:"));
    const std::string large(5'000'000, 'x');
    write("file", large);
    const Ran ran = cat(url, {"--tls-ca", path("ca.pem")});
    EXPECT_EQ(ran.err, "");
    EXPECT_TRUE(ran.out == large);
    // By its name too, and with the certificate itself for a CA.
    const std::string by_name = "wss://localhost" + url.substr(url.rfind(':'));
    EXPECT_EQ(cat(by_name, {"--tls-ca", path("server.pem")}).status, 0);
}

TEST_F(Tls, InsecureSaysSo) {
    certify("server", "DNS:elsewhere");
    serve("server");
    write("file", "hello\n");
    const Ran ran = cat(url, {"--tls-insecure"});
    EXPECT_EQ(ran.status, 0);
    EXPECT_EQ(ran.out, "hello\n");
    EXPECT_EQ(ran.err, "p9cat: " + url +
                           ": the server's certificate is not checked (--tls-insecure): anybody in between can read "
                           "and change what is sent\n");
}

TEST_F(Tls, UnknownCa) {
    certify("server", "IP:127.0.0.1");
    serve("server");
    refuses({},
            "the server's certificate is signed by a CA that is unknown here (CA of this test); trust it with --tls-ca "
            "FILE, where FILE is that CA's certificate");
    ASSERT_TRUE(server_->wait_for_errors("the other end does not trust the certificate"));
}

TEST_F(Tls, SelfSigned) {
    openssl({"req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout",
             path("self.key"), "-out", path("self.pem"), "-days", "2", "-subj", "/CN=myself", "-addext",
             "subjectAltName=IP:127.0.0.1"});
    serve("self");
    refuses({}, "the server's certificate is self-signed; trust it with --tls-ca FILE, where FILE is that certificate");
    EXPECT_EQ(cat(url, {"--tls-ca", path("self.pem")}).status, 1) << "trusted; but there is no such file";
}

TEST_F(Tls, WrongHost) {
    certify("server", "DNS:tree.example.org,DNS:*.example.net,IP:10.0.0.1");
    serve("server");
    refuses({"--tls-ca", path("ca.pem")},
            "the server's certificate is for tree.example.org, *.example.net, 10.0.0.1, not for 127.0.0.1; dial the "
            "server by a name that it has");
}

TEST_F(Tls, Expired) {
    certify("server", "IP:127.0.0.1", "-1");
    serve("server");
    const Ran ran = cat(url, {"--tls-ca", path("ca.pem")});
    EXPECT_EQ(ran.status, 3);
    EXPECT_THAT(ran.err, StartsWith("p9cat: " + url + ": the certificate of server expired on 20"));
    EXPECT_THAT(ran.err, HasSubstr(" UTC; the server needs a new one\n"));
}

TEST_F(Tls, NoSuchFileOfCertificates) {
    url = "wss://127.0.0.1:1/";
    refuses({"--tls-ca", "/nonexistent"}, "--tls-ca: /nonexistent: No such file or directory");
    write("empty.pem", "nothing\n");
    refuses({"--tls-ca", path("empty.pem")},
            "--tls-ca: " + path("empty.pem") + ": no certificate in PEM form is there");
}

TEST_F(Tls, AServerWithoutTls) {
    const RawServer server([](RawSocket& client) {
        client.receive(1);
        client.send("HTTP/1.1 400 Bad Request\r\n\r\n");
    });
    url = "wss://127.0.0.1:" + std::to_string(server.port()) + "/";
    refuses({}, "the other end does not speak TLS; is it ws://, not wss://?");
}

TEST_F(Tls, AServerThatHangsUp) {
    const RawServer server([](RawSocket& client) { client.receive(1); });
    url = "wss://127.0.0.1:" + std::to_string(server.port()) + "/";
    refuses({}, "closed the connection in the middle of the TLS handshake");
}

TEST_F(Tls, AServerThatIsSilent) {
    const RawServer server([](RawSocket& client) { client.receive_all(); });
    const std::string silent = "wss://127.0.0.1:" + std::to_string(server.port()) + "/";
    const Ran ran = cat(silent, {"--connect-timeout", "0.3"});
    EXPECT_EQ(ran.status, 4);
    EXPECT_EQ(ran.err, "p9cat: " + silent +
                           ": no connection, or no answer, within 0.3 s (--connect-timeout); the WebSocket handshake "
                           "got no answer: is it a WebSocket server?\n");
}

TEST_F(Tls, AClientWithoutTls) {
    certify("server", "IP:127.0.0.1");
    serve("server");
    const std::string plain = "ws" + url.substr(3);
    const Ran ran = run_program({tool("p9cat"), "-a", plain, "/file"});
    EXPECT_EQ(ran.status, 3);
    EXPECT_THAT(ran.err, StartsWith("p9cat: " + plain + ": "));
    ASSERT_TRUE(server_->wait_for_errors("the other end does not speak TLS; is it ws://, not wss://?"));
}

/// p9serve's own complaints.
class TlsOfServe : public Tls {
protected:
    void refuses_to_serve(std::vector<std::string> options, int status, const std::string& words) const {
        options.insert(options.begin(), {tool("p9serve"), "--memory"});
        const Ran ran = run_program(options);
        EXPECT_EQ(ran.status, status);
        EXPECT_EQ(ran.err, "p9serve: " + words + "\n");
    }
};

TEST_F(TlsOfServe, Certificates) {
    certify("one", "IP:127.0.0.1");
    certify("other", "IP:127.0.0.1");
    const std::string listen = "wss://127.0.0.1:0/";
    refuses_to_serve({"--listen", listen}, 2, "--listen wss://...: say --tls-cert FILE and --tls-key FILE");
    refuses_to_serve({"--listen", listen, "--tls-cert", "/nonexistent", "--tls-key", path("one.key")}, 3,
                     listen + ": --tls-cert: /nonexistent: No such file or directory");
    refuses_to_serve(
        {"--listen", listen, "--tls-cert", path("one.pem"), "--tls-key", path("other.key")}, 3,
        listen + ": --tls-key: " + path("other.key") + ": is not the key of the certificate in " + path("one.pem"));
    refuses_to_serve({"--listen", listen, "--tls-cert", path("one.key"), "--tls-key", path("one.key")}, 3,
                     listen + ": --tls-cert: " + path("one.key") + ": no certificate in PEM form is there");
}

TEST_F(TlsOfServe, OptionsThatHaveNoUse) {
    const std::string local = "unix!/nonexistent/socket";
    refuses_to_serve({"--listen", local, "--tls-cert", "x", "--tls-key", "y"}, 2,
                     "--tls-cert and --tls-key belong to --listen wss://...");
    refuses_to_serve({"--listen", local, "--allow-origin", "https://example.org"}, 2,
                     "--allow-origin belongs to --listen ws://... or wss://...");
    refuses_to_serve({"--listen", "ws://:0", "--allow-origin", "example.org"}, 2,
                     "--allow-origin: expected an origin such as https://example.org, without a path, or *; not "
                     "\"example.org\"");
    refuses_to_serve({"--listen", "ws://:0/?ticket=secret"}, 2,
                     "--listen: a path to listen on has no query: remove the ?");
}

}  // namespace
}  // namespace p9::test
