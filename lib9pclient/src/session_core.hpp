// The heart of a session: tags, fids and the outbox, bound to a transport by two loops.
//
// The loops and every call hold the core by shared_ptr; when the session ends (`end`) the loops let go of it. All
// on one thread. Replies are handled inside the read loop: whoever waits for one is resumed there and then, and the
// requests that it makes go out together when nothing more is staged to be read.
#pragma once

#include "p9/session.hpp"
#include "p9/wire.hpp"

#include "fid_pool.hpp"
#include "tag_table.hpp"

#include <boost/asio/steady_timer.hpp>

#include <deque>

namespace p9 {

struct SessionCore : std::enable_shared_from_this<SessionCore> {
    using Handler = boost::asio::any_completion_handler<void()>;

    SessionCore(std::unique_ptr<Transport> t, SessionOptions o);

    // Set by the version exchange, before the loops start.
    std::unique_ptr<Transport> transport;
    SessionOptions options;
    Dialect dialect = Dialect::base;
    u32 msize = 0;
    Duration round_trip{};

    std::optional<Error> ended;
    TagTable<PendingCall> tags;
    FidPool fids;
    std::unique_ptr<DialectOperations> operations;

    /// Starts both loops.
    void start();
    /// Ends the session: nothing is sent any more, everything that waits fails with `reason`.
    void end(Error reason);

    /// What waits to be sent. Whoever appends calls `outbox_grew`.
    ByteVector outbox;
    /// Sees to it that the outbox is written soon. `size` bytes at its end are the new message.
    void outbox_grew(std::size_t size);
    /// Has the outbox written now, and not at the end of this turn.
    void send_now() {
        if (has_to_send()) wake_writer();
    }
    /// True if send_at_once can spare a message the way through the outbox.
    bool may_send_at_once() const { return writer_ != nullptr && !has_to_send() && !options.tracer; }
    /// Sends a message, which is `head` and then `data`, from where it is; what the transport does not take at once is
    /// copied.
    void send_at_once(ByteVector head, Bytes data, bool lent);
    /// Takes the request of `tag` out of the outbox again; false if it has left.
    bool recall(Tag tag);

    /// True for requests that are neither dropped nor flushed: they end a fid, and it has to end.
    bool must_finish(Tag tag) const;
    /// Sends Tflush for `tag`, unless that is pointless or forbidden (Tclunk, Tremove).
    void flush(Tag tag);
    /// Nobody waits for the request of `tag` any more, which works on `fid`: that is not clunked before the server is
    /// done with the request. A server with several threads may otherwise end the fid under it (diod 1.0.24 crashes).
    void gave_up(Tag tag, Fid fid);
    void clunk(Fid fid);

    /// Completes when everything has been sent and the answers that nobody waits for have come, or the session has
    /// ended.
    awaitable<void> wait_until_quiet();

    boost::asio::steady_timer end_event;  // cancelled when `ended` is set

private:
    awaitable<void> read_loop();
    awaitable<void> write_loop();
    bool has_to_send() const { return !outbox.empty() || !sending_.empty(); }
    void wake_writer();
    void wake_writer_soon();
    void handle(Frame frame);
    void on_answer_without_owner(const TagTable<PendingCall>::Answer& answer, u8 type);
    void violation(std::string words);
    bool is_at_work(Fid fid) const;
    void release_clunks();
    awaitable<void> watch_flushes();
    awaitable<void> watch_conversation();
    void probe();
    void on_probe_answer(bool refused);

    std::unique_ptr<Handler> writer_;  // where the write loop waits for work; null while it writes
    ByteVector sending_;               // what the write loop is sending, or sends next: must not move while it does
    std::vector<Fid> clunks_;          // to be clunked when there is a tag again
    struct GivenUp {
        Tag tag;
        Fid fid;
    };
    std::vector<GivenUp> given_up_;          // requests without owner that the server may still be at work on
    std::vector<Fid> held_clunks_;           // fids that wait for one of these
    boost::asio::steady_timer quiet_event_;  // cancelled whenever wait_until_quiet should look again
    bool wants_quiet_ = false;               // whether anybody is there to look
    bool handling_ = false;                  // inside handle(): the read loop will wake the writer itself
    bool wake_posted_ = false;

    struct FlushDeadline {
        Clock::time_point at;
        Tag flusher;
        Tag old;
    };
    std::deque<FlushDeadline> flush_deadlines_;  // in order: all have the same grace
    boost::asio::steady_timer flush_timer_;
    bool watching_flushes_ = false;

    // On a transport with leftovers: whether the other end still knows this conversation.
    boost::asio::steady_timer probe_timer_;
    u64 messages_received_ = 0;
    std::size_t probes_open_ = 0;
    bool probes_work_ = false;  // the server has answered one, at the beginning
    bool in_doubt_ = false;     // an answer came that would also come from a server that knows nothing
};

/// Turns an Rerror or Rlerror into an Error; nothing if it is malformed.
std::optional<Error> decode_error(Bytes frame, Dialect dialect);

}  // namespace p9
