// A small 9P server in memory, in all three dialects, with knobs for the misbehaviour of real ones.
//
// A FakeServer serves one connection: it is given requests and gives replies to a sink, at once or later, and knows
// nothing of what carries them. Several may share one Tree. One thread.
#pragma once

#include "p9/trace.hpp"
#include "p9/wire.hpp"
#include "tests/support/knobs.hpp"
#include "tests/support/tree.hpp"

#include "p9/error.hpp"

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace p9::test {

class FakeServer {
public:
    struct Sink {
        std::function<void(const ByteVector&)> send;
        std::function<void()> hang_up;
        /// Calls back when the requests that came together have all been seen; for `reversed`.
        std::function<void(std::function<void()>)> later;
    };
    FakeServer(Tree& tree, Knobs knobs, Sink sink) : tree_(tree), knobs_(std::move(knobs)), sink_(std::move(sink)) {}

    /// Serves one request.
    void receive(Bytes frame);
    /// The next event of an event file; reads that wait for one are answered.
    void post_event(const TreeNodePtr& node, std::string event);
    /// Replies wait until `release`; `in_reverse` answers the last request first.
    void hold() { holding_ = true; }
    void release(bool in_reverse = false);

    Dialect dialect() const { return dialect_; }
    Knobs& knobs() { return knobs_; }
    /// How many requests of a kind came.
    template <class T>
    std::size_t count() const {
        const auto found = counts_.find(T::type);
        return found == counts_.end() ? 0 : found->second;
    }
    std::size_t requests() const { return log_.size(); }
    /// Every request, described.
    const std::vector<std::string>& log() const { return log_; }
    /// What no well-behaved client does: "..", fids used twice, tags used twice, counts above the header.
    const std::vector<std::string>& complaints() const { return complaints_; }
    std::size_t fids() const { return fids_.size(); }
    /// Requests that have had no answer.
    std::size_t unanswered() const { return pending_.size(); }
    /// The most requests that were without an answer at a time.
    std::size_t most_unanswered() const { return most_unanswered_; }

private:
    enum class Use : u8 { file, auth, xattr_read, xattr_write };
    struct FidState {
        TreeNodePtr node;
        TreeNodePtr parent;
        std::string name;
        Use use = Use::file;
        bool open = false;
        u32 flags = 0;
        bool remove_on_clunk = false;
        std::string buffer;  ///< of an xattr, or what an afid was told
        u64 xattr_size = 0;
        u64 stat_offset = 0;  ///< where a directory of the old dialects goes on
        u64 stat_cookie = 0;
    };
    struct Waiting {
        Tag tag;
        TreeNodePtr node;
        u32 count;
    };

    template <class T>
    void serve(Tag tag, Bytes frame);
    template <class R>
    void answer(Tag tag, const R& reply);
    void refuse(Tag tag, const Error& error);
    void refuse_as(Tag tag, Answer how);
    void deliver(Tag tag, ByteVector reply);
    void complain(std::string what) { complaints_.push_back(std::move(what)); }

    // One for each request. An error of errc::timed_out means: no answer now.
    Result<Rversion> on(const Tversion& t);
    Result<Rauth> on(const Tauth& t);
    Result<Rattach> on(const Tattach& t);
    Result<Rflush> on(const Tflush& t);
    Result<Rwalk> on(const Twalk& t);
    Result<Ropen> on(const Topen& t);
    Result<Rcreate> on(const Tcreate& t);
    Result<Rread> on(const Tread& t);
    Result<Rwrite> on(const Twrite& t);
    Result<Rclunk> on(const Tclunk& t);
    Result<Rremove> on(const Tremove& t);
    Result<Rstat> on(const Tstat& t);
    Result<Rwstat> on(const Twstat& t);
    Result<Rstatfs> on(const Tstatfs& t);
    Result<Rlopen> on(const Tlopen& t);
    Result<Rlcreate> on(const Tlcreate& t);
    Result<Rsymlink> on(const Tsymlink& t);
    Result<Rmknod> on(const Tmknod& t);
    Result<Rrename> on(const Trename& t);
    Result<Rreadlink> on(const Treadlink& t);
    Result<Rgetattr> on(const Tgetattr& t);
    Result<Rsetattr> on(const Tsetattr& t);
    Result<Rxattrwalk> on(const Txattrwalk& t);
    Result<Rxattrcreate> on(const Txattrcreate& t);
    Result<Rreaddir> on(const Treaddir& t);
    Result<Rfsync> on(const Tfsync& t);
    Result<Rlock> on(const Tlock& t);
    Result<Rgetlock> on(const Tgetlock& t);
    Result<Rlink> on(const Tlink& t);
    Result<Rmkdir> on(const Tmkdir& t);
    Result<Rrenameat> on(const Trenameat& t);
    Result<Runlinkat> on(const Tunlinkat& t);

    static FidState at(TreeNodePtr node, TreeNodePtr parent, std::string name);
    FidState* find(Fid fid);
    /// A place for a new fid; nothing if it is in use.
    FidState* make(Fid fid);
    Qid qid_of(const TreeNode& node) const;
    Qid made_qid(const TreeNode& node) const { return knobs_.qid_zero ? Qid{} : qid_of(node); }
    Stat stat_of(const TreeNode& node, const std::string& name) const;
    bool lies(Lie lie) const { return knobs_.lies.contains(lie); }
    u32 iounit() const { return lies(Lie::tiny_iounit) ? 1 : knobs_.iounit; }
    Result<void> open(FidState& fid, u32 flags);
    Result<TreeNodePtr> create(FidState& directory, const std::string& name, u32 mode);
    Result<std::string> read_stats(FidState& fid, u64 offset, u32 count);
    Result<std::string> read_entries(FidState& fid, u64 offset, u32 count);
    Result<void> remove(const TreeNodePtr& directory, const std::string& name);
    Result<void> move(TreeNodePtr from, std::string name, const TreeNodePtr& to, const std::string& new_name);
    Result<void> finish_xattr(FidState& fid);
    bool count_allowed(u32 count);

    Tree& tree_;
    Knobs knobs_;
    Sink sink_;
    Dialect dialect_ = Dialect::linux_;
    u32 msize_ = 8192;
    Tag tag_ = NOTAG;  // of the request being served
    std::map<Fid, FidState> fids_;
    std::map<Tag, u8> pending_;
    std::vector<Waiting> waiting_;
    std::vector<ByteVector> held_;
    bool holding_ = false;
    bool silent_ = false;  // for good
    bool release_is_due_ = false;
    std::string data_;  // of the reply being made
    mutable bool flipped_ = false;
    bool root_flipped_ = false;
    std::map<u8, std::size_t> counts_;
    std::size_t most_unanswered_ = 0;
    std::vector<std::string> log_;
    std::vector<std::string> complaints_;
};

}  // namespace p9::test
