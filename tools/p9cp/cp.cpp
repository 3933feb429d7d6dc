#include "tools/p9cp/cp.hpp"

#include "tools/glob.hpp"

#include <boost/asio/this_coro.hpp>

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <set>

namespace p9::tools {
namespace {

constexpr int MOST_SYMLINKS = 40;
// For removing unfinished files at the end.
constexpr Duration CLEANING = std::chrono::seconds(3);

bool is_remote(const std::string& operand) { return operand.starts_with(':'); }

/// A source, and where it comes from.
struct Origin {
    std::string path;
    bool remote = false;
    bool by_pattern = false;  // a name that the server has chosen
    std::string shown() const { return (remote ? ":" : "") + path; }
};

/// Where everything goes: into a folder, under its own name, or as `name` there.
struct Destination {
    FolderPtr folder;
    std::optional<std::string> name;
    std::vector<std::string> remote_path;  // of the folder, or with the name
    std::shared_ptr<RemoteState> remote = std::make_shared<RemoteState>();
};

awaitable<Result<SourcePtr>> open_local_later(boost::asio::any_io_executor executor, std::string path, Follow follow) {
    co_return open_local(executor, path, follow, true);
}

/// What a symlink that the user has named points to, so that the file there is replaced and not the link.
awaitable<Result<std::string>> behind_links(const Client& client, std::string path) {
    for (int i = 0; i < MOST_SYMLINKS; ++i) {
        auto walking = client.walk(path, Follow::no);
        auto node = co_await std::move(walking);
        if (!node || (node->qid().type & QTSYMLINK) == 0) co_return path;
        auto reading = node->readlink();
        auto target = co_await std::move(reading);
        if (!target) co_return target.error();
        path = target->starts_with('/') ? *target : folder_of(path) + '/' + *target;
    }
    co_return Error::from_errno(ELOOP);
}

/// By its attributes where the qid does not tell: some servers' do not.
awaitable<Result<bool>> is_directory(const Node& node) {
    if ((node.qid().type & QTDIR) != 0) co_return true;
    auto asking = node.attributes(GETATTR_BASIC);
    auto attributes = co_await std::move(asking);
    if (!attributes) co_return attributes.error();
    co_return attributes->is_directory();
}

awaitable<Result<Destination>> remote_destination(const Client& client, std::string path, bool folder_wanted) {
    Destination destination;
    const bool slash = path.ends_with('/');
    if (path.empty()) path = "/";
    auto walking = client.walk(path, Follow::yes);
    auto node = co_await std::move(walking);
    if (!node && node.error().is_errc()) co_return node.error();
    bool directory = false;
    if (node) {
        const auto found = co_await is_directory(*node);
        if (!found) co_return found.error();
        directory = *found;
    }
    if (directory) {
        destination.remote_path = split_path(path);
        destination.folder = remote_folder(*std::move(node), destination.remote);
        co_return destination;
    }
    if (folder_wanted || (slash && node)) co_return Error::from_errno(node ? ENOTDIR : ENOENT);
    if (node) {
        auto resolving = behind_links(client, std::move(path));
        auto resolved = co_await std::move(resolving);
        if (!resolved) co_return resolved.error();
        path = *std::move(resolved);
    }
    auto names = split_path(path);
    if (names.empty()) co_return Error::from_errno(ENOENT);
    destination.remote_path = names;
    destination.name = std::move(names.back());
    std::string parent_path = "/";
    for (std::size_t i = 0; i + 1 < names.size(); ++i) parent_path.append(names[i]).append("/");
    auto finding = client.walk(std::move(parent_path), Follow::yes);
    auto parent = co_await std::move(finding);
    if (!parent) co_return parent.error();
    const auto below_directory = co_await is_directory(*parent);
    if (!below_directory) co_return below_directory.error();
    if (!*below_directory) co_return Error::from_errno(ENOTDIR);
    destination.folder = remote_folder(*std::move(parent), destination.remote);
    co_return destination;
}

Result<Destination> local_destination(std::string path, bool folder_wanted) {
    Destination destination;
    struct stat file{};
    const bool exists = ::stat(path.c_str(), &file) == 0;
    if (exists && S_ISDIR(file.st_mode)) {
        auto folder = local_folder(path);
        if (!folder) return folder.error();
        destination.folder = *std::move(folder);
        return destination;
    }
    if (folder_wanted) return Error::from_errno(exists ? ENOTDIR : ENOENT);
    if (exists) {
        const std::unique_ptr<char, void (*)(void*)> resolved(::realpath(path.c_str(), nullptr), std::free);
        if (resolved) path = resolved.get();
    }
    std::string name = base_name(path);
    if (name.empty()) return Error::from_errno(ENOENT);
    auto folder = local_folder(folder_of(path));
    if (!folder) return folder.error();
    destination.folder = *std::move(folder);
    destination.name = std::move(name);
    return destination;
}

awaitable<std::vector<Origin>> find_origins(Context& context, const std::vector<std::string>& operands) {
    std::vector<Origin> origins;
    for (std::size_t i = 0; i + 1 < operands.size(); ++i) {
        if (!is_remote(operands[i])) {
            origins.push_back({operands[i], false, false});
            continue;
        }
        const std::string pattern = operands[i].substr(1);
        std::vector<std::string> one{pattern.empty() ? "/" : pattern};
        auto expanding = expand(context.client, context.messages, std::move(one), Literal::first, "", ":");
        auto paths = co_await std::move(expanding);
        for (auto& path : paths) {
            const bool by_pattern = path != pattern;
            origins.push_back({std::move(path), true, by_pattern});
        }
    }
    co_return origins;
}

/// Why a source cannot be copied to where it would go, seen from the paths.
std::optional<Error> refusal(const Origin& origin, const Destination& destination, const std::string& name,
                             bool to_server, bool force, std::set<std::string>& taken) {
    if (!taken.insert(name).second && !name.empty())
        return Error::from_errno(EEXIST, "another source has that name: it would be replaced at once");
    if (origin.by_pattern && !to_server && !force && is_suspicious(name))
        return Error::from_errno(EINVAL, "a name with control characters, left out (-f copies it)");
    if (!origin.remote || !to_server) return std::nullopt;
    const auto from = split_path(origin.path);
    auto to = destination.remote_path;
    if (!destination.name && !name.empty()) to.push_back(name);
    if (from == to) return Error::from_errno(EINVAL, "source and destination are the same");
    if (from.size() < to.size() && std::equal(from.begin(), from.end(), to.begin()))
        return Error::from_errno(EINVAL, "the destination lies below it");
    return std::nullopt;
}

/// Removes unfinished files on the server, even after an interruption: that is no reason to leave them there.
awaitable<void> clean_up(Context& context, RemoteState& state) {
    const std::size_t count = state.leftovers.size();
    if (count == 0) co_return;
    Result<void> removed = Error(errc::connection_lost);
    if (!context.client.session().ended()) {
        co_await boost::asio::this_coro::reset_cancellation_state(boost::asio::disable_cancellation());
        auto removing = within(CLEANING, remove_leftovers(state), "");
        removed = co_await std::move(removing);
    }
    if (!removed)
        context.messages.note(std::to_string(count) + (count == 1 ? " unfinished file is" : " unfinished files are") +
                              " left on the server, with a name like .NAME.p9cp-0123456789abcdef");
}

}  // namespace

std::optional<std::string> wrong_operands(const CpOptions& options) {
    const auto& operands = options.operands;
    if (operands.size() < 2)
        return operands.empty() ? "name a source and a destination; ':' begins a path on the server"
                                : "name a destination after " + escaped(operands.front());
    if (std::ranges::none_of(operands, is_remote))
        return "no path is on the server: ':' begins one, as in p9cp :/etc/motd . and cp copies local files";
    if (is_remote(operands.back())) return std::nullopt;
    for (std::size_t i = 0; i + 1 < operands.size(); ++i)
        if (!is_remote(operands[i]))
            return escaped(operands[i]) + " and " + escaped(operands.back()) +
                   " are both local: ':' begins a path on the server";
    return std::nullopt;
}

awaitable<void> cp(Context& context, const CpOptions& options) {
    co_await boost::asio::this_coro::throw_if_cancelled(false);
    const auto executor = co_await boost::asio::this_coro::executor;
    auto finding = find_origins(context, options.operands);
    auto origins = co_await std::move(finding);
    if (origins.empty() || context.messages.hopeless()) co_return;

    const std::string& last = options.operands.back();
    const bool to_server = is_remote(last);
    // As with cp(1), only a directory becomes one that is not there.
    const bool folder_named = last.ends_with('/') && !options.copy.recursive;
    const bool folder_wanted = origins.size() > 1 || options.operands.size() > 2 || folder_named;
    Result<Destination> destination = Error(errc::cancelled);
    if (to_server) {
        auto opening = remote_destination(context.client, last.substr(1), folder_wanted);
        destination = co_await std::move(opening);
    } else {
        destination = local_destination(last, folder_wanted);
    }
    if (!destination) {
        context.messages.report(last, destination.error());
        co_return;
    }
    if (!destination->name && origins.size() > 1) {
        auto preparing = destination->folder->prepare();
        (void)co_await std::move(preparing);
    }

    const auto when = options.progress ? Progress::When::always : Progress::When::on_terminal;
    Progress progress(when);
    progress.begin("", 0);
    if (!options.progress) progress.wait_first(std::chrono::milliseconds(500));
    const bool from_server = std::ranges::any_of(origins, &Origin::remote);
    Copier copier(executor, options.copy, {from_server, to_server}, context.messages, progress);
    std::set<std::string> taken;
    // With -r a link is copied as one, as by GNU cp.
    const Follow follow = options.copy.recursive ? Follow::no : Follow::yes;
    for (const Origin& origin : origins) {
        const std::string name = destination->name ? *destination->name : base_name(origin.path);
        if (auto why = refusal(origin, *destination, name, to_server, options.copy.force, taken)) {
            context.messages.report(origin.shown(), *why);
            continue;
        }
        CopyJob job;
        if (origin.remote)
            job.open = [&client = context.client, path = origin.path, follow] {
                return open_remote(client, path, follow, true);
            };
        else
            job.open = [executor, path = origin.path, follow] { return open_local_later(executor, path, follow); };
        job.into = destination->folder;
        job.name = name;
        job.shown = origin.shown();
        job.copy_shown = last;
        if (!destination->name) job.copy_shown.append(last.ends_with('/') || last == ":" ? "" : "/").append(name);
        copier.add(std::move(job));
    }
    auto copying = copier.run();
    co_await std::move(copying);
    if (!to_server) co_return;
    auto cleaning = clean_up(context, *destination->remote);
    co_await std::move(cleaning);
}

}  // namespace p9::tools
