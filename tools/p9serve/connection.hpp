// One client's connection: reads requests, runs each as a coroutine of its own, and sends the replies.
//
// Held by shared_ptr by whoever serves it and by its requests. One thread. `serve` ends when the connection does and
// all its requests have ended; what they held is then gone.
#pragma once

#include "tools/p9serve/fids.hpp"
#include "tools/p9serve/server.hpp"

#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <deque>

namespace p9::serve {

class Connection : public std::enable_shared_from_this<Connection> {
public:
    /// `only_user`: if it is not empty, every attach is as that user.
    Connection(ServerContext& context, std::unique_ptr<Transport> transport, std::string only_user);

    /// Serves until the client goes away or breaks the protocol; the reason.
    awaitable<Error> serve();
    /// Ends the connection; `serve` completes soon.
    void close() { transport_->close(); }
    /// True once a version was agreed on.
    bool greeted() const { return epoch_->msize != 0; }

private:
    /// Replies of this many bytes do not wait for others to go with them.
    static constexpr std::size_t SEND_AT_ONCE = 32 << 10;
    /// Above this many bytes no further request is looked at until the client has read some of its replies,
    static constexpr std::size_t MAX_QUEUED = 4 << 20;
    /// and above this many the client is given up.
    static constexpr std::size_t HOPELESS = 256 << 20;
    /// Writes that wait hold no more than this together; one more is refused.
    static constexpr std::size_t MAX_HELD = 64 << 20;
    /// What a reply may be large before an msize is agreed on.
    static constexpr u32 HANDSHAKE_MAX = 512;

    struct Running {
        Tag tag = NOTAG;
        std::shared_ptr<Epoch> epoch;
        boost::asio::cancellation_signal signal;
        std::vector<Tag> flushes;  // Tflushes of this request, in their order
        bool cancelled = false;
        std::size_t bytes = 0;  // that it holds to be written
        bool silent = false;    // its conversation is over: no answer
    };
    using RunningPtr = std::shared_ptr<Running>;

    // connection.cpp: requests
    std::optional<Error> accept(Frame frame);
    template <class T>
    std::optional<Error> start(Tag tag, Frame frame);
    template <class T>
    awaitable<void> run(std::shared_ptr<Connection> self, RunningPtr running, T request);
    void flush(Tag tag, Tag old);
    void cancel(const RunningPtr& running);
    void finish(Running& running);
    void version(Tag tag, const Tversion& request);
    awaitable<void> watch_handshake(std::shared_ptr<Connection> self);

    awaitable<void> clear(std::shared_ptr<Epoch> epoch);

    // connection_replies.cpp: replies
    template <class R>
    void answer(const Epoch& epoch, Tag tag, const R& reply) {
        ByteVector& out = small_buffer();
        const std::size_t before = out.size();
        if (encoded_size(reply, epoch.dialect) > std::max(epoch.msize, HANDSHAKE_MAX) ||
            !encode(out, tag, reply, epoch.dialect))
            refuse(epoch, tag, Error::from_errno(EMSGSIZE, "the answer is larger than a message may be"));
        else
            queued(out.size() - before, epoch.dialect);
    }
    template <class T, class R>
    void answer_result(const Running& running, Result<R>& result) {
        if (!result)
            refuse(*running.epoch, running.tag, result.error());
        else if constexpr (std::is_same_v<R, ReadReply>)
            queue(std::move(*result).finish(running.tag, T::Reply::type), running.epoch->dialect);
        else
            answer(*running.epoch, running.tag, *result);
    }
    void refuse(const Epoch& epoch, Tag tag, const Error& error);
    void queue(ByteVector message, Dialect dialect);
    void queued(std::size_t bytes, Dialect dialect);
    ByteVector& small_buffer();
    awaitable<void> drain();
    awaitable<void> drain_later(std::shared_ptr<Connection> self);

    // requests_*.cpp: what several requests share
    awaitable<Result<Ropen>> open(Epoch& epoch, FidState& fid, OpenFlags flags);
    awaitable<Result<FilePtr>> make_special(Epoch& epoch, File& directory, const Tcreate& t);
    awaitable<Result<Attributes>> attributes(FilePtr file);
    awaitable<Result<Stat>> stat(FilePtr file, std::string name, Dialect dialect);
    awaitable<Result<void>> read_stats(Epoch& epoch, FidState& fid, u64 offset, ReadReply& reply);
    awaitable<Result<void>> move(Epoch& epoch, LocationPtr from, std::string name, LocationPtr to,
                                 std::string new_name);
    awaitable<Result<void>> remove(const Location& place);
    awaitable<Result<void>> finish_xattr(FilePtr file, const XattrTransfer& xattr);

