#include "fuse/operations.hpp"

#include <cerrno>

namespace p9::fuse {
namespace {

// Treads of one request of the kernel's that are in flight together.
constexpr std::size_t READS_AT_ONCE = 16;
// A server may put a byte in each message: what is kept of them must be in proportion to what they bring.
constexpr std::size_t MOST_STRETCHES = 64, SMALL_PIECE = 512;

/// What has come of a read, in order. Small pieces are copied into one.
class Pieces {
public:
    void add(Payload piece) {
        if (piece.bytes.size() < SMALL_PIECE) {
            small_.insert(small_.end(), piece.bytes.begin(), piece.bytes.end());
            return;
        }
        join_small();
        whole_.push_back(std::move(piece));
    }
    void move_to(std::vector<Payload>& to) {
        join_small();
        for (auto& piece : whole_) to.push_back(std::move(piece));
    }

private:
    void join_small() {
        if (small_.empty()) return;
        Payload& joined = whole_.emplace_back();
        joined.owner = Buffer::copy_of(small_);
        joined.bytes = joined.owner;
        small_.clear();
    }

    std::vector<Payload> whole_;
    std::vector<u8> small_;  // after those
};

/// One stretch of a read, and what has come of it.
struct Stretch {
    u64 offset = 0;
    std::size_t size = 0;
    Pieces pieces;
    std::optional<Error> failed;
    std::size_t got = 0;
};

/// Reads on until the stretch is full: a short reply is not the end of the file, only an empty one is, or the length
/// that the kernel knows too.
awaitable<void> read_stretch(FilePtr file, InodePtr inode, Stretch* stretch) {
    while (stretch->got < stretch->size) {
        const u64 at = stretch->offset + stretch->got;
        auto piece = co_await file->read(at, static_cast<u32>(stretch->size - stretch->got));
        if (!piece) {
            stretch->failed = std::move(piece).error();
            co_return;
        }
        if (piece->bytes.empty()) co_return;
        stretch->got += piece->bytes.size();
        stretch->pieces.add(std::move(*piece));
        if (stretch->offset + stretch->got == inode->size) co_return;
    }
}

/// Notes a file that ended before the length that the server shows, if nobody has changed it meanwhile: it is
/// synthetic, and what it holds changes as it likes.
awaitable<void> look_at_length(InodePtr inode, FilePtr file) {
    auto attributes = co_await file->node().attributes();
    if (!attributes || stamp_of(*attributes) != inode->seen) co_return;
    inode->untellable = true;
    inode->pages_valid = false;
}

}  // namespace

awaitable<Result<ReadData>> read_file(FileSystem* fs, u64 handle, u64 offset, std::size_t size,
                                      std::shared_ptr<Payload> begun) {
    ++fs->counters.reads.misses;
    const auto open = fs->files.find(handle);
    if (!open) co_return Error::from_errno(EBADF);
    auto at_hand = co_await fs->file(open);
    if (!at_hand) co_return std::move(at_hand).error();
    const FilePtr& file = *at_hand;
    const std::size_t max_io = file->max_io();
    ReadData data;
    if (open->is_synthetic() && size > max_io) {
        // A file that was empty when it was opened may have been written to since.
        auto place = co_await place_of(fs, open->inode, handle);
        if (place) {
            auto attributes = co_await (*place)->attributes();
            if (attributes && attributes->qid.path == open->inode->qid.path) fs->saw(*open->inode, *attributes);
        }
    }
    if (open->is_synthetic()) {
        // An event file blocks once it has told what there is: one request, and what it yields.
        auto piece = co_await file->read(offset, static_cast<u32>(std::min(size, max_io)));
        if (!piece) co_return std::move(piece).error();
        data.pieces.push_back(std::move(*piece));
        co_return data;
    }
    std::vector<Stretch> stretches;
    const std::size_t messages = (size + max_io - 1) / max_io;
    const std::size_t step = (messages + MOST_STRETCHES - 1) / MOST_STRETCHES * max_io;
    for (std::size_t done = 0; done < size; done += stretches.back().size) {
        Stretch& stretch = stretches.emplace_back();
        stretch.offset = offset + done;
        stretch.size = std::min(size - done, step);
    }
    if (begun && !begun->bytes.empty()) {
        stretches.front().got = begun->bytes.size();
        stretches.front().pieces.add(std::exchange(*begun, Payload()));
    }
    if (stretches.size() == 1) {
        co_await read_stretch(file, open->inode, &stretches.front());
    } else {
        std::function<awaitable<void>(std::size_t)> each = [&](std::size_t i) {
            return read_stretch(file, open->inode, &stretches[i]);
        };
        co_await for_each_concurrently(stretches.size(), READS_AT_ONCE, std::move(each));
    }
    for (auto& stretch : stretches) {
        // What was read before the error is a short read; the error comes with the next.
        if (stretch.failed) {
            if (data.pieces.empty()) co_return std::move(*stretch.failed);
            break;
        }
        stretch.pieces.move_to(data.pieces);
        if (stretch.got == stretch.size) continue;
        const bool ours = fs->behaviour().cache == CacheMode::loose;  // the length is the kernel's, who writes it later
        if (stretch.offset + stretch.got < open->inode->size && !open->direct && !ours) {
            auto looking = look_at_length(open->inode, file);
            co_await std::move(looking);
        }
        break;
    }
    co_return data;
}

Result<Written> wrote(FileSystem& fs, OpenFile& open, u64 offset, Result<std::size_t> written, u64 generation) {
    Inode& inode = *open.inode;
    fs.wrote(inode, written && *written != 0);
    if (!written) return std::move(written).error();
    // A ctl file's length stays 0 whatever is written to it, and the length decides how it is read.
    if (!open.is_synthetic()) inode.size = std::max(inode.size, offset + *written);
    if (inode.unsynced_since == 0) inode.unsynced_since = generation;
    return Written{*written};
}

awaitable<Result<Written>> write_file(FileSystem* fs, std::shared_ptr<OpenFile> open, u64 offset, Bytes data,
                                      WriteManner how) {
    auto opening = how.page ? fs->file_at_offsets(open) : fs->file(open);
    auto at_hand = co_await std::move(opening);
    if (!at_hand) co_return std::move(at_hand).error();
    const FilePtr& file = *at_hand;
    if (open->inode->set_id && !how.page && !how.keeps_set_id) {
        auto dropping = drop_set_id(fs, open->inode, file);
        auto dropped = co_await std::move(dropping);
        if (!dropped) co_return std::move(dropped).error();
    }
    const u64 generation = fs->connection().generation();
    const std::size_t max_io = file->max_io();
    const bool append = open->appends() && !how.page;
    Result<std::size_t> written = std::size_t{0};
    fs->wrote(*open->inode, false);
    if (data.size() <= max_io && !how.behind) {
        // One message, so that a command to a ctl file stays one.
        auto count = co_await file->write(offset, data);
        written = count ? Result<std::size_t>(*count) : Result<std::size_t>(std::move(count).error());
    } else if (append) {
        // Several in flight could be appended in another order.
        while (*written < data.size()) {
            const Bytes rest = data.subspan(*written);
            auto count = co_await file->write(offset + *written, rest.first(std::min(rest.size(), max_io)));
            if (!count) {
                // What was written before the error is a short write; the error comes with the next.
                if (*written == 0) written = std::move(count).error();
                break;
            }
            if (*count == 0) break;
            *written += *count;
        }
    } else {
        auto all = co_await file->write_all(offset, data);
        written = all ? Result<std::size_t>(data.size()) : Result<std::size_t>(std::move(all).error());
    }
    co_return wrote(*fs, *open, offset, std::move(written), generation);
}

}  // namespace p9::fuse
