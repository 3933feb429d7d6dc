// Files that nobody has open any more, until the server is told.
//
// close(2) waits for no Tclunk, and whoever closes one file mostly goes on with another. So the message leaves together
// with the next that the mount has for the server, which costs both ends less than one of its own; and if there is no
// other, soon. Owned by MountState. One thread.
#pragma once

#include "fuse/handles.hpp"

#include <boost/asio/steady_timer.hpp>

#include <optional>
#include <utility>
#include <vector>

namespace p9::fuse {

class Released {
public:
    /// Long for a processor, and no time for whoever waits on the server that a file is closed.
    static constexpr std::chrono::milliseconds SOON{20};

    void add(const boost::asio::any_io_executor& executor, FilePtr file) {
        files_->push_back(std::move(file));
        if (files_->size() >= MOST) return let_go();
        if (waiting_) return;
        waiting_ = true;
        if (!timer_) timer_.emplace(executor);
        timer_->expires_after(SOON);
        // What the handler has of its own is all that it may touch where the mount has ended meanwhile.
        timer_->async_wait([this, files = std::weak_ptr(files_)](const boost::system::error_code&) {
            const auto left = files.lock();
            if (!left) return;
            waiting_ = false;
            left->clear();
        });
    }
    /// Ends their fids: the messages go out with whatever is sent next.
    void let_go() { files_->clear(); }

private:
    static constexpr std::size_t MOST = 64;
    std::shared_ptr<std::vector<FilePtr>> files_ = std::make_shared<std::vector<FilePtr>>();
    std::optional<boost::asio::steady_timer> timer_;
    bool waiting_ = false;  // the timer is set
};

}  // namespace p9::fuse
