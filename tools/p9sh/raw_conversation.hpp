// A connection of its own for messages made by hand.
//
// It is another one than the session's, because a wrong message would take that along. It stays open from one `raw` to
// the next, so that fids persist, until the server or `raw -c` ends it. A loop reads what comes, whether it is waited
// for or not. One thread.
#pragma once

#include "p9/transport.hpp"
#include "tools/p9sh/raw_framing.hpp"
#include "tools/p9sh/traffic.hpp"

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

namespace p9::tools {

class RawConversation {
public:
    /// Sees every message.
    using Observer = std::function<void(Direction direction, Bytes frame, Dialect dialect)>;

    /// Takes over `transport`, on which `dialect` was agreed, or nothing yet.
    RawConversation(std::unique_ptr<Transport> transport, Dialect dialect, Observer observer);
    ~RawConversation();
    RawConversation(const RawConversation&) = delete;
    RawConversation& operator=(const RawConversation&) = delete;

    Dialect dialect() const;
    std::string peer() const;
    const Traffic& traffic() const;
    /// Where the server stands in what was sent.
    const RawFraming& framing() const;
    /// The beginning, header included, of an answer whose rest has not come; empty if there is none.
    Bytes beginning() const;
    /// Why it is over; nothing while it is not.
    const std::optional<Error>& ended() const;

    /// Sends bytes as they are.
    awaitable<Result<void>> send(Bytes frame);
    /// Waits until an answer with this tag has come, the connection has ended, or for `limit`; true in the first case.
    awaitable<bool> wait_for(Tag tag, Duration limit);
    /// What has come since the last call, in order.
    std::deque<std::vector<u8>> take_received();

private:
    struct State;
    static awaitable<Result<std::vector<u8>>> receive(std::shared_ptr<State> state);
    static awaitable<void> read_all(std::shared_ptr<State> state);
    std::shared_ptr<State> state_;
};

}  // namespace p9::tools
