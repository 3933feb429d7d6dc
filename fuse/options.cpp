#include "fuse/options.hpp"

#include "fuse/option_items.hpp"

#include "p9/trace.hpp"
#include "tools/options.hpp"
#include "tools/user_names.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace p9::fuse {
namespace {

template <std::size_t N>
bool among(const std::array<std::string_view, N>& names, std::string_view name) {
    return std::ranges::find(names, name) != names.end();
}

// What libfuse, fusermount3 or the kernel understand.
constexpr std::array<std::string_view, 20> FUSE_OPTIONS{
    "allow_other", "allow_root", "auto_unmount", "default_permissions",
    "fsname",      "subtype",    "max_read",     "ro",
    "rw",          "exec",       "noexec",       "async",
    "sync",        "dirsync",    "atime",        "noatime",
    "context",     "fscontext",  "defcontext",   "rootcontext"};
// What mount(8) and fstab(5) keep for themselves but hand on all the same; what is the server's business, or the
// kernel's, which never writes times of access for FUSE; and sshfs's word for what is always done.
constexpr std::array<std::string_view, 26> IGNORED{
    "defaults",  "auto",       "noauto",     "user",     "nouser",     "users",       "owner",
    "noowner",   "group",      "nogroup",    "nofail",   "_netdev",    "comment",     "uhelper",
    "reconnect", "diratime",   "nodiratime", "relatime", "norelatime", "strictatime", "nostrictatime",
    "lazytime",  "nolazytime", "iversion",   "silent",   "loud"};

std::optional<Error> take_cache(const std::string& mode, Options& options) {
    Behaviour& behaviour = options.behaviour;
    if (mode == "none")
        behaviour.cache = CacheMode::none;
    else if (mode == "auto" || mode == "readahead" || mode == "mmap")  // the last two are v9fs's
        behaviour.cache = CacheMode::automatic;
    else if (mode == "loose" || mode == "fscache")
        behaviour.cache = CacheMode::loose;
    else
        return usage("cache=" + escaped(mode) + ": expected none, auto or loose");
    return std::nullopt;
}

/// The times that the cache mode means, where the person who typed did not say others.
void settle_timeouts(Options& options) {
    constexpr double a_day = 86400, a_minute = 60;
    Behaviour& behaviour = options.behaviour;
    const bool loose = behaviour.cache == CacheMode::loose;
    const double usual = loose ? a_day : behaviour.cache == CacheMode::none ? 0 : 1;
    behaviour.attribute_timeout = options.attribute_timeout.value_or(usual);
    behaviour.entry_timeout = options.entry_timeout.value_or(usual);
    behaviour.negative_timeout = options.negative_timeout.value_or(loose ? a_minute : 0);
}

std::optional<Error> take_dialect(const Item& item, Options& options) {
    // v9fs says version=9p2000.L.
    std::string name = item.value.value_or("");
    if (name == "auto") return std::nullopt;
    if (name.starts_with("9p")) name[1] = 'P';
    const auto dialect = dialect_of(name);
    if (!dialect) return usage(item.name + "=" + escaped(name) + ": expected auto, 9P2000.L, 9P2000.u or 9P2000");
    options.dialects = {*dialect};
    return std::nullopt;
}

/// v9fs's way to say what stands in the address here.
std::optional<Error> take_port(const Item& item, Options& options) {
    u32 port = 0;
    if (auto error = take_number(item, 1, false, port)) return error;
    auto* const tcp = std::get_if<TcpAddress>(&options.address);
    if (tcp == nullptr || port > 65535 || (tcp->port != DEFAULT_PORT && tcp->port != port))
        return usage("port=" + std::to_string(port) + " does not go with the address " + to_string(options.address));
    tcp->port = static_cast<u16>(port);
    return std::nullopt;
}

std::optional<Error> take_item(const Item& item, Options& options) {
    const std::string& name = item.name;
    const bool wants_value =
        name == "aname" || name == "uname" || name == "cache" || name == "tls_ca" || name == "capture";
    if (wants_value && !item.value) return usage(name + ": expected " + name + "=VALUE");
    if (name == "aname") return options.aname = *item.value, std::nullopt;
    if (name == "uname") return options.uname = *item.value, std::nullopt;
    if (name == "dialect" || name == "version") return take_dialect(item, options);
    if (name == "port") return take_port(item, options);
    if (name == "cache") return take_cache(*item.value, options);
    if (name == "msize") return take_number(item, MIN_MSIZE, true, options.msize);
    if (name == "attr_timeout") return take_seconds(item, options.attribute_timeout);
    if (name == "entry_timeout") return take_seconds(item, options.entry_timeout);
    if (name == "negative_timeout") return take_seconds(item, options.negative_timeout);
    if (name == "reconnect_timeout") return take_duration(item, options.reconnect_timeout);
    if (name == "connect_timeout") return take_duration(item, options.connect_timeout);
    if (name == "port_timeout") return take_duration(item, options.port_timeout.emplace());
    if (name == "tls_ca") return options.tls.ca_file = *item.value, std::nullopt;
    if (name == "tls_insecure") return options.tls.insecure = true, std::nullopt;
    if (name == "trace") return options.trace = item.value.value_or("-"), std::nullopt;
    if (name == "capture") return options.capture = *item.value, std::nullopt;
    if (name == "noxattr") return options.behaviour.extended_attributes = false, std::nullopt;
    if (name == "suid" || name == "allow_suid") return options.suid = true, std::nullopt;
    if (name == "dev" || name == "allow_dev") return options.dev = true, std::nullopt;
    if (name == "nosuid") return options.suid = false, std::nullopt;
    if (name == "nodev") return options.dev = false, std::nullopt;
    if (name == "remount")
        return usage("remount: a p9fuse mount cannot be changed while it is there; unmount it and mount it again");
    if (name == "debug") return options.debug = options.foreground = true, std::nullopt;
    if (among(IGNORED, name) || name.starts_with("x-") || name.starts_with("X-")) return std::nullopt;
    const auto owner = take_owner_item(item, options);
    if (!owner) return owner.error();
    if (*owner) return std::nullopt;
    if (!among(FUSE_OPTIONS, name))
        return usage("unknown option " + quoted(item.spelled()) + " after -o; see p9fuse --help");
    options.fuse_options.push_back(item.spelled());
    // libfuse insists on being told twice.
    if (name == "max_read") return take_number(item, 4096, false, options.behaviour.max_read);
    return std::nullopt;
}

std::optional<Error> take_places(const std::vector<std::string>& places, Options& options) {
    if (places.size() != 2)
        return usage("expected ADDR MOUNTPOINT" +
                     std::string(places.size() > 2 ? ", not also " + quoted(places[2]) : "") + "; see p9fuse --help");
    auto address = parse_address(places[0]);
    if (!address) return std::move(address).error();
    options.address = std::move(*address);
    options.mountpoint = places[1];
    return std::nullopt;
}

/// mount.fuse3 adds "dev,suid" to what fstab says, unless that says "nodev,nosuid": nobody has asked for it. It goes by
/// way of a shell, and quotes each word.
bool hands_on_mount(const std::vector<Item>& items) {
    if (items.size() < 2 || items.back().name != "suid" || items[items.size() - 2].name != "dev") return false;
    std::string line(4096, '\0');
    const int file = ::open(("/proc/" + std::to_string(::getppid()) + "/cmdline").c_str(), O_RDONLY | O_CLOEXEC);
    const ssize_t size = file < 0 ? 0 : ::read(file, line.data(), line.size());
    if (file >= 0) ::close(file);
    line.resize(size < 0 ? 0 : static_cast<std::size_t>(size));
    return line.starts_with(std::string_view("/bin/sh\0-c\0'", 12));
}

}  // namespace

