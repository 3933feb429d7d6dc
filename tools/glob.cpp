#include "tools/glob.hpp"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <optional>

namespace p9::tools {
namespace {

/// Directories being listed, or names being looked up, at a time.
constexpr std::size_t most_at_once = 512;

/// What one pattern may match. A server's tree can be without end, and `**` goes through all of it.
constexpr std::size_t most_matches = 1'000'000;

std::string join(const std::string& directory, const std::string& name) {
    return directory.empty() || directory.ends_with('/') ? directory + name : directory + '/' + name;
}

/// The expansion of one pattern, one name of it after the other.
class Expansion {
public:
    Expansion(const Client& client, std::string_view directory) : client_(client), directory_(directory) {}

    /// The matches; empty if there are none. Fails only if the connection does.
    awaitable<Result<std::vector<std::string>>> run(std::string pattern);

private:
    using Filter = std::function<void(const std::string& directory, const DirectoryEntry& entry)>;

    /// Calls `each` for the entries of all `directories_`; those that cannot be listed have none, as in a shell.
    awaitable<void> list_all(std::vector<std::string> directories, Filter each);
    awaitable<void> list_one(std::string directory, const Filter& each);
    awaitable<void> step(std::string_view name, bool last);
    awaitable<void> descend(bool last);
    awaitable<void> keep_existing();
    awaitable<void> look_up(std::size_t i, std::vector<char>& exists);

    /// Adds a match, unless there are too many.
    void add(std::vector<std::string>& to, std::string path) {
        if (to.size() < most_matches) return to.push_back(std::move(path));
        if (!fatal_)
            fatal_ =
                Error::from_errno(EFBIG, "the pattern matches more than " + std::to_string(most_matches) + " names");
    }
    static bool may_be_directory(const DirectoryEntry& entry, bool through_symlinks) {
        if (!entry.type) return true;
        return *entry.type == FileType::directory || (through_symlinks && *entry.type == FileType::symlink);
    }

