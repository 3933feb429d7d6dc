// Copies files and trees with many files under way at a time.
//
// A Copier is made, given its work by `add`, and run once. Directories are listed while files are copied, depth first,
// so that few of them are open at a time; files are bounded in number, and in the bytes that they hold. One thread.
#pragma once

#include "tools/messages.hpp"
#include "tools/p9cp/folder.hpp"
#include "tools/p9cp/source.hpp"
#include "tools/progress.hpp"
#include "tools/task_group.hpp"

#include <deque>
#include <functional>
#include <string>
#include <vector>

namespace p9::tools {

struct CopyOptions {
    bool recursive = false;
    bool preserve = false;  ///< modes and times
    bool force = false;     ///< trees may replace local files
    bool resume = false;
};

/// A thing to copy. `open` finds the source; `into` and `name` say where it goes. An empty name is the folder itself.
struct CopyJob {
    std::function<awaitable<Result<SourcePtr>>()> open;
    FolderPtr into;
    std::string name;
    std::string shown;       ///< the source in messages
    std::string copy_shown;  ///< and the destination; empty below a directory
};

class Copier {
public:
    struct Sides {
        bool from_server = false;
        bool to_server = false;
    };

    Copier(boost::asio::any_io_executor executor, CopyOptions options, Sides sides, Messages& messages,
           Progress& progress);

    void add(CopyJob job) { files_.push_back({std::move(job), nullptr, {}, 0}); }
    /// Copies everything, or stops when the run is cancelled or nothing more can come of it.
    awaitable<void> run();

private:
    /// A directory under way. It is settled when all that is in it has been copied.
    struct Branch {
        std::shared_ptr<Branch> parent;
        SourcePtr source;
        FolderPtr folder;
        std::string shown;  // with the parents' before it
        unsigned depth = 0;
        std::size_t unfinished = 1;  // what is in it, and the listing
    };
    using BranchPtr = std::shared_ptr<Branch>;
    struct Work {
        CopyJob job;        // without `shown` if there is a branch: see shown()
        BranchPtr branch;   // that it is in; null for what the command line names
        SourceEntry entry;  // in the branch's source
        unsigned depth = 0;
    };

    /// The path of `name` in messages; an empty name is the branch itself. Put together when it is needed only: deep
    /// paths of many names that wait would take a thousand times the memory of the listing that brought them.
    static std::string shown(const Branch& branch, const std::string& name);
    void start_some();
    bool can_start() const;
    bool may_list() const;
    bool may_enter() const;
    bool idle() const;

    awaitable<void> copy(Work work, bool entering);
    awaitable<void> descend(Work& work, SourcePtr source);
    awaitable<void> list(BranchPtr branch);
    void take(const BranchPtr& branch, SourceBatch batch);
    awaitable<void> finish(BranchPtr branch);
    awaitable<Result<void>> copy_file(Work& work, Source& source);
    awaitable<Result<void>> copy_contents(const CopyJob& job, Source& source, DraftPlan plan);
    awaitable<Result<void>> fill(const CopyJob& job, Draft& draft, Source& source);
    awaitable<Result<void>> copy_link(Work& work, const Source& source);
    awaitable<bool> take_budget(std::size_t bytes);
    void give_budget(std::size_t bytes);
    Stamp stamp_of(const Source& source) const;
    u32 new_mode(const Source& source, u32 otherwise) const;
    void report(const std::string& what, const Error& error);

    boost::asio::any_io_executor executor_;
    CopyOptions options_;
    Sides sides_;
    Messages& messages_;
    Progress& progress_;
    u32 umask_;
    TaskGroup tasks_;
    std::deque<Work> files_;                  // in the order in which they were found
    std::deque<Work> directories_;            // the last found first
    std::deque<BranchPtr> paused_;            // half listed, until there is room for more files
    std::size_t copying_ = 0;                 // coroutines that copy
    std::size_t listing_ = 0;                 // coroutines that enter or list directories
    std::size_t branches_ = 0;                // directories under way
    std::size_t budget_used_ = 0;             // bytes
    boost::asio::steady_timer budget_event_;  // never expires; cancelled when bytes are given back
};

}  // namespace p9::tools