Result<Options> parse_options(const std::vector<std::string>& arguments) {
    Options options;
    std::vector<std::string> places;
    std::vector<Item> items;
    bool only_places = false;
    bool asks = false;
    std::optional<Duration> patience;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        const std::string& argument = arguments[i];
        const auto add_list = [&](std::string_view list) {
            for (auto& item : split_list(list)) items.push_back(std::move(item));
        };
        if (only_places || argument.size() < 2 || argument[0] != '-') {
            places.push_back(argument);
        } else if (argument == "--") {
            only_places = true;
        } else if (argument == "-h" || argument == "--help") {
            options.help = true;
            return options;
        } else if (argument == "-V" || argument == "--version") {
            options.version = true;
            return options;
        } else if (argument == "--status") {
            asks = true;
        } else if (argument.starts_with("--status=")) {
            asks = true;
            places.push_back(argument.substr(9));
        } else if (argument == "--json") {
            options.json = true;
        } else if (argument == "--timeout" || argument.starts_with("--timeout=")) {
            Item limit{"--timeout", std::nullopt};
            if (argument != limit.name)
                limit.value = argument.substr(limit.name.size() + 1);
            else if (i + 1 < arguments.size())
                limit.value = arguments[++i];
            if (auto error = take_duration(limit, patience.emplace())) return std::move(*error);
        } else if (argument == "-f") {
            options.foreground = true;
        } else if (argument == "-d") {
            options.debug = options.foreground = true;
        } else if (argument == "-o") {
            if (++i == arguments.size()) return usage("-o: expected a list of options after it");
            add_list(arguments[i]);
        } else if (argument.starts_with("-o")) {
            add_list(std::string_view(argument).substr(2));
        } else {
            return usage("unknown option " + quoted(argument) + "; see p9fuse --help");
        }
    }
    if (asks) {
        if (places.size() != 1) return usage("--status: expected one MOUNTPOINT; see p9fuse --help");
        options.status = places.front();
        options.patience = patience.value_or(STATUS_PATIENCE);
        return options;
    }
    if (options.json) return usage("--json goes with --status");
    if (patience) return usage("--timeout goes with --status; a mount has connect_timeout and reconnect_timeout");
    if (auto error = take_places(places, options)) return std::move(*error);
    if (hands_on_mount(items)) items.resize(items.size() - 2);
    for (const auto& item : items)
        if (auto error = take_item(item, options)) return std::move(*error);
    settle_timeouts(options);
    if (auto error = settle_owners(options)) return std::move(*error);
    if ((options.suid || options.dev) && ::geteuid() != 0)
        return usage(std::string("the option ") + (options.suid ? "suid" : "dev") + " is for root only");
    if (options.trace == "-" && !options.foreground)
        return usage("trace: a mount in the background needs trace=FILE; or use -f");
    if (options.capture == "-" && !options.foreground)
        return usage("capture: a mount in the background needs capture=FILE; or use -f");
    return options;
}

}  // namespace p9::fuse
