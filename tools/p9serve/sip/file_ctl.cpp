// clone, and the ctl of a server.
#include "tools/p9serve/sip/commands.hpp"
#include "tools/p9serve/sip/tree.hpp"
#include "tools/p9serve/sip/words.hpp"

#include <cerrno>

namespace p9::serve::sip {
namespace {

/// What a ctl answers to everything: the number of its server.
class OpenCtl : public Dialogue {
public:
    OpenCtl(VisitorPtr visitor, ServerPtr server) : visitor_(std::move(visitor)), server_(std::move(server)) {
        answer(number());
    }

    u32 iounit() const override { return MAX_COMMAND; }

protected:
    awaitable<Result<std::string>> ask(std::string text) override {
        auto running = run_command(visitor_, server_, std::move(text));
        const auto done = co_await std::move(running);
        if (!done) co_return done.error();
        co_return number();
    }

    Server& server() { return *server_; }
    World& world() { return visitor_->world(); }

private:
    std::string number() const { return std::to_string(server_->number) + "\n"; }

    VisitorPtr visitor_;
    ServerPtr server_;
};

/// The ctl of a slot that was made by opening clone.
class OpenClone final : public OpenCtl {
public:
    using OpenCtl::OpenCtl;
    OpenClone(const OpenClone&) = delete;
    OpenClone& operator=(const OpenClone&) = delete;
    ~OpenClone() override {
        // A slot that nobody could tell the purpose of.
        if (server().type || server().removed) return;
        world().interrupts.remove_server(server());
        world().registry.erase(server());
    }
};

}  // namespace

FilePtr make_ctl(const VisitorPtr& visitor, ServerPtr server, u64 path) {
    return std::make_shared<OpeningFile>(Place{path, 0666, visitor->world().born},
                                         [visitor, server = std::move(server)](OpenFlags) -> Result<OpenFilePtr> {
                                             if (server->removed)
                                                 return Error::from_errno(
                                                     ENOENT, "server " + quoted(server->title()) + " was removed");
                                             const auto allowed = visitor->control(*server);
                                             if (!allowed) return allowed.error();
                                             return std::make_unique<OpenCtl>(visitor, server);
                                         });
}

FilePtr make_clone(const VisitorPtr& visitor) {
    return std::make_shared<OpeningFile>(Place{PATH_CLONE, 0666, visitor->world().born},
                                         [visitor](OpenFlags) -> Result<OpenFilePtr> {
                                             const auto allowed = visitor->require_operator("makes servers");
                                             if (!allowed) return allowed.error();
                                             auto server = visitor->world().registry.allocate();
                                             if (!server) return server.error();
                                             return std::make_unique<OpenClone>(visitor, *std::move(server));
                                         });
}

}  // namespace p9::serve::sip
