// How a single file or symlink is copied.
#include "tools/p9cp/copier.hpp"

#include "p9/trace.hpp"

#include <boost/asio/redirect_error.hpp>

#include <algorithm>
#include <cerrno>

namespace p9::tools {
namespace {

// What all files together may hold in memory, and what one of them is reckoned with at most: its reads or writes in
// flight.
constexpr std::size_t BUDGET = 32 << 20;
constexpr std::size_t MOST_OF_ONE = 8 << 20;

/// Whether `there` is what a copy of `source` looks like.
bool is_done(const Attributes& source, const Attributes& there) {
    return there.type() == FileType::file && source.size == there.size && there.mtime.seconds >= source.mtime.seconds &&
           (source.valid & GETATTR_SIZE) != 0;
}

Error of_the_copy(const CopyJob& job, const Error& error) {
    if (error.is_errc()) return error;
    return error.about(job.copy_shown.empty() ? "its copy" : "its copy " + escaped(job.copy_shown));
}

}  // namespace

Stamp Copier::stamp_of(const Source& source) const {
    const Attributes& a = source.attributes;
    Stamp stamp;
    // Never setuid and the like: the owner is another one here.
    if (options_.preserve && (a.valid & GETATTR_MODE) != 0) stamp.mode = a.mode & 0777;
    if (options_.preserve && (a.valid & GETATTR_ATIME) != 0) stamp.atime = a.atime;
    // A later run compares it.
    if ((options_.preserve || options_.resume) && (a.valid & GETATTR_MTIME) != 0) stamp.mtime = a.mtime;
    return stamp;
}

u32 Copier::new_mode(const Source& source, u32 otherwise) const {
    const u32 mode = (source.attributes.valid & GETATTR_MODE) != 0 ? source.attributes.mode & 0777 : otherwise;
    return mode & ~umask_;
}

awaitable<Result<void>> Copier::copy_file(Work& work, Source& source) {
    DraftPlan plan;
    plan.name = work.job.name;
    plan.mode = new_mode(source, 0666);
    plan.version = {source.attributes.size, source.attributes.mtime};
    plan.resume = options_.resume && source.type == FileType::file;
    plan.single = !work.branch;
    if (!work.job.into->fresh) {
        auto looking = work.job.into->look(work.job.name);
        auto existing = co_await std::move(looking);
        if (!existing) co_return existing.error();
        plan.existing = *std::move(existing);
    }
    if (plan.existing) {
        if (plan.existing->is_directory())
            co_return Error::from_errno(EISDIR, "there is a directory of that name at the destination");
        if (options_.resume && is_done(source.attributes, *plan.existing)) {
            progress_.expect(source.attributes.size);
            progress_.skip(source.attributes.size);
            co_return boost::system::in_place_value;
        }
    }
    // A server's tree has nothing to say about what is here; a name that comes twice is no accident either.
    plan.replace = !work.branch || sides_.to_server || options_.force || options_.resume;
    if (plan.existing && !plan.replace)
        co_return Error::from_errno(EEXIST, "there is a file of that name (-f replaces it)");
    auto copying = copy_contents(work.job, source, std::move(plan));
    auto copied = co_await std::move(copying);
    if (!copied && copied.error().is_errno(EEXIST) && work.branch && !sides_.to_server)
        co_return Error::from_errno(EEXIST, "there is a file of that name (-f replaces it)");
    co_return copied;
}

awaitable<bool> Copier::take_budget(std::size_t bytes) {
    while (budget_used_ != 0 && budget_used_ + bytes > BUDGET) {
        boost::system::error_code ignored;
        auto waiting = budget_event_.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, ignored));
        co_await std::move(waiting);
        const auto state = co_await boost::asio::this_coro::cancellation_state;
        if (state.cancelled() != boost::asio::cancellation_type::none) co_return false;
    }
    budget_used_ += bytes;
    co_return true;
}

void Copier::give_budget(std::size_t bytes) {
    budget_used_ -= bytes;
    budget_event_.cancel();
}

awaitable<Result<void>> Copier::copy_contents(const CopyJob& job, Source& source, DraftPlan plan) {
    const auto bytes = static_cast<std::size_t>(std::min<u64>(source.attributes.size, MOST_OF_ONE));
    auto taking = take_budget(bytes);
    const bool taken = co_await std::move(taking);
    if (!taken) co_return Error(errc::cancelled);
    progress_.expect(source.attributes.size);
    Result<void> done = Error(errc::cancelled);
    for (bool again = true; again;) {
        again = false;
        auto drafting = job.into->draft(plan);
        auto draft = co_await std::move(drafting);
        if (!draft) {
            done = of_the_copy(job, draft.error());
            break;
        }
        auto filling = fill(job, **draft, source);
        done = co_await std::move(filling);
        again = (*draft)->again;
    }
    give_budget(bytes);
    co_return done;
}

awaitable<Result<void>> Copier::fill(const CopyJob& job, Draft& draft, Source& source) {
    progress_.skip(draft.begin);
    source.begin(draft.begin, draft.piece);
    for (;;) {
        auto reading = source.read();
        auto data = co_await std::move(reading);
        if (!data) co_return data.error();
        const std::size_t size = data->bytes.size();
        if (size == 0) break;
        auto writing = draft.write(*std::move(data));
        auto written = co_await std::move(writing);
        if (!written) co_return of_the_copy(job, written.error());
        progress_.advance(size);
        const auto state = co_await boost::asio::this_coro::cancellation_state;
        if (state.cancelled() != boost::asio::cancellation_type::none) co_return Error(errc::cancelled);
    }
    auto committing = draft.commit(stamp_of(source));
    auto committed = co_await std::move(committing);
    if (!committed) co_return of_the_copy(job, committed.error());
    co_return boost::system::in_place_value;
}

awaitable<Result<void>> Copier::copy_link(Work& work, const Source& source) {
    const bool replace = !work.branch || sides_.to_server || options_.force || options_.resume;
    if (work.job.name.empty()) co_return Error::from_errno(EINVAL, "a symlink without a name");
    auto linking = work.job.into->symlink(work.job.name, source.target, replace);
    auto linked = co_await std::move(linking);
    if (!linked && linked.error().is_errno(EEXIST) && !replace)
        co_return Error::from_errno(EEXIST, "there is a file of that name (-f replaces it)");
    if (!linked) co_return of_the_copy(work.job, linked.error());
    co_return boost::system::in_place_value;
}

}  // namespace p9::tools
