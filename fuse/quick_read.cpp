#include "fuse/quick_read.hpp"

#include "fuse/operations.hpp"
#include "fuse/quick_request.hpp"

namespace p9::fuse {
namespace {

class QuickRead final : public QuickRequest<Tread> {
public:
    QuickRead(FileSystem& fs, fuse_req_t req, std::shared_ptr<OpenFile> open, u64 handle, u64 offset, u32 size)
        : QuickRequest(fs, req, open->file, Tread{open->file->node().fid(), offset, size}),
          handle_(handle),
          offset_(offset),
          size_(size),
          open_(std::move(open)),
          generation_(fs.connection().generation()) {}

private:
    void end() override {
        auto reply = take_reply();
        const bool lost = !reply && is_lost(reply.error());
        const std::size_t got = reply ? reply->data.bytes.size() : 0;
        const bool is_short = reply && got != size_ && offset_ + got != open_->inode->size;
        if (is_short && got != 0) open_->reads_short = true;
        if (lost || is_short) return read_on(reply ? std::move(reply->data) : Payload());
        ++filesystem().counters.reads.hits;
        Result<ReadData> data = ReadData();
        if (reply)
            data->pieces.push_back(std::move(reply->data));
        else
            data = std::move(reply).error();
        answered_by_server(data.has_value());
        answer(std::move(data));
    }

    void read_on(Payload begun) {
        auto again = [fs = &filesystem(), handle = handle_, offset = offset_, size = size_, generation = generation_,
                      begun = std::make_shared<Payload>(std::move(begun))] {
            // In another session the file may have changed.
            if (fs->connection().generation() != generation) *begun = Payload();
            return read_file(fs, handle, offset, size, begun);
        };
        go_the_general_way(std::move(again));
    }

    u64 handle_;
    u64 offset_;
    u32 size_;
    std::shared_ptr<OpenFile> open_;
    u64 generation_;
};

}  // namespace

bool read_quickly(FileSystem& filesystem, fuse_req_t req, u64 handle, u64 offset, std::size_t size) {
    const auto open = filesystem.files.find(handle);
    if (!open || open->is_synthetic() || open->reads_short || !filesystem.connection().alive()) return false;
    if (!filesystem.is_alive(open->file->node()) || size > open->file->max_io()) return false;
    std::make_shared<QuickRead>(filesystem, req, open, handle, offset, static_cast<u32>(size))->begin();
    return true;
}

}  // namespace p9::fuse
