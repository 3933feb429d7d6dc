#include "fuse/options.hpp"

#include "p9/trace.hpp"
#include "tools/options.hpp"
#include "tools/user_names.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace p9::fuse {
namespace {

Error usage(std::string words) { return Error::from_errno(EINVAL, std::move(words)); }

std::string quoted(std::string_view text) { return '"' + escaped(text) + '"'; }

/// One item of an -o list.
struct Item {
    std::string name;
    std::optional<std::string> value;

    std::string spelled() const { return value ? name + "=" + *value : name; }
};

/// The items of a list; a comma or backslash that belongs to a value has a backslash before it, as in libfuse.
std::vector<Item> split_list(std::string_view list) {
    std::vector<Item> items;
    std::string item;
    const auto finish = [&] {
        if (item.empty()) return;
        const auto equals = item.find('=');
        if (equals == item.npos)
            items.push_back({item, std::nullopt});
        else
            items.push_back({item.substr(0, equals), item.substr(equals + 1)});
        item.clear();
    };
    for (std::size_t i = 0; i < list.size(); ++i) {
        if (list[i] == '\\' && i + 1 < list.size())
            item += list[++i];
        else if (list[i] == ',')
            finish();
        else
            item += list[i];
    }
    finish();
    return items;
}

template <std::size_t N>
bool among(const std::array<std::string_view, N>& names, std::string_view name) {
    return std::ranges::find(names, name) != names.end();
}

// What libfuse, fusermount3 or the kernel understand. nosuid and nodev are always added.
constexpr std::array<std::string_view, 26> FUSE_OPTIONS{
    "allow_other", "allow_root",  "auto_unmount", "default_permissions",
    "fsname",      "subtype",     "max_read",     "ro",
    "rw",          "nosuid",      "nodev",        "exec",
    "noexec",      "async",       "sync",         "dirsync",
    "atime",       "noatime",     "nodiratime",   "relatime",
    "norelatime",  "strictatime", "context",      "fscontext",
    "defcontext",  "rootcontext"};
// What mount(8) and fstab(5) keep for themselves but hand on all the same.
constexpr std::array<std::string_view, 11> IGNORED{"defaults", "auto",  "noauto", "user",    "nouser", "users",
                                                   "owner",    "group", "nofail", "_netdev", "comment"};
constexpr std::array<std::string_view, 2> LATER{"idmap", "capture"};

std::optional<Error> take_cache(const std::string& mode, Options& options) {
    if (mode == "auto" || mode == "loose") return usage("cache=" + mode + " is not there yet; only cache=none is");
    if (mode != "none") return usage("cache=" + escaped(mode) + ": expected none, auto or loose");
    options.behaviour.attribute_timeout = options.behaviour.entry_timeout = 0;
    options.behaviour.direct = true;
    return std::nullopt;
}

std::optional<Error> take_dialect(const std::string& name, Options& options) {
    if (name == "auto") return std::nullopt;
    const auto dialect = dialect_of(name);
    if (!dialect) return usage("dialect=" + escaped(name) + ": expected auto, 9P2000.L, 9P2000.u or 9P2000");
    options.dialects = {*dialect};
    return std::nullopt;
}

std::optional<Error> take_seconds(const Item& item, double& seconds) {
    const auto parsed = tools::parse_seconds(item.value.value_or(""));
    if (!parsed) return usage(item.name + ": expected a number of seconds, not " + quoted(item.value.value_or("")));
    seconds = std::chrono::duration<double>(*parsed).count();
    return std::nullopt;
}

std::optional<Error> take_number(const Item& item, u32 least, bool suffixes, u32& number) {
    const auto parsed = tools::parse_number(item.value.value_or(""), suffixes);
    if (!parsed || *parsed < least || *parsed >= NONUNAME)
        return usage(item.name + ": expected a number" + (suffixes ? " of bytes such as 65536, 64K or 1M" : "") +
                     ", not " + quoted(item.value.value_or("")));
    number = static_cast<u32>(*parsed);
    return std::nullopt;
}

std::optional<Error> take_item(const Item& item, Options& options) {
    const std::string& name = item.name;
    const bool wants_value =
        name == "aname" || name == "uname" || name == "dialect" || name == "cache" || name == "tls_ca";
    if (wants_value && !item.value) return usage(name + ": expected " + name + "=VALUE");
    if (name == "aname") return options.aname = *item.value, std::nullopt;
    if (name == "uname") return options.uname = *item.value, std::nullopt;
    if (name == "dialect") return take_dialect(*item.value, options);
    if (name == "cache") return take_cache(*item.value, options);
    if (name == "uid") return take_number(item, 0, false, options.n_uname);
    if (name == "msize") return take_number(item, MIN_MSIZE, true, options.msize);
    if (name == "attr_timeout") return take_seconds(item, options.behaviour.attribute_timeout);
    if (name == "entry_timeout") return take_seconds(item, options.behaviour.entry_timeout);
    if (name == "reconnect_timeout") {
        double seconds = 0;
        auto error = take_seconds(item, seconds);
        options.reconnect_timeout = std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds));
        return error;
    }
    if (name == "tls_ca") return options.tls.ca_file = *item.value, std::nullopt;
    if (name == "tls_insecure") return options.tls.insecure = true, std::nullopt;
    if (name == "trace") return options.trace = item.value.value_or("-"), std::nullopt;
    if (among(LATER, name)) return usage("the option " + name + " is not there yet");
    if (name == "suid" || name == "dev")
        return usage("the option " + name + " is refused: the mount is always nosuid,nodev");
    if (name == "debug") return options.debug = options.foreground = true, std::nullopt;
    if (among(IGNORED, name) || name.starts_with("x-")) return std::nullopt;
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

}  // namespace

Result<Options> parse_options(const std::vector<std::string>& arguments) {
    Options options;
    std::vector<std::string> places;
    std::vector<Item> items;
    bool only_places = false;
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
    if (auto error = take_places(places, options)) return std::move(*error);
    options.uname = tools::login_name();
    options.n_uname = ::geteuid();
    for (const auto& item : items)
        if (auto error = take_item(item, options)) return std::move(*error);
    if (options.trace == "-" && !options.foreground)
        return usage("trace: a mount in the background needs trace=FILE; or use -f");
    return options;
}

}  // namespace p9::fuse
