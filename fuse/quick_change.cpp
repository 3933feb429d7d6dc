#include "fuse/quick_change.hpp"

#include "fuse/quick_request.hpp"

namespace p9::fuse {
namespace {

class QuickWrite final : public QuickRequest<Twrite> {
public:
    QuickWrite(FileSystem& fs, fuse_req_t req, std::shared_ptr<OpenFile> open, u64 offset, WriteData data,
               WriteManner how)
        : QuickRequest(fs, req, open->file, Twrite{open->file->node().fid(), offset, data.lend()}),
          open_(std::move(open)),
          offset_(offset),
          data_(std::move(data)),
          how_(how),
          may_repeat_(open_->may_repeat_write(how.page)),
          generation_(fs.connection().generation()) {
        is_a_change();
    }

private:
    void end() override {
        auto reply = take_reply();
        if (reply) data_.take_back();
        const bool lost = !reply && is_lost(reply.error());
        if (lost && !may_repeat_) {
            answered_by_server(false);
            return answer(Result<Written>(fate_unknown("write")));
        }
        // Whoever was told that all is written cannot write the rest.
        const bool is_short = is_behind() && reply && reply->count < data_.bytes.size();
        if (lost || is_short) {
            how_.keeps_set_id = true;  // it had none
            auto again = [fs = &filesystem(), open = open_, offset = offset_, how = how_,
                          data = std::make_shared<WriteData>(std::move(data_))] {
                return write_file(fs, open, offset, data->bytes, how);
            };
            return go_the_general_way(std::move(again));
        }
        Result<std::size_t> count = Error(errc::cancelled);
        if (reply)
            count = reply->count;
        else
            count = std::move(reply).error();
        auto written = wrote(filesystem(), *open_, offset_, std::move(count), generation_);
        answered_by_server(written.has_value());
        answer(std::move(written));
    }

    std::shared_ptr<OpenFile> open_;
    u64 offset_;
    WriteData data_;
    WriteManner how_;
    bool may_repeat_;
    u64 generation_;
};

class QuickSetAttributes final : public QuickRequest<Tsetattr> {
public:
    QuickSetAttributes(FileSystem& fs, fuse_req_t req, const OpenFile& open, SetAttributes wanted,
                       AttributeChange on_server)
        : QuickRequest(fs, req, open.file, setattr_message(open.file->node().fid(), on_server)),
          inode_(open.inode),
          wanted_(std::move(wanted)),
          on_server_(std::move(on_server)) {
        is_a_change();
    }

private:
    void end() override {
        auto reply = take_reply();
        const bool refused = !reply && filesystem().behaviour().access == Access::user && reply.error().is_errno(EPERM);
        if (!reply && !refused && !is_lost(reply.error())) {
            answered_by_server(false);
            return answer(Result<AttributesReply>(std::move(reply).error()));
        }
        // Such a refusal may not be the last word, and what was lost is begun again.
        auto generally = [fs = &filesystem(), number = inode_->number, wanted = wanted_] {
            return set_attributes(fs, number, wanted);
        };
        if (!reply) return go_the_general_way(std::move(generally));
        filesystem().changed_under_one_name(*inode_);
        if (auto known = after_change(filesystem(), *inode_, on_server_)) {
            answered_by_server(true);
            return answer(Result<AttributesReply>(std::move(*known)));
        }
        auto asking = [fs = &filesystem(), number = inode_->number, handle = wanted_.handle] {
            return get_attributes(fs, number, handle);
        };
        go_the_general_way(std::move(asking));
    }

    InodePtr inode_;
    SetAttributes wanted_;
    AttributeChange on_server_;
};

}  // namespace

std::shared_ptr<Request> write_quickly(FileSystem& filesystem, fuse_req_t req, std::shared_ptr<OpenFile> open,
                                       u64 offset, WriteData& data, WriteManner how) {
    Inode& inode = *open->inode;
    if ((how.page && open->appends()) || (inode.writes_behind != 0 && !how.behind)) return nullptr;
    if (!filesystem.connection().alive() || !filesystem.is_alive(open->file->node())) return nullptr;
    if (data.bytes.size() > open->file->max_io() || (inode.set_id && !how.page)) return nullptr;
    filesystem.wrote(inode, false);
    auto write = std::make_shared<QuickWrite>(filesystem, req, std::move(open), offset, std::move(data), how);
    write->begin();
    return write;
}

bool change_quickly(FileSystem& filesystem, fuse_req_t req, u64 number, const SetAttributes& wanted) {
    const InodePtr inode = filesystem.inodes.find(number);
    const AttributeChange& change = wanted.change;
    if (!inode || maker_of(*inode) == nullptr || change.size || !filesystem.connection().alive()) return false;
    if (change.mode && (change.uid || change.gid)) return false;
    const auto by_handle = wanted.handle ? filesystem.files.find(*wanted.handle) : nullptr;
    if (!by_handle && inode->node) return false;
    const OpenFile& open = by_handle ? *by_handle : *inode->open_files;
    if (!filesystem.is_alive(open.file->node()) || open.moves != filesystem.inodes.moves()) return false;
    AttributeChange on_server = change;
    if (!filesystem.behaviour().owners.to_server(on_server)) return false;
    if (filesystem.session().dialect() != Dialect::linux_ || setattr_message(NOFID, on_server).valid == 0) return false;
    std::make_shared<QuickSetAttributes>(filesystem, req, open, wanted, std::move(on_server))->begin();
    return true;
}

}  // namespace p9::fuse
