// stat: all that the server tells of a file.
#include "tools/p9sh/places.hpp"

#include "p9/trace.hpp"
#include "tools/json.hpp"
#include "tools/user_names.hpp"

#include <cstdio>
#include <ctime>

namespace p9::tools {
namespace {

std::string time_text(const Time& time) {
    const std::time_t seconds = time.seconds;
    std::tm parts{};
    char text[64];
    if (::localtime_r(&seconds, &parts) == nullptr ||
        std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &parts) == 0)
        return std::to_string(time.seconds);
    char fraction[80];
    std::snprintf(fraction, sizeof fraction, "%s.%09u", text, time.nanoseconds);
    char zone[16];
    return std::strftime(zone, sizeof zone, " %z", &parts) == 0 ? fraction : fraction + std::string(zone);
}

std::string qid_and_types(const Qid& qid) {
    static constexpr std::pair<u8, std::string_view> bits[] = {
        {QTDIR, "directory"}, {QTAPPEND, "append"}, {QTEXCL, "exclusive"}, {QTMOUNT, "mount"},
        {QTAUTH, "auth"},     {QTTMP, "temporary"}, {QTSYMLINK, "symlink"}};
    std::string types;
    for (const auto& [bit, name] : bits) {
        if ((qid.type & bit) != 0) types += (types.empty() ? "" : ",") + std::string(name);
    }
    return qid_text(qid) + (types.empty() ? "" : " " + types);
}

std::string owner_text(u32 number, const std::string& told, const std::string& known) {
    if (number == NONUNAME) return told.empty() ? "unknown" : told;
    const std::string& name = told.empty() ? known : told;
    return std::to_string(number) + (name.empty() ? "" : " (" + name + ")");
}

/// Adds "name: value" lines.
class Lines {
public:
    explicit Lines(std::string& out) : out_(out) {}
    void add(std::string_view name, const std::string& value) {
        out_ += std::string(10 - std::min<std::size_t>(9, name.size()), ' ');
        out_.append(name).append(": ").append(value).append("\n");
    }

private:
    std::string& out_;
};

std::string describe_file(const Call& call, const std::string& path, const Attributes& a) {
    std::string out;
    Lines lines(out);
    const auto told = [&a](u64 bit) { return (a.valid & bit) != 0; };
    lines.add("File", call.shown(path) + (a.target.empty() ? "" : " -> " + call.shown(a.target)));
    if (told(GETATTR_MODE)) lines.add("Type", std::string(type_name(a.type())));
    lines.add("Qid", qid_and_types(a.qid));
    if (told(GETATTR_SIZE)) lines.add("Size", std::to_string(a.size));
    if (told(GETATTR_BLOCKS))
        lines.add("Blocks",
                  std::to_string(a.blocks) + " of 512 bytes, best read " + std::to_string(a.blksize) + " at a time");
    if (told(GETATTR_MODE)) {
        char mode[16];
        std::snprintf(mode, sizeof mode, "%04o", a.mode & P9_S_PERMISSIONS);
        lines.add("Mode", mode);
    }
    if (told(GETATTR_NLINK)) lines.add("Links", std::to_string(a.nlink));
    if (told(GETATTR_UID) || !a.user.empty())
        lines.add("Owner", owner_text(a.uid, call.shown(a.user), a.uid == NONUNAME ? "" : user_name(a.uid)));
    if (told(GETATTR_GID) || !a.group.empty())
        lines.add("Group", owner_text(a.gid, call.shown(a.group), a.gid == NONUNAME ? "" : group_name(a.gid)));
    if (!a.modifier.empty()) lines.add("Modifier", call.shown(a.modifier));
    const bool device = a.type() == FileType::block || a.type() == FileType::character;
    if (told(GETATTR_RDEV) && device) lines.add("Device", std::to_string(a.rdev));
    if (told(GETATTR_ATIME)) lines.add("Access", time_text(a.atime));
    if (told(GETATTR_MTIME)) lines.add("Modify", time_text(a.mtime));
    if (told(GETATTR_CTIME)) lines.add("Change", time_text(a.ctime));
    if (told(GETATTR_BTIME)) lines.add("Birth", time_text(a.btime));
    if (told(GETATTR_GEN)) lines.add("Gen", std::to_string(a.gen));
    if (told(GETATTR_DATA_VERSION)) lines.add("Data ver.", std::to_string(a.data_version));
    return out;
}

std::string describe_system(const StatFs& s) {
    std::string out;
    Lines lines(out);
    char type[24], id[32];
    std::snprintf(type, sizeof type, "0x%x", s.fs_type);
    std::snprintf(id, sizeof id, "0x%llx", static_cast<unsigned long long>(s.fsid));
    lines.add("Type", type);
    lines.add("Id", id);
    lines.add("Blocks", std::to_string(s.blocks) + " of " + std::to_string(s.bsize) + " bytes, " +
                            std::to_string(s.bfree) + " free, " + std::to_string(s.bavail) + " for users");
    lines.add("Files", std::to_string(s.files) + ", " + std::to_string(s.ffree) + " more possible");
    lines.add("Longest", std::to_string(s.namelen) + " bytes in a name");
    return out;
}

awaitable<Result<std::string>> stat_text(Call& call, std::string path) {
    const std::string place = call.shell.absolute(path);
    const Follow follow = call.arguments.has('L') ? Follow::yes : Follow::no;
    auto walking = call.client().walk(place, follow);
    const auto node = co_await std::move(walking);
    if (!node) co_return node.error();
    if (call.arguments.has('f')) {
        const auto system = co_await node->statfs();
        if (!system) co_return system.error();
        co_return describe_system(*system);
    }
    auto attributes = co_await node->attributes(GETATTR_ALL);
    if (!attributes) co_return attributes.error();
    const bool symlink = attributes->type() == FileType::symlink && attributes->target.empty();
    if (symlink) {
        auto target = co_await node->readlink();
        if (target) attributes->target = std::move(*target);
    }
    if (call.arguments.has('j'))
        co_return json_of_file(place, last_name(place), attributes->qid, attributes->type(), *attributes) + "\n";
    co_return describe_file(call, path, *attributes);
}

}  // namespace

awaitable<void> run_stat(Call& call) {
    auto finding = remote_paths(call);
    const auto paths = co_await std::move(finding);
    for (const auto& path : paths) {
        auto asking = stat_text(call, path);
        const auto text = co_await std::move(asking);
        if (text)
            call.out().put(*text);
        else
            call.messages().report(path, text.error());
        if (call.messages().hopeless()) co_return;
    }
}

}  // namespace p9::tools
