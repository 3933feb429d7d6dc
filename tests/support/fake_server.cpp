#include "tests/support/fake_server.hpp"

#include "tests/support/fake_server_errors.hpp"

#include <algorithm>

namespace p9::test {

template <class R>
void FakeServer::answer(Tag tag, const R& reply) {
    ByteVector bytes;
    if (!encode(bytes, tag, reply, dialect_)) throw std::logic_error("the fake server's reply cannot be encoded");
    deliver(tag, std::move(bytes));
}

void FakeServer::deliver(Tag tag, ByteVector reply) {
    pending_.erase(tag);
    if (knobs_.reversed && !holding_ && !release_is_due_) {
        release_is_due_ = true;
        sink_.later([this] {
            release_is_due_ = false;
            release(true);
        });
    }
    if (holding_ || release_is_due_)
        held_.push_back(std::move(reply));
    else
        sink_.send(reply);
}

void FakeServer::release(bool in_reverse) {
    holding_ = false;
    auto replies = std::exchange(held_, {});
    if (in_reverse) std::ranges::reverse(replies);
    for (const auto& reply : replies) sink_.send(reply);
}

void FakeServer::refuse(Tag tag, const Error& error) {
    if (error.code == make_error_code(errc::timed_out)) return;
    if (dialect_ == Dialect::linux_)
        answer(tag, Rlerror{static_cast<u32>(error.code.value())});
    else
        answer(tag, Rerror{error.message(), static_cast<u32>(error.code.value())});
}

void FakeServer::refuse_as(Tag tag, Answer how) {
    switch (how) {
        case Answer::served:
        case Answer::silence:
            return;
        case Answer::eopnotsupp:
            return refuse(tag, refusal(P9_EOPNOTSUPP));
        case Answer::enosys:
            return refuse(tag, refusal(P9_ENOSYS));
        case Answer::text:
            // A server of the old dialects says it in words only; one of 9P2000.L has nothing but numbers.
            if (dialect_ == Dialect::linux_) return refuse(tag, refusal(P9_EINVAL));
            return answer(tag, Rerror{"unknown message type", 0});
        case Answer::hang_up:
            return sink_.hang_up();
    }
}

template <class T>
void FakeServer::serve(Tag tag, Bytes frame) {
    const auto message = decode<T>(body_of(frame), dialect_);
    if (!message) {
        complain("malformed " + std::string(T::message));
        return refuse(tag, refusal(P9_EPROTO));
    }
    if (T::type == Tflush::type && knobs_.flush_answer != Answer::served) return refuse_as(tag, knobs_.flush_answer);
    const bool known = T::type == Tversion::type || speaks(T::dialects, dialect_);
    if (!known || knobs_.missing.contains(T::type)) return refuse_as(tag, knobs_.missing_answer);
    tag_ = tag;
    if (T::type == Tread::type && lies(Lie::wrong_tag)) tag = Tag{static_cast<u16>(number(tag) + 1000)};
    const auto reply = on(*message);
    if (reply)
        answer(tag, *reply);
    else
        refuse(tag, reply.error());
}

void FakeServer::receive(Bytes frame) {
    if (silent_) return;
    const Header header = header_of(frame);
    log_.push_back(describe(frame, dialect_));
    ++counts_[header.type];
    if (header.type == Tversion::type)
        pending_.clear();
    else if (pending_.contains(header.tag))
        complain("tag in use: " + log_.back());
    else if (frame.size() > msize_)
        complain("above msize: " + log_.back());
    pending_[header.tag] = header.type;
    most_unanswered_ = std::max(most_unanswered_, pending_.size());
    bool known = false;
    with_message(Messages{}, header.type, [&]<class M>() {
        if constexpr (requires { typename M::Reply; }) {
            known = true;
            serve<M>(header.tag, frame);
        }
    });
    if (!known) {
        complain("not a request: " + log_.back());
        refuse_as(header.tag, knobs_.missing_answer);
    }
}

FakeServer::FidState FakeServer::at(TreeNodePtr node, TreeNodePtr parent, std::string name) {
    FidState state;
    state.node = std::move(node);
    state.parent = std::move(parent);
    state.name = std::move(name);
    return state;
}

FakeServer::FidState* FakeServer::find(Fid fid) {
    const auto found = fids_.find(fid);
    if (found != fids_.end()) return &found->second;
    complain("unknown fid: " + log_.back());
    return nullptr;
}

FakeServer::FidState* FakeServer::make(Fid fid) {
    const auto [at, made] = fids_.try_emplace(fid);
    if (made && fid != NOFID) return &at->second;
    complain("fid in use: " + log_.back());
    return nullptr;
}

Qid FakeServer::qid_of(const TreeNode& node) const {
    Qid qid{QTFILE, knobs_.qid_version_zero ? 0 : node.version, node.path};
    if (node.is_directory()) qid.type = knobs_.qid_type_wrong ? QTAPPEND : QTDIR;
    if (node.is_symlink() && dialect_ != Dialect::base) qid.type = QTSYMLINK;
    return qid;
}

Result<Rversion> FakeServer::on(const Tversion& t) {
    fids_.clear();
    waiting_.clear();
    held_.clear();
    const auto asked = dialect_of(t.version);
    const u32 granted = knobs_.msize_echo ? t.msize : std::min(t.msize, knobs_.msize);
    msize_ = granted;
    if (knobs_.version_always || (asked && *asked <= knobs_.dialect)) {
        dialect_ = knobs_.version_always ? knobs_.dialect : *asked;
        return Rversion{granted, std::string(version_string(dialect_))};
    }
    const Tag tag = tag_;
    switch (knobs_.version_answer) {
        case VersionAnswer::less:
            dialect_ = knobs_.dialect;
            return Rversion{granted, std::string(version_string(dialect_))};
        case VersionAnswer::unknown:
            return Rversion{granted, "unknown"};
        case VersionAnswer::unknown_msize_0:
            return Rversion{0, "unknown"};
        case VersionAnswer::rerror:
            dialect_ = Dialect::base;
            answer(tag, Rerror{"unknown version", 0});
            break;
        case VersionAnswer::rlerror:
            answer(tag, Rlerror{P9_EINVAL});
            break;
        case VersionAnswer::hang_up:
            sink_.hang_up();
            break;
        case VersionAnswer::silence:
            break;
    }
    return no_answer();
}

Result<Rauth> FakeServer::on(const Tauth& t) {
    if (!knobs_.auth_required) return refusal(P9_ENOENT);
    FidState* const afid = make(t.afid);
    if (!afid) return refusal(P9_EINVAL);
    afid->use = Use::auth;
    afid->open = true;
    return Rauth{{QTAUTH, 0, 0}};
}

Result<Rattach> FakeServer::on(const Tattach& t) {
    if (knobs_.auth_required) {
        FidState* const afid = t.afid == NOFID ? nullptr : find(t.afid);
        if (!afid || afid->buffer != "secret") return refusal(P9_EPERM);
    }
    if (!knobs_.aname.empty() && t.aname != knobs_.aname) return refusal(P9_ENOENT);
    FidState* const fid = make(t.fid);
    if (!fid) return refusal(P9_EINVAL);
    fid->node = tree_.root();
    return Rattach{qid_of(*tree_.root())};
}

Result<Rflush> FakeServer::on(const Tflush& t) {
    std::erase_if(waiting_, [&](const Waiting& each) { return each.tag == t.oldtag; });
    pending_.erase(t.oldtag);
    return Rflush{};
}

Result<Rwalk> FakeServer::on(const Twalk& t) {
    FidState* const from = find(t.fid);
    if (!from) return refusal(P9_EBADF);
    if (t.fid == t.newfid && knobs_.same_fid_walk_refused) return refusal(P9_EINVAL);
    if (from->open) complain("walk from an open fid: " + log_.back());
    if (t.wname.size() > MAXWELEM) complain("too many names: " + log_.back());
    FidState reached = at(from->node, from->parent, from->name);
    Rwalk reply;
    for (const std::string& name : t.wname) {
        if (lies(Lie::falls_silent) && name == "silence") {
            silent_ = true;
            return no_answer();
        }
        if (name == ".." || name == "." || name.empty() || name.find('/') != std::string::npos)
            complain("walked to a name like \"" + name + "\"");
        if (!reached.node->is_directory()) break;
        const auto next = lies(Lie::self_entry) && name == "self" ? reached.node : reached.node->find(name);
        if (!next) break;
        reached = at(next, reached.node, name);
        reply.wqid.push_back(qid_of(*next));
        if (lies(Lie::walk_type)) reply.wqid.back().type = QTDIR;
    }
    const bool complete = reply.wqid.size() == t.wname.size();
    if (!complete && (reply.wqid.empty() || knobs_.partial_walk_error))
        return refusal(reached.node->is_directory() ? P9_ENOENT : P9_ENOTDIR);
    if (!complete && !knobs_.partial_walk_makes_fid) return reply;
    if (t.fid == t.newfid) {
        *from = std::move(reached);
        return reply;
    }
    FidState* const to = make(t.newfid);
    if (!to) return refusal(P9_EINVAL);
    *to = std::move(reached);
    return reply;
}

Result<Rclunk> FakeServer::on(const Tclunk& t) {
    // No complaint: after a partial walk clients clunk a fid that some servers make.
    if (!fids_.contains(t.fid)) return refusal(P9_EBADF);
    FidState* const fid = find(t.fid);
    Result<void> done;
    if (fid->use == Use::xattr_write) done = finish_xattr(*fid);
    if (fid->remove_on_clunk) done = remove(fid->parent, fid->name);
    fids_.erase(t.fid);
    if (!done) return done.error();
    return Rclunk{};
}

Result<Rremove> FakeServer::on(const Tremove& t) {
    FidState* const fid = find(t.fid);
    if (!fid) return refusal(P9_EBADF);
    const auto done = fid->parent ? remove(fid->parent, fid->name) : Result<void>(refusal(P9_EACCES));
    fids_.erase(t.fid);
    if (!done) return done.error();
    return Rremove{};
}

}  // namespace p9::test
