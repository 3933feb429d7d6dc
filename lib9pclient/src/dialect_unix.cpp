// 9P2000.u: 9P2000 with numbers for users and errors, and special files told by Tcreate's extension.
#include "dialect_9p2000.hpp"

#include <cerrno>
#include <charconv>

namespace p9 {
namespace {

constexpr u32 DMLINK = 0x01000000;

/// Linux's number for a device (makedev(3)).
u64 device_number(u64 major, u64 minor) {
    return (minor & 0xff) | (major & 0xfff) << 8 | (minor & ~u64{0xff}) << 12 | (major & ~u64{0xfff}) << 32;
}

/// What the extension of a device says: "b 8 1".
struct Device {
    FileType type;
    u64 number;
};
std::optional<Device> parse_device(std::string_view text) {
    if (text.size() < 5 || (text[0] != 'b' && text[0] != 'c') || text[1] != ' ') return std::nullopt;
    const char* const end = text.data() + text.size();
    u32 major = 0;
    u32 minor = 0;
    const auto first = std::from_chars(text.data() + 2, end, major);
    if (first.ec != std::errc{} || first.ptr == end || *first.ptr != ' ') return std::nullopt;
    if (std::from_chars(first.ptr + 1, end, minor).ec != std::errc{}) return std::nullopt;
    return Device{text[0] == 'b' ? FileType::block : FileType::character, device_number(major, minor)};
}

class UnixOperations final : public Plan9Operations {
public:
    using Plan9Operations::Plan9Operations;

    awaitable<Result<std::string>> readlink(Fid fid) override {
        auto reply = co_await session_.rpc<Tstat>(fid);
        if (!reply) co_return reply.error();
        if ((reply->stat.value.mode & DMSYMLINK) == 0) co_return Error::from_errno(EINVAL);
        co_return std::move(reply->stat.value.extension);
    }

    awaitable<Result<void>> symlink(const Node& directory, std::string name, std::string target, u32) override {
        auto work = create_special(directory, std::move(name), DMSYMLINK | 0777, std::move(target));
        co_return co_await std::move(work);
    }

    awaitable<Result<void>> mknod(const Node& directory, std::string name, u32 mode, u32 major, u32 minor,
                                  u32) override {
        u32 perm = permissions(mode);
        std::string extension;
        switch (type_of_mode(mode)) {
            case FileType::block:
            case FileType::character:
                perm |= DMDEVICE;
                extension = type_of_mode(mode) == FileType::block ? "b " : "c ";
                extension += std::to_string(major) + ' ' + std::to_string(minor);
                break;
            case FileType::fifo:
                perm |= DMNAMEDPIPE;
                break;
            case FileType::socket:
                perm |= DMSOCKET;
                break;
            default:
                break;
        }
        auto work = create_special(directory, std::move(name), perm, std::move(extension));
        co_return co_await std::move(work);
    }

    awaitable<Result<void>> link(const Node& directory, std::string name, Fid existing) override {
        // As v9fs does it: the extension is the number of the other file's fid.
        auto work = create_special(directory, std::move(name), DMLINK, std::to_string(number(existing)));
        co_return co_await std::move(work);
    }

protected:
    u32 permission_bits() const override { return 0777 | DMSETUID | DMSETGID | DMSETVTX; }

    u32 permissions(u32 mode) const override {
        return (mode & 0777) | (mode & 04000 ? +DMSETUID : 0) | (mode & 02000 ? +DMSETGID : 0) |
               (mode & 01000 ? +DMSETVTX : 0);
    }

    Attributes translate(const Stat& stat) const override {
        Attributes a = Plan9Operations::translate(stat);
        FileType type = a.type();
        if ((stat.mode & DMSYMLINK) != 0) {
            type = FileType::symlink;
            a.target = stat.extension;
        } else if ((stat.mode & DMDEVICE) != 0) {
            const auto device = parse_device(stat.extension);
            type = device ? device->type : FileType::character;
            a.rdev = device ? device->number : 0;
            a.valid |= GETATTR_RDEV;
        } else if ((stat.mode & DMNAMEDPIPE) != 0) {
            type = FileType::fifo;
        } else if ((stat.mode & DMSOCKET) != 0) {
            type = FileType::socket;
        }
        a.mode = mode_bits(type) | (stat.mode & 0777) | (stat.mode & DMSETUID ? 04000 : 0) |
                 (stat.mode & DMSETGID ? 02000 : 0) | (stat.mode & DMSETVTX ? 01000 : 0);
        a.uid = stat.n_uid;
        a.gid = stat.n_gid;
        if (a.uid != NONUNAME) a.valid |= GETATTR_UID;
        if (a.gid != NONUNAME) a.valid |= GETATTR_GID;
        return a;
    }

    std::optional<Error> set_owner(Stat& stat, const AttributeChange& change) const override {
        if (change.uid) stat.n_uid = *change.uid;
        if (change.gid) stat.n_gid = *change.gid;
        return std::nullopt;
    }
};

}  // namespace

std::unique_ptr<DialectOperations> make_unix(Session& session) { return std::make_unique<UnixOperations>(session); }

}  // namespace p9
