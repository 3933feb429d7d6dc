// The SIP tree behind the engine, with clients in the same io_context: what its tests stand on.
#pragma once

#include "tests/serve/served.hpp"
#include "tools/p9serve/sip/sip.hpp"

#include <algorithm>
#include <set>

namespace p9::test {

/// The engine over a Sip; processes get their connection back.
class ServedSip {
public:
    explicit ServedSip(serve::sip::SipOptions options = {})
        : tree(loop.executor(), with_serving(std::move(options))), server(loop.executor(), tree, {}) {
        std::signal(SIGPIPE, SIG_IGN);
    }
    ~ServedSip() {
        loop.run(tree.stop());
        loop.run(server.stop());
        loop.settle();
    }

    /// `only_user` as the connection of a process has it.
    Client client(Dialect dialect = Dialect::unix_, std::string uname = "glenda", std::string only_user = {}) {
        int ends[2];
        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) throw ScriptFailure("socketpair");
        server.serve(must(loop.run(dial(Address(FdAddress{ends[0], ends[0]})))), std::move(only_user));
        next_ = must(loop.run(dial(Address(FdAddress{ends[1], ends[1]}))));
        SessionOptions session;
        session.dialects = {dialect};
        AttachOptions attach;
        attach.uname = std::move(uname);
        attach.n_uname = 1000;
        auto dialler = [this]() -> awaitable<Result<std::unique_ptr<Transport>>> { co_return take(); };
        return must(loop.run(Client::connect(dialler, std::move(session), std::move(attach))));
    }

    Loop loop;
    std::vector<std::string> connected;  // whose connections back were made
    serve::sip::Sip tree;
    serve::Server server;

private:
    std::unique_ptr<Transport> take() { return std::move(next_); }
    serve::sip::SipOptions with_serving(serve::sip::SipOptions options) {
        options.serve = [this](int fd, std::string only_user) {
            connected.push_back(only_user);
            spawn(loop.executor(), serve_process(fd, std::move(only_user)));
        };
        return options;
    }
    awaitable<void> serve_process(int fd, std::string only_user) {
        auto transport = co_await dial(Address(FdAddress{fd, fd}));
        server.serve(*std::move(transport), std::move(only_user));
    }
    std::unique_ptr<Transport> next_;
};

/// Who uses the tree, in plain calls. An error is told by its words ("! ..."), so that one expectation says it all.
class SipUser {
public:
    SipUser(ServedSip& served, Dialect dialect = Dialect::unix_, std::string uname = "glenda",
            std::string only_user = {})
        : loop_(served.loop), client_(served.client(dialect, std::move(uname), std::move(only_user))) {}

    const Client& client() const { return client_; }

    Result<File> open(const std::string& path, OpenFlags flags = P9_O_RDWR) {
        return loop_.run(client_.open(path, flags));
    }
    /// What one read brings.
    std::string read(const File& file, u64 offset = 0, u32 count = 4096) {
        return words(loop_.run(file.read(offset, count)));
    }
    /// "" if all of it was taken.
    std::string write(const File& file, std::string_view text, u64 offset = 0) {
        const auto taken = loop_.run(file.write(offset, bytes(text)));
        if (!taken) return "! " + taken.error().message();
        return *taken == text.size() ? "" : "! taken: " + std::to_string(*taken);
    }
    /// As `cat` does.
    std::string cat(const std::string& path) {
        const auto text = loop_.run(client_.read_file(path));
        return text ? *text : "! " + text.error().message();
    }
    /// As `echo TEXT > PATH` does.
    std::string echo(const std::string& text, const std::string& path) {
        const auto file = open(path, P9_O_WRONLY | P9_O_TRUNC);
        if (!file) return "! " + file.error().message();
        return write(*file, text + "\n");
    }
    /// Writes and reads on one open file.
    std::string ask(const std::string& path, const std::string& text) {
        const auto file = open(path);
        if (!file) return "! " + file.error().message();
        const std::string failed = write(*file, text);
        return failed.empty() ? read(*file) : failed;
    }
    std::vector<std::string> list(const std::string& path) {
        std::vector<std::string> names;
        for (auto& entry : must(loop_.run(client_.list(path))).entries) names.push_back(entry.name);
        return names;
    }
    /// A server of that type; its name.
    std::string make(const std::string& type, const std::string& name) {
        const auto file = must(open("/dev/sip/clone"));
        for (const std::string& command : {type, "name " + name}) {
            const std::string failed = write(file, command);
            if (!failed.empty()) throw ScriptFailure(failed);
        }
        return name;
    }
    std::string command(const std::string& server, const std::string& text) {
        return echo(text, "/dev/sip/servers/" + server + "/ctl");
    }
    /// The value of a line of its status.
    std::string status(const std::string& server, const std::string& key = "status") {
        const std::string text = cat("/dev/sip/servers/" + server + "/status");
        const auto at = ("\n" + text).find("\n" + key + ": ");
        if (at == text.npos) return text;
        const auto start = at + key.size() + 2;
        return text.substr(start, text.find('\n', start) - start);
    }
    std::string health(const std::string& server) { return cat("/dev/sip/servers/" + server + "/health"); }
    /// Whether the server comes to have this status.
    bool comes_to(const std::string& server, const std::string& wanted) {
        for (const auto start = Clock::now(); Clock::now() - start < Loop::patience;) {
            if (status(server) == wanted) return true;
            boost::asio::steady_timer pause(loop_.executor(), std::chrono::milliseconds(5));
            loop_.run(wait(pause));
        }
        return false;
    }

    static Bytes bytes(std::string_view text) { return {reinterpret_cast<const u8*>(text.data()), text.size()}; }
    static std::string words(const Result<Payload>& got) {
        if (!got) return "! " + got.error().message();
        return {reinterpret_cast<const char*>(got->bytes.data()), got->bytes.size()};
    }

private:
    static awaitable<void> wait(boost::asio::steady_timer& timer) {
        co_await timer.async_wait(boost::asio::use_awaitable);
    }
    Loop& loop_;
    Client client_;
};

}  // namespace p9::test