    const Client& client_;
    std::string_view directory_;
    std::vector<std::string> paths_;  // matches of the names so far
    bool sure_ = true;                // all of paths_ have been seen in a listing
    std::optional<Error> fatal_;
};

awaitable<void> Expansion::list_one(std::string directory, const Filter& each) {
    auto listing = client_.list(path_from(directory_, directory));
    auto batch = co_await std::move(listing);
    if (batch) {
        for (const auto& entry : batch->entries) each(directory, entry);
    } else if (ends_everything(batch.error()) && !fatal_) {
        fatal_ = batch.error();
    }
}

awaitable<void> Expansion::list_all(std::vector<std::string> directories, Filter each) {
    std::function<awaitable<void>(std::size_t)> one = [&](std::size_t i) { return list_one(directories[i], each); };
    auto all = for_each_concurrently(directories.size(), most_at_once, std::move(one));
    co_await std::move(all);
}

awaitable<void> Expansion::step(std::string_view name, bool last) {
    std::vector<std::string> found;
    Filter filter = [&](const std::string& directory, const DirectoryEntry& entry) {
        if (matches(name, entry.name) && (last || may_be_directory(entry, true)))
            add(found, join(directory, entry.name));
    };
    auto listing = list_all(std::move(paths_), std::move(filter));
    co_await std::move(listing);
    paths_ = std::move(found);
    sure_ = true;
}

awaitable<void> Expansion::descend(bool last) {
    std::vector<std::string> all;
    // As the last name `**` stands for everything below, else for directories, the first one included.
    if (!last) all = paths_;
    std::vector<std::string> level = std::move(paths_);
    while (!level.empty() && !fatal_) {
        std::vector<std::string> below;
        Filter filter = [&](const std::string& directory, const DirectoryEntry& entry) {
            if (entry.name.starts_with('.')) return;
            const std::string path = join(directory, entry.name);
            const bool is_directory = may_be_directory(entry, false);
            // Nobody can use a path that is longer (path_resolution(7)).
            if (path.size() >= PATH_MAX) return;
            if (is_directory) add(below, path);
            if (last || is_directory) add(all, path);
        };
        auto listing = list_all(std::move(level), std::move(filter));
        co_await std::move(listing);
        level = std::move(below);
    }
    paths_ = std::move(all);
}

awaitable<void> Expansion::look_up(std::size_t i, std::vector<char>& exists) {
    auto walked = co_await client_.walk(path_from(directory_, paths_[i]), Follow::no);
    exists[i] = walked.has_value() ? 1 : 0;
    if (!walked && ends_everything(walked.error()) && !fatal_) fatal_ = walked.error();
}

awaitable<void> Expansion::keep_existing() {
    std::vector<char> exists(paths_.size());
    std::function<awaitable<void>(std::size_t)> one = [&](std::size_t i) { return look_up(i, exists); };
    auto all = for_each_concurrently(paths_.size(), most_at_once, std::move(one));
    co_await std::move(all);
    std::vector<std::string> found;
    for (std::size_t i = 0; i < paths_.size(); ++i) {
        if (exists[i]) found.push_back(std::move(paths_[i]));
    }
    paths_ = std::move(found);
}

awaitable<Result<std::vector<std::string>>> Expansion::run(std::string pattern) {
    std::string_view rest = pattern;
    paths_ = {std::string(rest.starts_with('/') ? "/" : "")};
    while (!rest.empty() && !fatal_) {
        const auto slash = rest.find('/');
        const std::string name(rest.substr(0, slash));
        rest = slash == rest.npos ? std::string_view() : rest.substr(slash + 1);
        if (name.empty()) continue;
        const bool last = rest.find_first_not_of('/') == rest.npos;
        if (name == "**") {
            co_await descend(last);
        } else if (has_pattern(name)) {
            co_await step(name, last);
        } else {
            for (auto& path : paths_) path = join(path, unescaped(name));
            sure_ = false;
        }
    }
    if (!sure_ && !fatal_) co_await keep_existing();
    if (fatal_) co_return *fatal_;
    std::ranges::sort(paths_);
    const auto twice = std::ranges::unique(paths_);
    paths_.erase(twice.begin(), twice.end());
    co_return std::move(paths_);
}

awaitable<Result<bool>> is_there(const Client& client, std::string path) {
    auto walked = co_await client.walk(path, Follow::no);
    if (walked) co_return true;
    if (ends_everything(walked.error())) co_return walked.error();
    co_return false;
}

awaitable<Result<std::vector<std::string>>> expand_one(const Client& client, std::string pattern, Literal literal,
                                                       std::string_view directory) {
    if (literal == Literal::first) {
        const auto there = co_await is_there(client, path_from(directory, pattern));
        if (!there) co_return there.error();
        if (*there) co_return std::vector<std::string>{pattern};
    }
    Expansion expansion(client, directory);
    auto expanding = expansion.run(pattern);
    auto found = co_await std::move(expanding);
    if (!found || !found->empty() || literal == Literal::first) co_return found;
    const auto there = co_await is_there(client, path_from(directory, pattern));
    if (!there) co_return there.error();
    if (*there) found->push_back(pattern);
    co_return found;
}

}  // namespace

std::string path_from(std::string_view directory, const std::string& path) {
    if (directory.empty() || path.starts_with('/')) return path;
    return join(std::string(directory), path);
}

awaitable<std::vector<std::string>> expand(const Client& client, Messages& messages, std::vector<std::string> paths,
                                           Literal literal, std::string_view directory, std::string_view mark) {
    co_await boost::asio::this_coro::throw_if_cancelled(false);
    std::vector<std::string> all;
    for (auto& path : paths) {
        if (!has_pattern(path)) {
            all.push_back(std::move(path));
            continue;
        }
        auto expanding = expand_one(client, path, literal, directory);
        auto found = co_await std::move(expanding);
        if (!found) {
            messages.report(std::string(mark) + path, found.error());
            co_return std::vector<std::string>{};
        }
        if (found->empty())
            messages.report(std::string(mark) + path, Error::from_errno(ENOENT, "nothing matches this pattern"));
        all.insert(all.end(), std::make_move_iterator(found->begin()), std::make_move_iterator(found->end()));
    }
    co_return all;
}

}  // namespace p9::tools