    // requests_*.cpp: one for each request
    awaitable<Result<Rauth>> on(Epoch& epoch, const Tauth& t);
    awaitable<Result<Rattach>> on(Epoch& epoch, const Tattach& t);
    awaitable<Result<Rwalk>> on(Epoch& epoch, const Twalk& t);
    awaitable<Result<Ropen>> on(Epoch& epoch, const Topen& t);
    awaitable<Result<Rcreate>> on(Epoch& epoch, const Tcreate& t);
    awaitable<Result<ReadReply>> on(Epoch& epoch, const Tread& t);
    awaitable<Result<Rwrite>> on(Epoch& epoch, const Twrite& t);
    awaitable<Result<Rclunk>> on(Epoch& epoch, const Tclunk& t);
    awaitable<Result<Rremove>> on(Epoch& epoch, const Tremove& t);
    awaitable<Result<Rstat>> on(Epoch& epoch, const Tstat& t);
    awaitable<Result<Rwstat>> on(Epoch& epoch, const Twstat& t);
    awaitable<Result<Rstatfs>> on(Epoch& epoch, const Tstatfs& t);
    awaitable<Result<Rlopen>> on(Epoch& epoch, const Tlopen& t);
    awaitable<Result<Rlcreate>> on(Epoch& epoch, const Tlcreate& t);
    awaitable<Result<Rsymlink>> on(Epoch& epoch, const Tsymlink& t);
    awaitable<Result<Rmknod>> on(Epoch& epoch, const Tmknod& t);
    awaitable<Result<Rrename>> on(Epoch& epoch, const Trename& t);
    awaitable<Result<Rreadlink>> on(Epoch& epoch, const Treadlink& t);
    awaitable<Result<Rgetattr>> on(Epoch& epoch, const Tgetattr& t);
    awaitable<Result<Rsetattr>> on(Epoch& epoch, const Tsetattr& t);
    awaitable<Result<Rxattrwalk>> on(Epoch& epoch, const Txattrwalk& t);
    awaitable<Result<Rxattrcreate>> on(Epoch& epoch, const Txattrcreate& t);
    awaitable<Result<ReadReply>> on(Epoch& epoch, const Treaddir& t);
    awaitable<Result<Rfsync>> on(Epoch& epoch, const Tfsync& t);
    awaitable<Result<Rlock>> on(Epoch& epoch, const Tlock& t);
    awaitable<Result<Rgetlock>> on(Epoch& epoch, const Tgetlock& t);
    awaitable<Result<Rlink>> on(Epoch& epoch, const Tlink& t);
    awaitable<Result<Rmkdir>> on(Epoch& epoch, const Tmkdir& t);
    awaitable<Result<Rrenameat>> on(Epoch& epoch, const Trenameat& t);
    awaitable<Result<Runlinkat>> on(Epoch& epoch, const Tunlinkat& t);

    ServerContext& context_;
    const ServerOptions& options_;
    std::unique_ptr<Transport> transport_;
    std::string only_user_;
    std::shared_ptr<Epoch> epoch_;
    std::unordered_map<Tag, RunningPtr> running_;   // requests of this epoch without an answer
    std::unordered_map<Tag, RunningPtr> flushing_;  // Tflushes without an answer, and what they wait for
    std::size_t held_bytes_ = 0;                    // of writes that have not ended
    std::size_t alive_ = 0;                         // request coroutines, silent ones included
    std::deque<ByteVector> queue_;                  // replies to be sent
    std::size_t queued_bytes_ = 0;
    ByteVector spare_;  // memory for the next large reply
    bool sending_ = false;
    bool reading_ = false;             // the read loop will drain the queue
    boost::asio::steady_timer event_;  // never expires; cancelled when the queue or `alive_` shrinks
    boost::asio::steady_timer handshake_;
    bool done_ = false;            // the read loop has ended
    std::optional<Error> broken_;  // why a reply could not be sent
};

}  // namespace p9::serve
