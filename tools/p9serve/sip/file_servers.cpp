// The directory of servers, and what is in each.
#include "tools/p9serve/sip/tree.hpp"
#include "tools/p9serve/sip/words.hpp"

#include <cerrno>

namespace p9::serve::sip {
namespace {

// Which file of a server, in the paths of qids.
enum : u64 { OF_DIRECTORY, OF_CTL, OF_STATUS, OF_HEALTH, OF_IRQ, OF_MOUNT, OF_DEVICES };

u64 server_path(const Server& server, u64 which) { return SERVER_PATHS * (server.number + 1) + which; }

/// A text about a server, as long as it is there.
FilePtr make_server_text(const VisitorPtr& visitor, const ServerPtr& server, u64 which,
                         std::string (*text)(const Server&)) {
    return std::make_shared<TextFile>(
        Place{server_path(*server, which), 0444, visitor->world().born}, [server, text]() -> Result<std::string> {
            if (!server->removed) return text(*server);
            return Error::from_errno(ENOENT, "server " + quoted(server->title()) + " was removed");
        });
}

std::string status_of(const Server& server) { return server.status_text(); }
std::string health_of(const Server& server) { return server.health_text(); }
std::string mount_of(const Server& server) { return server.mount.empty() ? std::string() : server.mount + "\n"; }

FilePtr make_server(const VisitorPtr& visitor, const ServerPtr& server) {
    std::vector<Named> files{
        {"ctl", make_ctl(visitor, server, server_path(*server, OF_CTL))},
        {"status", make_server_text(visitor, server, OF_STATUS, status_of)},
        {"health", make_server_text(visitor, server, OF_HEALTH, health_of)},
        {"irq", make_server_irq(visitor, server, server_path(*server, OF_IRQ))},
        {"mount", make_server_text(visitor, server, OF_MOUNT, mount_of)},
        {"devices", make_devices(visitor, server, server_path(*server, OF_DEVICES))},
    };
    return std::make_shared<FixedDirectory>(Place{server_path(*server, OF_DIRECTORY), 0555, visitor->world().born},
                                            std::move(files));
}

class ServersDirectory final : public SyntheticDirectory {
public:
    ServersDirectory(const Place& place, VisitorPtr visitor)
        : SyntheticDirectory(place), visitor_(std::move(visitor)) {}

    // Numbers only grow, so they are cookies that stay good while servers come and go.
    std::optional<Child> after(u64 cookie) override {
        const ServerPtr server = visitor_->world().registry.from(cookie);
        if (!server) return std::nullopt;
        return Child{server->title(), Qid{QTDIR, 0, server_path(*server, OF_DIRECTORY)}, server->number + 1};
    }

    FilePtr find(const std::string& name) override {
        const ServerPtr server = visitor_->world().registry.find(name);
        return server ? make_server(visitor_, server) : nullptr;
    }

private:
    VisitorPtr visitor_;
};

}  // namespace

FilePtr make_servers(const VisitorPtr& visitor) {
    return std::make_shared<ServersDirectory>(Place{PATH_SERVERS, 0555, visitor->world().born}, visitor);
}

}  // namespace p9::serve::sip
