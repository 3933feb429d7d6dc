// What a conversation is about: which fids the server knows and what they stand for, and which requests it has not
// answered.
//
// It is told of every message, as a Tracer is, and understands what the requests and replies together mean (walk(5),
// open(5), clunk(5)). It works for the session and for messages that were made by hand, whatever these say. One thread.
#pragma once

#include "p9/task.hpp"
#include "p9/trace.hpp"
#include "p9/wire.hpp"

#include <map>
#include <string>
#include <vector>

namespace p9::tools {

class Traffic {
public:
    /// A fid that the server knows.
    struct Known {
        std::string path;  ///< from the root of its tree, as it was walked
        std::string open;  ///< how it was opened; empty if it was not
        Qid qid;
    };
    /// A request without an answer.
    struct Pending {
        std::string request;  ///< decoded
        Clock::time_point sent;
    };

    /// Takes note of a message.
    void saw(Direction direction, Bytes frame, Dialect dialect);
    /// The connection is another one: nothing is known any more.
    void clear();

    const std::map<u32, Known>& fids() const { return fids_; }
    const std::map<u16, Pending>& pending() const { return pending_; }
    /// A tag that no request has, for one made by hand.
    Tag free_tag() const;

private:
    /// A request whose answer will change what is known.
    using Frame = std::vector<u8>;
    void sent(const Header& header, Bytes frame, Dialect dialect);
    void answered(const Header& header, Bytes frame, Dialect dialect);
    template <class T>
    void settle(const T& request, const typename T::Reply& reply);
    template <class... Ts>
    void settle_any(List<Ts...>, Bytes request, Bytes reply, Dialect dialect);

    std::map<u32, Known> fids_;
    std::map<u16, Pending> pending_;
    std::map<u16, Frame> requests_;  // those of pending_ that concern fids
};

}  // namespace p9::tools
