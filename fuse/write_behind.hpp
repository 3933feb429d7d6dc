// Writes whose callers were told that they are done before the server has said so.
//
// A program that writes on where its last write ended need not wait for a round trip each time: it is answered at once,
// as long as few bytes are under way, and hears of an error with its next write, with fsync(2) or with close(2).
// Whoever asks for what such a write changes waits for it first (`wait_for`), so that nobody sees a file as it was
// before. It is for cache=auto, whose promise is that others see a file's contents once it was closed. Owned by
// MountState. One thread.
#pragma once

#include "fuse/handles.hpp"

#include "p9/task.hpp"

#include <boost/asio/steady_timer.hpp>

#include <deque>
#include <memory>
#include <optional>

namespace p9::fuse {

class FileSystem;
class Request;

class WriteBehind {
public:
    /// Writes whose callers go on, at most; and as soon as their bytes are so many, no more. Few where answers come
    /// soon, because memory that is used again is still in the processor's cache; many over a link with delay.
    static constexpr std::size_t MOST_WRITES = 256, FEWEST_BYTES = 2 << 20, MOST_BYTES = 8 << 20;

    /// One write, from its beginning to the server's answer. Held by its Request.
    class Pending {
    public:
        Pending(WriteBehind& home, std::shared_ptr<OpenFile> open, u64 offset, std::size_t size);
        ~Pending();
        Pending(const Pending&) = delete;
        Pending& operator=(const Pending&) = delete;

        /// Its caller was told that it is done.
        void told();
        /// It was not, and its caller is to hear of that.
        void failed(FileSystem& fs, const Error& error);
        std::size_t size() const { return size_; }

    private:
        WriteBehind& home_;
        std::shared_ptr<OpenFile> open_;
        u64 offset_;
        std::size_t size_;
        bool told_ = false;
    };

    /// Whether a write through `open`, with these flags of open(2), is to be answered before the server answers.
    static bool takes(const FileSystem& fs, const OpenFile& open, u64 offset, int flags);
    /// Answers `request`, which is under way and writes that, now or when fewer are; unless the server is faster.
    void add(const std::shared_ptr<Request>& request, std::shared_ptr<OpenFile> open, u64 offset, std::size_t size);

    /// True if any is under way.
    bool any() const { return pending_ != 0; }
    /// Writes whose callers go on, and their bytes.
    std::size_t writes() const { return told_; }
    std::size_t bytes() const { return told_bytes_; }
    /// Waits until those to the inode have ended. Fails with errc::cancelled only.
    awaitable<Result<void>> wait_for(InodePtr inode);
    /// The same, but gives up when the server has ended none of all for `patience`.
    awaitable<Result<void>> wait_for(InodePtr inode, Duration patience);
    /// Waits in the same way until none is under way.
    awaitable<void> wait_for_all(Duration patience);

private:
    void tell_callers();
    void ended(Inode& inode);
    awaitable<Result<void>> change();

    std::size_t pending_ = 0;
    std::size_t enough_bytes_ = FEWEST_BYTES;           // for the connection of now
    std::size_t told_ = 0, told_bytes_ = 0;             // of those whose callers go on
    u64 ended_ = 0;                                     // that have, ever
    std::deque<std::weak_ptr<Request>> untold_;         // whose callers wait until fewer are under way
    std::optional<boost::asio::steady_timer> changed_;  // cancelled when an inode has none any more
};

}  // namespace p9::fuse
