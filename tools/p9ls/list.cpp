#include "tools/p9ls/list.hpp"

#include "tools/glob.hpp"
#include "tools/p9ls/fetch.hpp"

#include <algorithm>
#include <map>

namespace p9::tools {
namespace {

Items pointers(std::deque<Item>& items) {
    Items out;
    out.reserve(items.size());
    for (auto& item : items) out.push_back(&item);
    return out;
}

/// Prints listings in order, as they become complete.
class Printer {
public:
    Printer(Context& context, const LsOptions& options, Fetcher& fetcher, TaskGroup& tasks)
        : context_(context), options_(options), fetcher_(fetcher), tasks_(tasks) {}

    awaitable<void> print(Roots& roots, bool headings) {
        Items files = pointers(roots.files);
        sort_items(files, options_);
        put(print_items(files, options_, false));
        order(roots.directories, roots.listings);
        fetcher_.put_first({roots.listings.begin(), roots.listings.end()});
        while (const auto listing = fetcher_.next()) {
            if (!listing->complete()) {
                if (!co_await context_.out.flush()) co_return;
            }
            std::function<bool()> complete = [&] { return listing->complete(); };
            auto waiting = tasks_.wait_until(std::move(complete));
            if (!co_await std::move(waiting)) co_return;
            print_listing(*listing, headings);
            if (context_.messages.hopeless()) co_return;
            if (context_.out.full()) {
                if (!co_await context_.out.flush()) co_return;
            }
        }
    }

private:
    void put(const std::string& text) {
        context_.out.put(text);
        anything_printed_ = anything_printed_ || !text.empty();
    }

    /// Sorts listings of directories as their items are sorted.
    template <class Listings>
    void order(std::deque<Item>& items, Listings& listings) const {
        Items sorted = pointers(items);
        sort_items(sorted, options_);
        std::map<const Item*, std::size_t> rank;
        for (std::size_t i = 0; i < sorted.size(); ++i) rank[sorted[i]] = i;
        std::ranges::sort(listings, [&](const auto& a, const auto& b) { return rank[a->item] < rank[b->item]; });
    }

    void print_listing(Listing& listing, bool headings) {
        for (const auto& name : listing.refused)
            context_.messages.note(escaped(listing.shown) + ": left out a name that no file may have: \"" +
                                   escaped(name) + '"');
        if (listing.error) context_.messages.report(listing.shown, *listing.error);
        if (listing.error && listing.items.empty()) return;
        if (headings && !options_.json) {
            const std::string path = options_.terminal ? escaped(listing.shown) : listing.shown;
            put((anything_printed_ ? "\n" : "") + path + ":\n");
        }
        Items items = pointers(listing.items);
        sort_items(items, options_);
        put(print_items(items, options_, true));
        order(listing.items, listing.children);
        fetcher_.put_first(listing.children);
        listing.children.clear();
    }

    Context& context_;
    const LsOptions& options_;
    Fetcher& fetcher_;
    TaskGroup& tasks_;
    bool anything_printed_ = false;
};

}  // namespace

awaitable<void> list(Context& context, const LsOptions& options) {
    co_await boost::asio::this_coro::throw_if_cancelled(false);
    auto expanding = expand(context.client, context.messages, options.paths, Literal::last, context.directory);
    auto paths = co_await std::move(expanding);
    if (paths.empty()) co_return;
    co_await list_paths(context, options, std::move(paths));
}

awaitable<void> list_paths(Context& context, const LsOptions& options, std::vector<std::string> paths) {
    co_await boost::asio::this_coro::throw_if_cancelled(false);
    const bool headings = options.recursive || paths.size() > 1;
    Roots roots;
    TaskGroup tasks(co_await boost::asio::this_coro::executor);
    Fetcher fetcher(context, options, tasks);
    auto resolving = fetcher.resolve(std::move(paths), roots);
    co_await std::move(resolving);
    Printer printer(context, options, fetcher, tasks);
    auto printing = printer.print(roots, headings);
    co_await std::move(printing);
    tasks.cancel();
    co_await tasks.finish();
}

}  // namespace p9::tools
