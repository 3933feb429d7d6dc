// Finds what p9ls shows: resolves the paths, lists directories and asks for attributes, with everything in
// flight that can be.
//
// Directories are fetched ahead of the printing, in about the order of the printing, up to a bound; each in as few
// round trips as the protocol allows: walk, open, read, then all walks of its files at once, then all attributes at
// once. One thread.
#pragma once

#include "p9/client.hpp"
#include "tools/p9ls/ls.hpp"
#include "tools/run.hpp"
#include "tools/task_group.hpp"

namespace p9::tools {

/// A directory and what was found in it.
struct Listing {
    std::string shown;  ///< the path as headings show it
    std::string path;   ///< from the attached root
    std::deque<Item> items;
    Items sorted;  ///< once complete
    std::vector<std::string> refused;
    std::optional<Error> error;  ///< why it was not listed, or not to its end
    bool started = false;
    bool read = false;           ///< to its end
    std::size_t unanswered = 0;  ///< items whose attributes are being asked for
    bool complete() const { return read && unanswered == 0; }

    /// The directories in it, if they are wanted; in the order of `sorted` once complete.
    std::deque<std::shared_ptr<Listing>> children;
    Item* item = nullptr;  ///< this directory in its parent's items: gone once those are printed
    std::string name;      ///< this directory's, in its parent

    // How to get there: a fid of this directory that stays unopened, for walks; one to be opened; or the parent's.
    std::shared_ptr<Node> base;
    Node to_open;
    std::shared_ptr<Node> parent_base;
};

/// What the paths of the command line are.
struct Roots {
    std::deque<Item> files;
    std::deque<Item> directories;
    std::vector<std::shared_ptr<Listing>> listings;  ///< of `directories`
};

class Fetcher {
public:
    Fetcher(Context& context, const LsOptions& options, TaskGroup& tasks)
        : client_(context.client),
          directory_(context.directory),
          options_(options),
          messages_(context.messages),
          tasks_(tasks) {}

    /// Looks at all paths; the listings of directories among them are under way then.
    awaitable<void> resolve(std::vector<std::string> paths, Roots& roots);
    /// Puts listings before all others in the order of printing.
    void put_first(const std::deque<std::shared_ptr<Listing>>& listings);
    /// The next one in the order of printing, under way; null at the end. The one before it no longer counts as held.
    std::shared_ptr<Listing> next();

private:
    struct Resolved;
    awaitable<void> resolve_one(std::string path, Resolved& resolved);
    std::shared_ptr<Listing> root_listing(const std::string& path, std::shared_ptr<Node> base, Node to_open);
    awaitable<void> fetch(std::shared_ptr<Listing> listing);
    awaitable<Result<Directory>> open_listing(std::shared_ptr<Listing> listing);
    awaitable<Result<void>> read_directory(std::shared_ptr<Listing> listing);
    awaitable<void> complete_item(std::shared_ptr<Listing> listing, Item& item);
    awaitable<Result<void>> ask_about(const Node& node, Item& item);
    void add_entry(const std::shared_ptr<Listing>& listing, DirectoryEntry entry);
    void add_child(const std::shared_ptr<Listing>& listing, Item& item);
    void start(const std::shared_ptr<Listing>& listing);
    void start_more();
    bool start_below(const std::shared_ptr<Listing>& listing);
    void start_questions();
    bool room() const;
    bool lacks(const Item& item) const;

    /// An item whose attributes are wanted.
    struct Question {
        std::shared_ptr<Listing> listing;
        Item* item;
    };

    const Client& client_;
    const std::string& directory_;
    const LsOptions& options_;
    Messages& messages_;
    TaskGroup& tasks_;
    std::shared_ptr<Listing> current_;                // being printed
    std::vector<std::shared_ptr<Listing>> to_print_;  // the next one is the last
    std::size_t held_directories_ = 0;                // started and not printed
    std::size_t held_items_ = 0;
    std::size_t unstarted_ = 0;
    std::deque<Question> questions_;  // not asked yet
    std::size_t asking_ = 0;
};

}  // namespace p9::tools
