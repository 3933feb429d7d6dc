#include "dialect.hpp"

#include <cerrno>

namespace p9 {
namespace {

/// Walks to an attribute, or to the list of names, and reads all of it.
awaitable<Result<std::string>> read_attribute(const Node& node, std::string name, u64 limit) {
    Session& session = node.session();
    const Fid fid = session.take_fid();
    auto walking = session.operations().xattrwalk(node.fid(), fid, std::move(name));
    auto size = co_await std::move(walking);
    if (!size) {
        session.return_unmade_fid(fid, size.error());
        co_return size.error();
    }
    const Node value(node.shared_session(), fid, Qid{});  // clunks the fid
    if (*size > limit)
        co_return Error::from_errno(ERANGE, "the attribute has " + std::to_string(*size) + " bytes; at most " +
                                                std::to_string(limit) + " were expected");
    std::string bytes;
    while (bytes.size() < *size) {
        const auto count = static_cast<u32>(std::min<u64>(*size - bytes.size(), session.msize() - IOHDRSZ));
        auto reply = co_await session.rpc<Tread>(fid, u64{bytes.size()}, count);
        if (!reply) co_return reply.error();
        const Bytes data = reply->data.bytes;
        if (data.empty()) break;
        bytes.append(reinterpret_cast<const char*>(data.data()), data.size());
    }
    co_return bytes;
}

}  // namespace

awaitable<Result<std::string>> Node::xattr(std::string name, u64 limit) const {
    if (name.empty()) co_return Error::from_errno(EINVAL, "an attribute needs a name");
    auto work = read_attribute(*this, std::move(name), limit);
    co_return co_await std::move(work);
}

awaitable<Result<std::string>> Node::xattr_names(u64 limit) const {
    auto work = read_attribute(*this, {}, limit);
    co_return co_await std::move(work);
}

awaitable<Result<void>> Node::set_xattr(std::string name, std::string value, u32 flags) const {
    if (name.empty()) co_return Error::from_errno(EINVAL, "an attribute needs a name");
    // Txattrcreate turns its fid into the attribute, and this node's is still wanted.
    auto spare = co_await walk(std::vector<std::string>{});
    if (!spare) co_return spare.error();
    auto creating = session_->operations().xattrcreate(spare->fid(), std::move(name), value.size(), flags);
    auto created = co_await std::move(creating);
    if (!created) co_return created.error();
    const Bytes bytes(reinterpret_cast<const u8*>(value.data()), value.size());
    for (std::size_t done = 0; done < bytes.size();) {
        const Bytes piece =
            bytes.subspan(done, std::min<std::size_t>(bytes.size() - done, session_->msize() - IOHDRSZ));
        auto reply = co_await session_->rpc<Twrite>(spare->fid(), u64{done}, Payload(piece));
        if (!reply) co_return reply.error();
        if (reply->count == 0) co_return Error::from_errno(EIO, "the server took none of the bytes of a write");
        done += reply->count;
    }
    // The attribute is set by the clunk, which may fail.
    auto closing = spare->close();
    co_return co_await std::move(closing);
}

awaitable<Result<void>> Node::remove_xattr(std::string name) const {
    // An attribute that is created with size 0 and XATTR_REPLACE is removed (v9fs does it so).
    auto work = set_xattr(std::move(name), {}, 2);
    co_return co_await std::move(work);
}

}  // namespace p9
