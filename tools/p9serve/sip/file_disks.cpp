// The devices that a server has found.
#include "tools/p9serve/sip/tree.hpp"
#include "tools/p9serve/sip/words.hpp"

#include <cerrno>

namespace p9::serve::sip {
namespace {

constexpr u64 SECTORS = 131072;

bool serves_disks(const Server& server) { return !server.removed && server.state == Status::healthy; }

/// A disk of the simulation. It tells what it is, and cannot be written to.
class OpenDisk final : public OpenFile {
public:
    OpenDisk(ServerPtr server, std::string name) : server_(std::move(server)), name_(std::move(name)) {}

    awaitable<Result<void>> read(u64 offset, ReadReply& reply) override {
        server_->count_request();
        if (!serves_disks(*server_)) co_return fails(EIO, "server " + quoted(server_->title()) + " is not running");
        reply.put_range(name_ + ": " + std::to_string(SECTORS) + " sectors of 512 bytes, read-only\n", offset);
        co_return boost::system::in_place_value;
    }

    awaitable<Result<u32>> write(u64, Bytes) override {
        server_->count_request();
        co_return fails(EROFS, "the disk is read-only");
    }

private:
    Error fails(int number, const std::string& why) {
        Error error = Error::from_errno(number, name_ + ": " + why);
        server_->count_error(error.text);
        return error;
    }

    ServerPtr server_;
    std::string name_;
};

class DevicesDirectory final : public SyntheticDirectory {
public:
    DevicesDirectory(const Place& place, VisitorPtr visitor, ServerPtr server)
        : SyntheticDirectory(place), path_(place.path), visitor_(std::move(visitor)), server_(std::move(server)) {}

    std::optional<Child> after(u64 cookie) override {
        const auto* names = devices();
        if (names == nullptr || cookie >= names->size()) return std::nullopt;
        return Child{(*names)[cookie], Qid{QTFILE, 0, disk_path(cookie)}, cookie + 1};
    }

    FilePtr find(const std::string& name) override {
        const auto* names = devices();
        for (u64 i = 0; names != nullptr && i < names->size(); ++i) {
            if ((*names)[i] == name) return disk(i, name);
        }
        return nullptr;
    }

private:
    /// What there is: a driver finds its devices when it has started.
    const std::vector<std::string>* devices() const {
        return server_->type && serves_disks(*server_) ? &server_->type->devices : nullptr;
    }
    u64 disk_path(u64 index) const { return path_ + 1 + index; }
    FilePtr disk(u64 index, const std::string& name) const {
        return std::make_shared<OpeningFile>(Place{disk_path(index), 0666, visitor_->world().born},
                                             [server = server_, name](OpenFlags) -> Result<OpenFilePtr> {
                                                 return std::make_unique<OpenDisk>(server, name);
                                             });
    }

    u64 path_;
    VisitorPtr visitor_;
    ServerPtr server_;
};

}  // namespace

FilePtr make_devices(const VisitorPtr& visitor, ServerPtr server, u64 path) {
    return std::make_shared<DevicesDirectory>(Place{path, 0555, visitor->world().born}, visitor, std::move(server));
}

}  // namespace p9::serve::sip
