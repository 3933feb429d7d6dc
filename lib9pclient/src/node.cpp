#include "dialect.hpp"

#include <cerrno>

namespace p9 {

Node::Node(std::shared_ptr<Session> session, Fid fid, Qid qid) : session_(std::move(session)), fid_(fid), qid_(qid) {}

Node::Node(Node&& other) noexcept
    : session_(std::move(other.session_)),
      fid_(std::exchange(other.fid_, NOFID)),
      label_(other.label_),
      qid_(other.qid_) {}

Node& Node::operator=(Node&& other) noexcept {
    if (this == &other) return *this;
    if (fid_ != NOFID) session_->clunk_later(fid_);
    session_ = std::move(other.session_);
    fid_ = std::exchange(other.fid_, NOFID);
    label_ = other.label_;
    qid_ = other.qid_;
    return *this;
}

Node::~Node() {
    if (fid_ != NOFID) session_->clunk_later(fid_);
}

Node Node::another(Fid fid) const {
    Node other(session_, fid, qid_);
    other.label_ = label_;
    return other;
}

Fid Node::release() { return std::exchange(fid_, NOFID); }

awaitable<Result<void>> Node::close() {
    const Fid fid = release();
    if (fid == NOFID) co_return boost::system::in_place_value;
    auto reply = co_await session_->rpc<Tclunk>(fid);
    // clunk(5): the fid is gone even if the answer is an error.
    if (!reply) {
        session_->return_fid_after(fid, reply.error());
        co_return reply.error();
    }
    session_->return_fid(fid);
    co_return boost::system::in_place_value;
}

awaitable<Result<WalkedTo>> walk_once(std::shared_ptr<Session> session, Fid from, Qid from_qid, Names names) {
    const Fid newfid = session->take_fid();
    if (newfid == NOFID) co_return Error::from_errno(EMFILE, "all fids are taken");
    const std::size_t wanted = names.size();
    auto reply = co_await session->rpc<Twalk>(from, newfid, std::move(names));
    if (!reply) {
        session->return_unmade_fid(newfid, reply.error());
        co_return reply.error();
    }
    WalkedTo walked;
    walked.qids = reply->wqid;
    if (walked.qids.size() < wanted) {
        // walk(5) says that newfid was not made; some servers make it all the same.
        session->clunk_later(newfid);
    } else {
        walked.node = Node(std::move(session), newfid, wanted == 0 ? from_qid : walked.qids.back());
    }
    co_return walked;
}

awaitable<Result<Node>> Node::walk(std::vector<std::string> names) const {
    for (const auto& name : names)
        if (auto refusal = refuse_name(name)) co_return *refusal;
    Node intermediate;
    std::size_t done = 0;
    do {
        const Node& from = intermediate ? intermediate : *this;
        const std::size_t n = std::min(names.size() - done, MAXWELEM);
        Names piece;
        for (std::size_t i = 0; i < n; ++i) piece.push_back(std::move(names[done + i]));
        auto walked = co_await walk_once(session_, from.fid_, from.qid_, std::move(piece));
        if (!walked) co_return walked.error();
        if (!walked->node) {
            const bool through_file = !walked->qids.empty() && (walked->qids.back().type & (QTDIR | QTSYMLINK)) == 0;
            co_return Error::from_errno(through_file ? ENOTDIR : ENOENT);
        }
        intermediate = std::move(walked->node);
        intermediate.label_ = label_;
        done += n;
    } while (done < names.size());
    co_return intermediate;
}

awaitable<Result<Node>> Node::walk(std::string name) const {
    std::vector<std::string> names;
    names.push_back(std::move(name));
    auto work = walk(std::move(names));
    co_return co_await std::move(work);
}

awaitable<Result<Attributes>> Node::attributes(u64 mask) const {
    auto work = session_->operations().attributes(fid_, mask);
    co_return co_await std::move(work);
}

awaitable<Result<void>> Node::change(AttributeChange change) const {
    auto work = session_->operations().change(fid_, change);
    co_return co_await std::move(work);
}

awaitable<Result<StatFs>> Node::statfs() const {
    auto work = session_->operations().statfs(fid_);
    co_return co_await std::move(work);
}

awaitable<Result<std::string>> Node::readlink() const {
    auto work = session_->operations().readlink(fid_);
    co_return co_await std::move(work);
}

}  // namespace p9
