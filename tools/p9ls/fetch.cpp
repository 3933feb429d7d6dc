#include "tools/p9ls/fetch.hpp"

#include "tools/both.hpp"

#include <ranges>

namespace p9::tools {
namespace {

/// Directories, and files in them, that are fetched ahead of the printing. Each directory may be open on the server at
/// the same time, and a server that keeps a descriptor for each (diod) usually has 1024.
constexpr std::size_t most_directories = 256;
constexpr std::size_t most_items = 200'000;
/// Files whose attributes are being asked for at a time: well below the 65535 tags of a connection.
constexpr std::size_t most_questions = 16'384;

std::string join(const std::string& directory, const std::string& name) {
    return directory.ends_with('/') ? directory + name : directory + '/' + name;
}

awaitable<Result<Node>> walk_from(std::shared_ptr<Node> node, std::vector<std::string> names) {
    co_return co_await node->walk(std::move(names));
}

}  // namespace

bool Fetcher::lacks(const Item& item) const {
    if (options_.needs_attributes() && !item.has_attributes()) return true;
    if (options_.needs_type() && !item.type) return true;
    return options_.needs_target() && item.type == FileType::symlink && item.attributes.target.empty();
}

bool Fetcher::room() const { return held_directories_ < most_directories && held_items_ < most_items; }

void Fetcher::start(const std::shared_ptr<Listing>& listing) {
    if (listing->started) return;
    listing->started = true;
    if (unstarted_ != 0) --unstarted_;
    ++held_directories_;
    tasks_.start(fetch(listing));
}

bool Fetcher::start_below(const std::shared_ptr<Listing>& listing) {
    if (!room() || unstarted_ == 0) return false;
    start(listing);
    for (const auto& child : listing->children) {
        if (!start_below(child)) return false;
    }
    return true;
}

void Fetcher::start_more() {
    if (current_ && !start_below(current_)) return;
    for (const auto& listing : to_print_ | std::views::reverse) {
        if (!start_below(listing)) return;
    }
}

void Fetcher::put_first(const std::deque<std::shared_ptr<Listing>>& listings) {
    to_print_.insert(to_print_.end(), listings.rbegin(), listings.rend());
}

std::shared_ptr<Listing> Fetcher::next() {
    if (current_) {
        --held_directories_;
        held_items_ -= std::min(held_items_, current_->items.size());
        current_ = nullptr;
    }
    if (to_print_.empty()) return nullptr;
    current_ = std::move(to_print_.back());
    to_print_.pop_back();
    start(current_);  // whatever the bounds: everything waits for this one
    start_more();
    return current_;
}

void Fetcher::add_child(const std::shared_ptr<Listing>& listing, Item& item) {
    auto child = std::make_shared<Listing>();
    child->shown = join(listing->shown, item.name);
    child->path = join(listing->path, item.name);
    child->item = &item;
    child->name = item.name;
    child->parent_base = listing->base;
    listing->children.push_back(std::move(child));
    ++unstarted_;
}

void Fetcher::add_entry(const std::shared_ptr<Listing>& listing, DirectoryEntry entry) {
    Item& item = listing->items.emplace_back();
    ++held_items_;
    item.name = std::move(entry.name);
    if (options_.json) item.path = join(listing->path, item.name);
    item.qid = entry.qid;
    item.type = entry.type;
    if (entry.attributes) {
        item.attributes = std::move(*entry.attributes);
        if ((item.attributes.valid & GETATTR_MODE) != 0) item.type = item.attributes.type();
    }
    if (lacks(item)) {
        ++listing->unanswered;
        questions_.push_back({listing, &item});
    }
    if (options_.recursive && item.is_directory()) add_child(listing, item);
}

void Fetcher::start_questions() {
    while (!questions_.empty() && asking_ < most_questions && !tasks_.cancelled()) {
        ++asking_;
        Question question = std::move(questions_.front());
        questions_.pop_front();
        tasks_.start(complete_item(std::move(question.listing), *question.item));
    }
}

awaitable<Result<void>> Fetcher::ask_about(const Node& node, Item& item) {
    const bool symlink_for_sure = item.type == FileType::symlink && options_.needs_target();
    Result<std::string> target = std::string();
    if (symlink_for_sure) {
        auto asking = node.attributes(GETATTR_BASIC);
        auto reading = node.readlink();
        auto [attributes, read] = co_await both(std::move(asking), std::move(reading));
        if (!attributes) co_return attributes.error();
        item.attributes = std::move(*attributes);
        target = std::move(read);
    } else {
        auto attributes = co_await node.attributes(GETATTR_BASIC);
        if (!attributes) co_return attributes.error();
        item.attributes = std::move(*attributes);
    }
    if ((item.attributes.valid & GETATTR_MODE) != 0) item.type = item.attributes.type();
    const bool no_target = item.type == FileType::symlink && item.attributes.target.empty();
    if (no_target && options_.needs_target()) {
        if (!symlink_for_sure) target = co_await node.readlink();
        if (!target) co_return target.error();
        item.attributes.target = std::move(*target);
    }
    co_return Result<void>();
}

awaitable<void> Fetcher::complete_item(std::shared_ptr<Listing> listing, Item& item) {
    const bool was_directory = item.is_directory();
    auto walking = walk_from(listing->base, {item.name});
    auto node = co_await std::move(walking);
    Result<void> answered;
    if (node) {
        auto asking = ask_about(*node, item);
        answered = co_await std::move(asking);
    } else {
        answered = node.error();
    }
    if (!answered) {
        item.failed = true;
        messages_.report(join(listing->shown, item.name), answered.error());
    }
    if (options_.recursive && item.is_directory() && !was_directory) add_child(listing, item);
    --listing->unanswered;
    --asking_;
    start_questions();
    start_more();
    if (listing->complete()) tasks_.notify();
}

awaitable<Result<Directory>> Fetcher::open_listing(std::shared_ptr<Listing> listing) {
    Node to_open = std::move(listing->to_open);
    const bool needs_base = options_.recursive || options_.needs_attributes() || options_.needs_type();
    std::vector<std::string> names;
    std::shared_ptr<Node> from = listing->base;
    if (!from) {
        from = std::exchange(listing->parent_base, nullptr);
        names.push_back(listing->name);
    }
    if (!to_open && needs_base && !listing->base) {
        auto first = walk_from(from, names);
        auto second = walk_from(from, names);
        auto [base, opened] = co_await both(std::move(first), std::move(second));
        if (!base) co_return base.error();
        if (!opened) co_return opened.error();
        listing->base = std::make_shared<Node>(std::move(*base));
        to_open = std::move(*opened);
    } else if (!to_open) {
        auto walking = walk_from(from, names);
        auto walked = co_await std::move(walking);
        if (!walked) co_return walked.error();
        to_open = std::move(*walked);
    }
    auto opening = Directory::open(std::move(to_open));
    co_return co_await std::move(opening);
}

awaitable<Result<void>> Fetcher::read_directory(std::shared_ptr<Listing> listing) {
    auto opening = open_listing(listing);
    auto directory = co_await std::move(opening);
    if (!directory) co_return directory.error();
    for (u64 at = 0;;) {
        auto batch = co_await directory->read(at);
        if (!batch) co_return batch.error();
        for (auto& entry : batch->entries) add_entry(listing, std::move(entry));
        for (auto& name : batch->refused) listing->refused.push_back(std::move(name));
        start_questions();
        start_more();
        if (batch->end) co_return Result<void>();
        at = batch->next;
    }
}

awaitable<void> Fetcher::fetch(std::shared_ptr<Listing> listing) {
    auto reading = read_directory(listing);
    const auto done = co_await std::move(reading);
    if (!done) listing->error = done.error();
    listing->read = true;
    tasks_.notify();
}

}  // namespace p9::tools
