// A server and its clients in one io_context: what the tests of the engine stand on.
//
// `Served<Tree>` owns the loop, the tree and the server. `client` connects lib9pclient to it over a socket pair; `raw`
// gives a Peer, which sends any bytes and reads replies one by one.
#pragma once

#include "p9/client.hpp"
#include "p9/transports/dial.hpp"
#include "tests/support/loop.hpp"
#include "tools/p9serve/server.hpp"
#include "tools/p9serve/waiters.hpp"

#include <gtest/gtest.h>

#include <sys/socket.h>
#include <csignal>

#include <map>

namespace p9::test {

template <class T>
T must(Result<T> result) {
    if (!result) throw ScriptFailure(result.error().message());
    return *std::move(result);
}
inline void must(const Result<void>& result) {
    if (!result) throw ScriptFailure(result.error().message());
}

/// A client without manners.
class Peer {
public:
    Peer(Loop& loop, std::unique_ptr<Transport> transport) : loop_(&loop), transport_(std::move(transport)) {}

    Dialect dialect = Dialect::linux_;

    void send_bytes(Bytes bytes) { must(loop_->run(transport_->send(bytes))); }
    template <class T>
    void send(u16 tag, const T& request) {
        ByteVector bytes;
        if (!encode(bytes, Tag{tag}, request, dialect)) throw ScriptFailure("cannot be encoded");
        send_bytes(bytes);
    }
    /// The next reply, as `describe` has it.
    std::string next() {
        auto frame = loop_->run(transport_->receive());
        if (!frame) return "closed";
        return describe(frame->bytes(), dialect);
    }
    /// Whether a reply has come, or comes before the loop is at rest.
    bool silent() {
        loop_->settle();
        if (!waiting_) waiting_.emplace(loop_->start(transport_->receive()));
        loop_->settle();
        return !waiting_->done();
    }
    template <class T>
    std::string rpc(u16 tag, const T& request) {
        send(tag, request);
        return next();
    }
    /// Agrees on a dialect and attaches fid 0.
    void begin(Dialect wanted = Dialect::linux_) {
        dialect = wanted;
        Tversion version{8192, std::string(version_string(wanted))};
        const std::string agreed = rpc(number(NOTAG), version);
        if (agreed.find(version.version + '"') == agreed.npos) throw ScriptFailure(agreed);
        const std::string attached = rpc(1, Tattach{Fid{0}, NOFID, "glenda", "", 1000});
        if (!attached.starts_with("Rattach")) throw ScriptFailure(attached);
    }
    Transport& transport() { return *transport_; }
    void close() { transport_->close(); }

private:
    Loop* loop_;
    std::unique_ptr<Transport> transport_;
    std::optional<Pending<Result<Frame>>> waiting_;
};

template <class Tree>
class Served {
public:
    explicit Served(serve::ServerOptions options = {}) : server(loop.executor(), tree, with_log(std::move(options))) {}
    ~Served() {
        loop.run(server.stop());
        loop.settle();
    }

    /// The client's end of a new connection.
    std::unique_ptr<Transport> connect(std::string only_user = {}) {
        int ends[2];
        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) throw ScriptFailure("socketpair");
        server.serve(must(loop.run(dial(Address(FdAddress{ends[0], ends[0]})))), std::move(only_user));
        return must(loop.run(dial(Address(FdAddress{ends[1], ends[1]}))));
    }
    Peer raw() { return {loop, connect()}; }
    Peer raw(Dialect dialect) {
        Peer peer = raw();
        peer.begin(dialect);
        return peer;
    }
    Client client(Dialect dialect, std::string uname = "glenda") {
        SessionOptions session;
        session.dialects = {dialect};
        AttachOptions attach;
        attach.uname = std::move(uname);
        attach.n_uname = 1000;
        auto dialler = [this]() -> awaitable<Result<std::unique_ptr<Transport>>> { co_return take(); };
        next_ = connect();
        return must(loop.run(Client::connect(dialler, std::move(session), std::move(attach))));
    }

    Loop loop;
    Tree tree = make(loop);
    std::vector<std::string> log;  // the server's
    serve::Server server;

private:
    static Tree make(Loop& loop) {
        if constexpr (std::is_constructible_v<Tree, boost::asio::any_io_executor>)
            return Tree(loop.executor());
        else
            return Tree{};
    }
    std::unique_ptr<Transport> take() { return std::move(next_); }
    serve::ServerOptions with_log(serve::ServerOptions options) {
        std::signal(SIGPIPE, SIG_IGN);  // the descriptors are written to with write(2)
        options.log = [this](const std::string& line) { log.push_back(line); };
        return options;
    }
    std::unique_ptr<Transport> next_;
};

