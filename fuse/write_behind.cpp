#include "fuse/write_behind.hpp"

#include "fuse/request.hpp"

#include "p9/trace.hpp"

#include <boost/asio/redirect_error.hpp>

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace p9::fuse {

namespace asio = boost::asio;

namespace {

// Of 2 MiB a link carries as much as is written here if an answer takes less than 5 ms.
constexpr double BYTES_A_SECOND = 400 << 20;

std::size_t enough_for(Duration round_trip) {
    const double under_way = std::chrono::duration<double>(round_trip).count() * BYTES_A_SECOND;
    constexpr double fewest = WriteBehind::FEWEST_BYTES, most = WriteBehind::MOST_BYTES;
    return static_cast<std::size_t>(std::clamp(under_way, fewest, most));
}

}  // namespace

WriteBehind::Pending::Pending(WriteBehind& home, std::shared_ptr<OpenFile> open, u64 offset, std::size_t size)
    : home_(home), open_(std::move(open)), offset_(offset), size_(size) {
    ++home_.pending_;
    ++open_->writes_behind;
    ++open_->inode->writes_behind;
}

WriteBehind::Pending::~Pending() {
    if (told_) {
        --home_.told_;
        home_.told_bytes_ -= size_;
    }
    --home_.pending_;
    --open_->writes_behind;
    --open_->inode->writes_behind;
    home_.ended(*open_->inode);
}

void WriteBehind::Pending::told() {
    told_ = true;
    ++home_.told_;
    home_.told_bytes_ += size_;
    Inode& inode = *open_->inode;
    inode.size = std::max(inode.size, offset_ + size_);
}

void WriteBehind::Pending::failed(FileSystem& fs, const Error& error) {
    open_->writes_end = OpenFile::NOWHERE;
    // The kernel has made the file as long as it was told, and only the server knows better.
    fs.expire_attributes(*open_->inode);
    for (OpenFile* file = open_->inode->open_files; file != nullptr; file = file->older) {
        file->told = nullptr;
        file->expected = false;
    }
    // One line for all that are under way.
    if (std::exchange(open_->late_errno, to_errno(error)) != 0) return;
    fs.log().note(place_for_people(*open_->inode) + ": " + std::to_string(size_) + " bytes at " +
                  std::to_string(offset_) + " were not written: " + error.message() +
                  "; whoever wrote them hears of it with the next write, fsync or close");
}

bool WriteBehind::takes(const FileSystem& fs, const OpenFile& open, u64 offset, int flags) {
    const Inode& inode = *open.inode;
    if (fs.behaviour().cache != CacheMode::automatic || open.direct || open.appends()) return false;
    if ((flags & (O_APPEND | O_DIRECT | O_SYNC | O_DSYNC)) != 0) return false;
    // Names of one file are several inodes here, and who asks by another name would not wait.
    if (inode.linked || inode.set_id) return false;
    // What goes on where all others end overlaps with none, so that their order on the server does not matter.
    return open.writes_end == offset && inode.writes_behind == open.writes_behind;
}

void WriteBehind::add(const std::shared_ptr<Request>& request, std::shared_ptr<OpenFile> open, u64 offset,
                      std::size_t size) {
    if (request->answered()) return;
    enough_bytes_ = enough_for(request->filesystem().session().round_trip_time());
    request->behind(std::make_unique<Pending>(*this, std::move(open), offset, size));
    untold_.push_back(request);
    tell_callers();
}

void WriteBehind::tell_callers() {
    while (!untold_.empty() && told_ < MOST_WRITES && told_bytes_ < enough_bytes_) {
        const auto request = untold_.front().lock();
        untold_.pop_front();
        if (request) request->answer_before_server();
    }
}

void WriteBehind::ended(Inode& inode) {
    ++ended_;
    if (inode.writes_behind == 0 && changed_) changed_->cancel();
    tell_callers();
}

awaitable<Result<void>> WriteBehind::change() {
    if (!changed_) changed_.emplace(co_await asio::this_coro::executor, asio::steady_timer::time_point::max());
    boost::system::error_code woken;
    co_await changed_->async_wait(asio::redirect_error(asio::use_awaitable, woken));
    const auto state = co_await asio::this_coro::cancellation_state;
    if (state.cancelled() != asio::cancellation_type::none)
        co_return Error(errc::cancelled, "waiting for writes that are under way");
    co_return boost::system::in_place_value;
}

awaitable<Result<void>> WriteBehind::wait_for(InodePtr inode) {
    while (inode->writes_behind != 0) {
        auto waiting = change();
        auto changed = co_await std::move(waiting);
        if (!changed) co_return changed;
    }
    co_return boost::system::in_place_value;
}

awaitable<Result<void>> WriteBehind::wait_for(InodePtr inode, Duration patience) {
    while (inode->writes_behind != 0) {
        const u64 before = ended_;
        auto waiting = wait_for(inode);
        auto settled = co_await within(patience, std::move(waiting), "writes that are under way");
        if (!settled && ended_ == before) co_return settled;
    }
    co_return boost::system::in_place_value;
}

awaitable<void> WriteBehind::wait_for_all(Duration patience) {
    while (pending_ != 0) {
        const u64 before = ended_;
        auto waiting = change();
        (void)co_await within(patience, std::move(waiting), "writes that are under way");
        if (ended_ == before) co_return;
    }
}

}  // namespace p9::fuse
