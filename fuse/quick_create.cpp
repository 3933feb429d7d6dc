#include "fuse/quick_create.hpp"

#include "fuse/quick_request.hpp"

#include "p9/trace.hpp"

#include <climits>
#include <cstring>

namespace p9::fuse {
namespace {

/// A walk to nowhere, whose fid is the next spare one.
class SpareWalk : public std::enable_shared_from_this<SpareWalk> {
public:
    SpareWalk(const std::shared_ptr<LastMade>& home, NodePtr from, Fid fid, u64 number, u64 moves)
        : home_(home),
          from_(std::move(from)),
          fid_(fid),
          number_(number),
          moves_(moves),
          call_(from_->session(), Twalk{from_->fid(), fid, {}}) {}

    void begin() {
        if (call_.done()) return end();
        auto ended = [self = shared_from_this()] { self->end(); };
        call_.when_done(std::move(ended));
    }

private:
    void end() {
        auto reply = call_.take_reply();
        if (!reply) return from_->session().return_unmade_fid(fid_, reply.error());
        Node made = from_->another(fid_);
        if (const auto home = home_.lock()) home->keep_spare(number_, moves_, std::move(made));
    }

    std::weak_ptr<LastMade> home_;
    NodePtr from_;
    Fid fid_;
    u64 number_;
    u64 moves_;
    Call<Twalk> call_;
};

class QuickCreate final : public QuickRequest<Tlcreate, Node> {
public:
    QuickCreate(FileSystem& fs, fuse_req_t req, InodePtr directory, Node spare, const Tlcreate& message,
                OpenFlags flags, Attributes expected)
        : QuickRequest(fs, req, std::move(spare), message),
          directory_(std::move(directory)),
          name_(message.name),
          flags_(flags),
          moves_(fs.inodes.moves()),
          expected_(std::move(expected)) {
        is_a_change();
    }

private:
    void end() override {
        auto reply = take_reply();
        if (!reply) {
            answered_by_server(false);
            Error why = is_lost(reply.error()) ? fate_unknown("create " + escaped(name_)) : std::move(reply).error();
            return answer(Result<CreatedFile>(std::move(why)));
        }
        FileSystem& fs = filesystem();
        expected_.qid = reply->qid;
        auto opened = File::opened(std::move(holder()), reply->qid, reply->iounit);
        auto entry = expected_entry(fs, directory_, std::move(name_), expected_);
        answered_by_server(entry.has_value());
        if (!entry) return answer(Result<CreatedFile>(std::move(entry).error()));
        auto file = std::make_shared<OpenFile>(entry->reference.inode(), std::move(opened), flags_);
        file->moves = moves_;
        file->told = std::make_unique<Attributes>(std::move(expected_));
        file->expected = true;
        fs.limit_nodes();
        answer(Result<CreatedFile>(CreatedFile{std::move(*entry), std::move(file)}));
    }

    InodePtr directory_;
    std::string name_;
    OpenFlags flags_;
    u64 moves_;
    Attributes expected_;
};

}  // namespace

bool create_quickly(FileSystem& filesystem, fuse_req_t req, u64 parent, const char* name, int flags, u32 mode,
                    u32 gid) {
    const InodePtr directory = filesystem.inodes.find(parent);
    const OpenFlags wanted = to_open_flags(flags);
    // With another cache the kernel keeps the times that it hears first; and a file that was there already may be any.
    if (filesystem.behaviour().cache != CacheMode::automatic || (wanted & P9_O_EXCL) == 0) return false;
    if (!directory || directory->detached() || !filesystem.connection().alive()) return false;
    if (filesystem.session().dialect() != Dialect::linux_ || std::strlen(name) > NAME_MAX) return false;
    const Attributes* const expected = filesystem.last_made->like({parent, filesystem.label(), gid, mode});
    if (expected == nullptr) return false;
    auto spare = filesystem.last_made->take_spare(parent, filesystem.label(), filesystem.inodes.moves());
    if (!spare || !filesystem.is_current(*spare)) return false;
    const Tlcreate message = lcreate_message(spare->fid(), name, wanted, mode, gid);
    std::make_shared<QuickCreate>(filesystem, req, directory, std::move(*spare), message, wanted, *expected)->begin();
    prepare_next(filesystem, *directory);
    return true;
}

void prepare_next(FileSystem& filesystem, const Inode& directory) {
    if (!filesystem.last_made->again_in(directory.number)) return;
    if (directory.detached() || !directory.node || !filesystem.is_current(*directory.node)) return;
    const Fid fid = filesystem.session().take_fid();
    if (fid == NOFID) return;
    std::make_shared<SpareWalk>(filesystem.last_made, directory.node, fid, directory.number, filesystem.inodes.moves())
        ->begin();
}

}  // namespace p9::fuse