/// A tree of one directory with three files: `motd` has contents, `bell` is read when it rings, `slate` keeps what is
/// written to it.
class BellTree final : public serve::Filesystem {
public:
    awaitable<Result<serve::FilePtr>> attach(const serve::User& user, std::string) override {
        last_user = user.uname;
        co_return std::make_shared<Root>(*this);
    }

    void ring(std::string sound) {
        sounds.push_back(std::move(sound));
        if (waiters) waiters->wake_one();
    }

    std::string last_user;
    std::string slate = "empty";
    std::deque<std::string> sounds;
    std::optional<serve::Waiters> waiters;
    int open_files = 0;
    bool hold_writes = false;            // they wait as the bell does
    bool finish_when_cancelled = false;  // the bell answers a flushed read all the same

private:
    class Open final : public serve::OpenFile {
    public:
        Open(BellTree& tree, std::string name) : tree_(tree), name_(std::move(name)) { ++tree_.open_files; }
        ~Open() override { --tree_.open_files; }
        awaitable<Result<void>> read(u64 offset, serve::ReadReply& reply) override {
            co_await boost::asio::this_coro::throw_if_cancelled(false);
            if (name_ == "motd") reply.put_range("Be well.\n", offset);
            if (name_ == "slate") reply.put_range(tree_.slate, offset);
            if (name_ != "bell") co_return boost::system::in_place_value;
            if (!tree_.waiters) tree_.waiters.emplace(co_await boost::asio::this_coro::executor);
            while (tree_.sounds.empty()) {
                auto waiting = tree_.waiters->wait();
                const bool woken = co_await std::move(waiting);
                if (!woken && !tree_.finish_when_cancelled) co_return Error(errc::cancelled);
                if (!woken) tree_.sounds.push_back("late");
            }
            reply.put(tree_.sounds.front());
            tree_.sounds.pop_front();
            co_return boost::system::in_place_value;
        }
        awaitable<Result<u32>> write(u64, Bytes data) override {
            co_await boost::asio::this_coro::throw_if_cancelled(false);
            if (tree_.hold_writes) {
                if (!tree_.waiters) tree_.waiters.emplace(co_await boost::asio::this_coro::executor);
                auto waiting = tree_.waiters->wait();
                const bool woken = co_await std::move(waiting);
                if (!woken) co_return Error(errc::cancelled);
            }
            tree_.slate.assign(data.begin(), data.end());
            co_return static_cast<u32>(data.size());
        }
        awaitable<Result<void>> readdir(u64 offset, serve::Entries& entries) override {
            for (u64 i = offset; i < 3; ++i)
                if (!entries.add({NAMES[i], {QTFILE, 0, i + 1}, FileType::file, i + 1})) break;
            co_return boost::system::in_place_value;
        }

    private:
        BellTree& tree_;
        std::string name_;
    };
    class Leaf final : public serve::File {
    public:
        Leaf(BellTree& tree, u64 number) : tree_(tree), number_(number) {}
        Qid qid() const override { return {QTFILE, 0, number_ + 1}; }
        awaitable<Result<Attributes>> attributes() override {
            co_return serve::synthetic_attributes(P9_S_IFREG | 0666, {1000, 0});
        }
        awaitable<Result<serve::OpenFilePtr>> open(OpenFlags) override {
            co_return std::make_unique<Open>(tree_, NAMES[number_]);
        }

    private:
        BellTree& tree_;
        u64 number_;
    };
    class Root final : public serve::File {
    public:
        explicit Root(BellTree& tree) : tree_(tree) {}
        Qid qid() const override { return {QTDIR, 0, 100}; }
        awaitable<Result<Attributes>> attributes() override {
            co_return serve::synthetic_attributes(P9_S_IFDIR | 0555, {1000, 0});
        }
        awaitable<Result<serve::FilePtr>> walk(std::string name) override {
            for (u64 i = 0; i < 3; ++i)
                if (name == NAMES[i]) co_return std::make_shared<Leaf>(tree_, i);
            co_return Error::from_errno(ENOENT);
        }
        awaitable<Result<serve::OpenFilePtr>> open(OpenFlags) override { co_return std::make_unique<Open>(tree_, ""); }

    private:
        BellTree& tree_;
    };
    static constexpr const char* NAMES[3] = {"motd", "bell", "slate"};
};

}  // namespace p9::test
