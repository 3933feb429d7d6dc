#include "dialect.hpp"

#include <cerrno>
#include <deque>

namespace p9 {
namespace {

/// Bytes of Twrites in flight for one write_all.
constexpr std::size_t WRITE_WINDOW = 4 << 20;

/// What one read or write can carry: iounit if the server named one, and never more than fits into msize
/// (open(5): iounit 0 means msize less the header).
u32 io_limit(const Session& session, u32 iounit) {
    const u32 most = session.msize() - IOHDRSZ;
    return iounit == 0 ? most : std::min(iounit, most);
}

}  // namespace

File::File(Node node, u32 iounit) : node_(std::move(node)), max_io_(io_limit(node_.session(), iounit)) {}

awaitable<Result<File>> File::open(Node node, OpenFlags flags) {
    auto work = node.session().operations().open(node.fid(), flags);
    auto opened = co_await std::move(work);
    if (!opened) co_return opened.error();
    co_return File::opened(std::move(node), opened->qid, opened->iounit);
}

awaitable<Result<File>> File::create(Node directory, std::string name, OpenFlags flags, u32 mode, u32 gid) {
    if (auto refusal = refuse_name(name)) co_return *refusal;
    auto work = directory.session().operations().create(directory.fid(), std::move(name), flags, mode, gid);
    auto opened = co_await std::move(work);
    if (!opened) co_return opened.error();
    co_return File::opened(std::move(directory), opened->qid, opened->iounit);
}

File File::opened(Node node, Qid qid, u32 iounit) {
    node.qid_ = qid;
    return File(std::move(node), iounit);
}

awaitable<Result<Payload>> File::read(u64 offset, u32 count) const {
    auto reply = co_await node_.session().rpc<Tread>(node_.fid(), offset, std::min(count, max_io_));
    if (!reply) co_return reply.error();
    co_return std::move(reply->data);
}

awaitable<Result<u32>> File::write(u64 offset, Bytes data) const {
    if (data.size() > max_io_)
        co_return Error::from_errno(
            EMSGSIZE,
            std::to_string(data.size()) + " bytes do not fit into one write of at most " + std::to_string(max_io_));
    auto reply = co_await node_.session().rpc<Twrite>(node_.fid(), offset, Payload(data));
    if (!reply) co_return reply.error();
    co_return reply->count;
}

awaitable<Result<void>> File::write_all(u64 offset, Bytes data) const {
    struct Piece {
        u64 offset;
        Bytes data;
        Call<Twrite> call;
        Piece(Session& session, Fid fid, u64 at, Bytes bytes)
            : offset(at), data(bytes), call(session, Twrite{fid, at, Payload(bytes)}) {}
    };
    std::deque<Piece> window;
    Session& session = node_.session();
    const std::size_t most = std::clamp<std::size_t>(WRITE_WINDOW / max_io_, 2, MAX_IN_FLIGHT);
    while (!data.empty() || !window.empty()) {
        while (!data.empty() && window.size() < most) {
            const Bytes bytes = data.first(std::min<std::size_t>(data.size(), max_io_));
            window.emplace_back(session, node_.fid(), offset, bytes);
            offset += bytes.size();
            data = data.subspan(bytes.size());
        }
        auto reply = co_await window.front().call.reply();
        if (!reply) co_return reply.error();
        const u64 at = window.front().offset + reply->count;
        const Bytes rest = window.front().data.subspan(reply->count);
        window.pop_front();
        if (rest.empty()) continue;
        if (reply->count == 0) co_return Error::from_errno(EIO, "the server took none of the bytes of a write");
        window.emplace_front(session, node_.fid(), at, rest);
    }
    co_return boost::system::in_place_value;
}

awaitable<Result<void>> File::fsync(bool datasync) const {
    auto work = node_.session().operations().fsync(node_.fid(), datasync);
    co_return co_await std::move(work);
}

}  // namespace p9
