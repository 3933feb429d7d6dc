#include "tools/p9cp/copier.hpp"

#include <sys/stat.h>

#include <cerrno>

namespace p9::tools {
namespace {

// Over a slow link each file costs about five round trips one after the other; so many of them at a time fill it.
// Servers that keep a descriptor for each fid have 1024 of them, as a rule.
constexpr std::size_t MOST_FILES = 256;
constexpr std::size_t MOST_LISTINGS = 16;
constexpr std::size_t MOST_BRANCHES = 128;
// Listing stops while so many files wait.
constexpr std::size_t ENOUGH_FILES = 4 * MOST_FILES;
// With so many directories waiting, those that are listed wait while others can be entered: a server can name more of
// them in a second than can be copied in a day. Each step down brings more of them, hence the other bound.
constexpr std::size_t ENOUGH_DIRECTORIES = 4096;
constexpr std::size_t MOST_DIRECTORIES = 1'000'000;
// No honest tree is so deep; a server can make up one without an end.
constexpr unsigned DEEPEST = 1000;

/// Counts a coroutine while it runs.
class Counted {
public:
    explicit Counted(std::size_t& count) : count_(count) {}
    ~Counted() { --count_; }
    Counted(const Counted&) = delete;
    Counted& operator=(const Counted&) = delete;

private:
    std::size_t& count_;
};

u32 current_umask() {
    const mode_t mask = ::umask(077);
    ::umask(mask);
    return mask;
}

const char* word_for(FileType type) {
    switch (type) {
        case FileType::block:
            return "a block device";
        case FileType::character:
            return "a character device";
        case FileType::fifo:
            return "a FIFO";
        case FileType::socket:
            return "a socket";
        default:
            return "no file";
    }
}

}  // namespace

Copier::Copier(boost::asio::any_io_executor executor, CopyOptions options, Sides sides, Messages& messages,
               Progress& progress)
    : executor_(executor),
      options_(options),
      sides_(sides),
      messages_(messages),
      progress_(progress),
      umask_(current_umask()),
      tasks_(executor),
      budget_event_(executor, boost::asio::steady_timer::time_point::max()) {}

void Copier::report(const std::string& what, const Error& error) {
    progress_.make_room();
    messages_.report(what, error);
}

std::string Copier::shown(const Branch& branch, const std::string& name) {
    std::vector<const std::string*> parts{&name};
    for (const Branch* at = &branch; at != nullptr; at = at->parent.get()) parts.push_back(&at->shown);
    std::string path = *parts.back();
    for (auto part = parts.rbegin() + 1; part != parts.rend(); ++part) {
        if ((*part)->empty()) continue;
        if (!path.ends_with('/')) path += '/';
        path += **part;
    }
    return path;
}

bool Copier::can_start() const {
    if (!files_.empty() && copying_ < MOST_FILES) return true;
    if (listing_ == MOST_LISTINGS || files_.size() >= ENOUGH_FILES) return false;
    return may_list() || (!directories_.empty() && may_enter());
}

bool Copier::may_list() const {
    const bool rather_enter = directories_.size() >= ENOUGH_DIRECTORIES && branches_ + listing_ < MOST_BRANCHES;
    return !paused_.empty() && !rather_enter;
}

/// Each directory under way keeps fids and descriptors. One more is entered when nothing else goes on, however deep.
bool Copier::may_enter() const {
    return branches_ + listing_ < MOST_BRANCHES || (copying_ == 0 && listing_ == 0 && files_.empty());
}

bool Copier::idle() const {
    return copying_ == 0 && listing_ == 0 && files_.empty() && directories_.empty() && paused_.empty();
}

void Copier::start_some() {
    while (!files_.empty() && copying_ < MOST_FILES) {
        ++copying_;
        Work work = std::move(files_.front());
        files_.pop_front();
        tasks_.start(copy(std::move(work), false));
    }
    while (listing_ < MOST_LISTINGS && files_.size() < ENOUGH_FILES) {
        if (may_list()) {
            ++listing_;
            BranchPtr branch = std::move(paused_.back());
            paused_.pop_back();
            tasks_.start(list(std::move(branch)));
        } else if (!directories_.empty() && may_enter()) {
            ++listing_;
            Work work = std::move(directories_.back());
            directories_.pop_back();
            tasks_.start(copy(std::move(work), true));
        } else {
            break;
        }
    }
}

awaitable<void> Copier::run() {
    co_await boost::asio::this_coro::throw_if_cancelled(false);
    progress_.found(files_.size());
    if (!options_.recursive) progress_.found_all();
    for (;;) {
        start_some();
        if (idle() || messages_.hopeless()) break;
        auto waiting = tasks_.wait_until([this] { return can_start() || idle() || messages_.hopeless(); });
        const bool going_on = co_await std::move(waiting);
        if (!going_on) break;
    }
    if (messages_.hopeless()) tasks_.cancel();
    auto finishing = tasks_.finish();
    co_await std::move(finishing);
    progress_.end();
}

awaitable<void> Copier::copy(Work work, bool entering) {
    const Counted counted(entering ? listing_ : copying_);
    co_await boost::asio::this_coro::throw_if_cancelled(false);
    if (work.branch) work.job.shown = shown(*work.branch, work.job.name);
    auto opening = work.branch ? work.branch->source->enter(work.entry) : work.job.open();
    auto source = co_await std::move(opening);
    Result<void> done = boost::system::in_place_value;
    if (!source) {
        done = source.error();
    } else if ((*source)->type == FileType::directory) {
        auto descending = descend(work, *std::move(source));
        co_await std::move(descending);
    } else if ((*source)->type == FileType::symlink) {
        auto copying = copy_link(work, **source);
        done = co_await std::move(copying);
        progress_.file_done();
    } else if ((*source)->type == FileType::file || !work.branch) {
        auto copying = copy_file(work, **source);
        done = co_await std::move(copying);
        progress_.file_done();
    } else {
        progress_.make_room();
        messages_.note(escaped(work.job.shown) + ": " + word_for((*source)->type) + ", left out");
        progress_.file_done();
    }
    if (!done) report(work.job.shown, done.error());
    if (!work.branch) co_return;
    auto ending = finish(std::move(work.branch));
    co_await std::move(ending);
}

awaitable<void> Copier::descend(Work& work, SourcePtr source) {
    Result<FolderPtr> folder = work.job.into;
    if (!options_.recursive) {
        folder = Error::from_errno(EISDIR, "a directory, left out (-r copies directories)");
    } else if (work.depth >= DEEPEST) {
        folder = Error::from_errno(ELOOP, "deeper than " + std::to_string(DEEPEST) + " directories, left out");
    } else if (!work.job.name.empty()) {
        auto making = work.job.into->folder(work.job.name, new_mode(*source, 0777));
        folder = co_await std::move(making);
        if (!folder) folder = folder.error().about("cannot be made at the destination");
    }
    if (!folder) {
        report(work.job.shown, folder.error());
        progress_.file_done();
        co_return;
    }
    if (!(*folder)->fresh) {
        auto preparing = (*folder)->prepare();
        auto prepared = co_await std::move(preparing);
        // What may not be listed can be written to all the same.
        if (!prepared && ends_everything(prepared.error())) {
            report(work.job.shown, prepared.error());
            co_return;
        }
    }
    auto branch = std::make_shared<Branch>();
    branch->parent = work.branch;
    if (work.branch) ++work.branch->unfinished;
    ++branches_;
    branch->source = std::move(source);
    branch->folder = *std::move(folder);
    branch->shown = work.branch ? work.job.name : work.job.shown;
    branch->depth = work.depth + 1;
    progress_.file_done();
    paused_.push_back(std::move(branch));
}

awaitable<void> Copier::list(BranchPtr branch) {
    const Counted counted(listing_);
    co_await boost::asio::this_coro::throw_if_cancelled(false);
    for (;;) {
        auto listing = branch->source->list();
        auto batch = co_await std::move(listing);
        if (!batch) {
            report(shown(*branch, ""), batch.error());
            break;
        }
        const bool end = batch->end;
        take(branch, *std::move(batch));
        tasks_.notify();
        if (end) break;
        if (files_.size() >= ENOUGH_FILES || directories_.size() >= ENOUGH_DIRECTORIES) {
            paused_.push_back(std::move(branch));
            co_return;
        }
    }
    if (listing_ == 1 && directories_.empty() && paused_.empty()) progress_.found_all();
    auto ending = finish(std::move(branch));
    co_await std::move(ending);
}

/// Makes work of the entries of a directory.
void Copier::take(const BranchPtr& branch, SourceBatch batch) {
    const bool to_here = !sides_.to_server;
    const auto refuse = [&](const std::string& name) {
        report(shown(*branch, name), Error::from_errno(EINVAL, "a name that no file may have here, left out"));
    };
    for (const std::string& name : batch.refused) refuse(name);
    for (SourceEntry& entry : batch.entries) {
        if (sides_.from_server && to_here && !options_.force && is_suspicious(entry.name)) {
            report(shown(*branch, entry.name),
                   Error::from_errno(EINVAL, "a name with control characters, left out (-f copies it)"));
            continue;
        }
        const bool directory = entry.type == FileType::directory;
        if (directory && directories_.size() >= MOST_DIRECTORIES) {
            report(shown(*branch, entry.name),
                   Error::from_errno(EMLINK, std::to_string(MOST_DIRECTORIES) + " directories wait already, left out"));
            continue;
        }
        Work work;
        work.job.into = branch->folder;
        work.job.name = entry.name;
        work.branch = branch;
        work.depth = branch->depth;
        work.entry = std::move(entry);
        ++branch->unfinished;
        progress_.found(1);
        (directory ? directories_ : files_).push_back(std::move(work));
    }
}

/// Something in `branch`, or its listing, has ended; with the last of it the directory itself is done.
awaitable<void> Copier::finish(BranchPtr branch) {
    while (branch && --branch->unfinished == 0) {
        const Source& source = *branch->source;
        const bool told = (source.attributes.valid & GETATTR_MODE) != 0;
        Stamp stamp;
        if (options_.preserve) stamp = stamp_of(source);
        // It was made so that we can write there.
        else if (branch->folder->fresh && told && (source.attributes.mode & 0700) != 0700)
            stamp.mode = source.attributes.mode & 0777 & ~umask_;
        if (stamp.mode || stamp.mtime) {
            auto settling = branch->folder->settle(stamp);
            auto settled = co_await std::move(settling);
            if (!settled) report(shown(*branch, ""), settled.error().about("its mode and times"));
        }
        --branches_;
        branch = branch->parent;
    }
    tasks_.notify();
}

}  // namespace p9::tools
