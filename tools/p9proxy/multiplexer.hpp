// Many clients on one 9P connection: each has fids and tags of its own, which become other numbers at the server's.
//
// Sans-IO: messages go in by `request` and `reply` and come out by the sinks. Requests are passed on as they came,
// with tag, fids and the count of reads replaced in place; replies with their tag replaced. One thread. Members and
// sinks outlive their use; a member leaves before it goes.
#pragma once

#include "tools/p9proxy/fid_map.hpp"
#include "tools/p9proxy/patch.hpp"
#include "tools/p9proxy/tag_map.hpp"

#include "lib9pclient/src/fid_pool.hpp"
#include "p9/error.hpp"
#include "p9/trace.hpp"

#include <deque>
#include <functional>
#include <unordered_map>

namespace p9::proxy {

/// One client.
struct Member {
    Member() = default;
    Member(const Member&) = delete;
    Member& operator=(const Member&) = delete;
    virtual ~Member() = default;
    /// Takes a message for the client. The result are its bytes, valid until the next call.
    virtual std::span<u8> put(Frame reply) = 0;

    Dialect dialect = Dialect::base;
    u32 msize = 0;  ///< 0 before it has agreed on a version
    FidMap fids;
    std::unordered_map<Tag, Tag> requests;  ///< in flight: its tag, and the server's
};

/// What one member may hold.
struct MemberLimits {
    std::size_t fids = 200'000;
    std::size_t requests = 32 << 10;
};

class Multiplexer {
public:
    /// Takes a message for the server, as Member::put does for the client.
    using Sink = std::function<std::span<u8>(Frame)>;
    /// Sees every message in the client's numbers; without a member, the proxy's own in the server's.
    using Seen = std::function<void(const Member*, Direction, Bytes)>;

    /// For a connection on which `dialect` and `msize` were agreed on.
    Multiplexer(Dialect dialect, u32 msize, MemberLimits limits, Sink to_server, Seen seen = {});

    /// A message of a member's. An error is a breach of the protocol, after which it has to leave.
    std::optional<Error> request(Member& member, Frame frame);
    /// A message of the server's. An error is a breach of the protocol: the connection is of no use any more.
    std::optional<Error> reply(Frame frame);
    /// Flushes the member's requests and clunks its fids, those that are being made now included.
    void leave(Member& member);
    /// Asks the server something that does no harm: a session that lives answers it.
    void probe();
    bool probing() const { return probing_; }

    Dialect dialect() const { return dialect_; }
    u32 msize() const { return msize_; }
    /// Requests without an answer, tags that wait for one included.
    std::size_t in_flight() const { return tags_.taken(); }
    /// Numbers of fids that the server may know.
    std::size_t fids_in_use() const { return fids_.in_use(); }

private:
    std::optional<Error> version(Member& member, Bytes frame);
    void flush(Member& member, Frame frame);
    std::optional<Error> refusal(Member& member, Bytes frame, FidFields& fields) const;
    void pass(Member& member, Frame frame, const FidFields& fields);
    void send(const Request& request, Frame frame, const FidFields& fields, u32 most);
    void refuse(Member& member, Tag tag, const Error& error);
    void answer(Member& member, Bytes frame);

    std::optional<Error> check(const Request* request, const Header& header) const;
    void on_answer(const Request& request, Bytes frame, bool error);
    void on_flush_answer(const Request& flush, bool error);
    void deliver(Member& member, Tag tag, Frame frame);
    void clean_up();
    template <class T>
    bool send_own(Request request, const T& message);

    struct Leftover {
        Fid fid;
        bool reusable;  // the number
    };

    const Dialect dialect_;
    const u32 msize_;
    const MemberLimits limits_;
    Sink to_server_;
    Seen seen_;
    TagMap tags_;
    FidPool fids_;                   // the server's numbers
    std::deque<Tag> unwanted_;       // requests to be flushed when there is a tag for it
    std::deque<Leftover> leftover_;  // fids to be clunked likewise
    std::size_t own_ = 0;            // the proxy's own requests in flight
    bool probing_ = false;
};

}  // namespace p9::proxy
