#include "tools/both.hpp"
#include "tools/glob.hpp"
#include "tools/p9ls/fetch.hpp"

namespace p9::tools {
namespace {

/// Paths of the command line that are looked up at a time.
constexpr std::size_t most_paths = 1024;

/// `path` as seen from the attached root.
std::string from_root(const std::string& path) {
    std::string out;
    for (const auto& name : split_path(path)) out += '/' + name;
    return out.empty() ? "/" : out;
}

}  // namespace

/// What one path of the command line turned out to be.
struct Fetcher::Resolved {
    Item item;
    bool found = false;
    std::shared_ptr<Listing> listing;  // if it is a directory that is to be listed
};

std::shared_ptr<Listing> Fetcher::root_listing(const std::string& path, std::shared_ptr<Node> base, Node to_open) {
    auto listing = std::make_shared<Listing>();
    listing->shown = path;
    listing->path = from_root(path_from(directory_, path));
    listing->base = std::move(base);
    listing->to_open = std::move(to_open);
    start(listing);
    return listing;
}

awaitable<void> Fetcher::resolve_one(std::string path, Resolved& resolved) {
    Item& item = resolved.item;
    item.name = path;
    const std::string place = path_from(directory_, path);
    item.path = from_root(place);
    if (path.empty())
        co_return messages_.report(path, Error::from_errno(ENOENT, "an empty path names no file; / is the root"));
    // As ls(1): a symlink stands for its directory only where nothing is shown of the symlink itself, or with a slash.
    const bool slash = path.ends_with('/');
    const bool itself = !slash && (options_.directory || options_.long_format || options_.json || options_.classify);
    const Follow follow = itself ? Follow::no : Follow::yes;
    std::shared_ptr<Node> base;
    Node to_open;
    if (options_.directory) {
        auto walked = co_await client_.walk(place, follow);
        if (!walked) co_return messages_.report(path, walked.error());
        base = std::make_shared<Node>(std::move(*walked));
    } else {
        // One fid to be opened and one to walk from, which an open one does not allow (walk(5)).
        auto first = client_.walk(place, follow);
        auto second = client_.walk(place, follow);
        auto [one, other] = co_await both(std::move(first), std::move(second));
        if (!one && follow == Follow::yes && !slash && one.error().is_errno(ENOENT)) {
            auto dangling = client_.walk(place, Follow::no);
            one = co_await std::move(dangling);
        }
        if (!one) co_return messages_.report(path, one.error());
        base = std::make_shared<Node>(std::move(*one));
        if (other) to_open = std::move(*other);
    }
    item.qid = base->qid();
    const bool looks_like_directory = (item.qid.type & QTDIR) != 0;
    if (looks_like_directory && !options_.directory)
        resolved.listing = root_listing(path, base, std::exchange(to_open, Node()));
    // Some servers give directories another qid type: only the attributes are sure.
    if (lacks(item) || (!looks_like_directory && !options_.directory)) {
        auto asking = ask_about(*base, item);
        const auto answered = co_await std::move(asking);
        if (!answered && !resolved.listing) co_return messages_.report(path, answered.error());
    }
    if (!item.type) item.type = looks_like_directory ? FileType::directory : type_of_qid(item.qid.type);
    if (slash && !item.is_directory()) co_return messages_.report(path, Error::from_errno(ENOTDIR));
    resolved.found = true;
    if (options_.directory || !item.is_directory()) {
        resolved.listing = nullptr;
    } else if (!resolved.listing) {
        resolved.listing = root_listing(path, base, std::move(to_open));
    }
}

awaitable<void> Fetcher::resolve(std::vector<std::string> paths, Roots& roots) {
    std::vector<Resolved> resolved(paths.size());
    std::function<awaitable<void>(std::size_t)> one = [&](std::size_t i) { return resolve_one(paths[i], resolved[i]); };
    auto all = for_each_concurrently(paths.size(), most_paths, std::move(one));
    co_await std::move(all);
    for (auto& each : resolved) {
        if (!each.found) continue;
        if (!each.listing) {
            roots.files.push_back(std::move(each.item));
            continue;
        }
        Item& item = roots.directories.emplace_back(std::move(each.item));
        each.listing->item = &item;
        roots.listings.push_back(std::move(each.listing));
    }
}

}  // namespace p9::tools
