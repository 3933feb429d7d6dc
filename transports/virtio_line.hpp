// One byte stream on which clients come and go unseen, and the conversations on it, one after another.
//
// A port's other end may close and open again without a sign of it: half a message of the old client then runs into the
// first message of the new one. So nothing is believed between conversations but a Tversion, and within one these end
// it: the end of the stream, a size that cannot be, a Tversion where a message may begin, and a Tversion that
// interrupts a message. The Tversion begins the next conversation.
//
// A Line is shared by its listener and the one conversation that has it; both use it from one thread.
#pragma once

#include "p9/wire.hpp"
#include "transports/framer.hpp"
#include "transports/virtio.hpp"

#include <boost/asio/steady_timer.hpp>

namespace p9::transports {

/// The largest Tversion that is recognised: the version's name may have 32 bytes.
inline constexpr std::size_t MOST_VERSION = 13 + 32;

/// What begins at `bytes`: a whole Tversion, what could become one with more bytes, or neither.
enum class Beginning : u8 { version, perhaps, other };
Beginning beginning_of(Bytes bytes);

/// The stream and what is known between conversations.
struct Line {
    /// `comes_back`: reading nothing means that the other end is away (a guest's port), not that the stream is over.
    Line(OpenPort input, std::optional<PortDescriptor> output, bool comes_back, std::string title);
    ~Line();

    OpenPort in;
    std::optional<PortDescriptor> out;  ///< absent if `in` takes writes too
    const bool returns;
    const std::string name;
    PortDescriptor watch;  ///< of wait_for_host
    ByteVector carry;      ///< bytes that came and belong to no conversation yet
    ByteVector tail;       ///< the rest of a message that was sent in part: the next thing to be sent
    bool taken = false;
    boost::asio::steady_timer freed;  ///< never expires; cancelled when `taken` becomes false

    PortDescriptor& writer() { return out ? *out : in.descriptor; }
    /// One non-blocking read; errno on -1.
    ssize_t read_now(const Framer::Space& space);
    /// Writes what can be written without waiting; errno on -1.
    ssize_t write_now(Bytes bytes);
    /// The other end is gone, and what was meant for it with it.
    void forget();

private:
    bool sends_ = false;  // by send(2): a socket must not raise SIGPIPE
};

/// A line that is silent for so long after half a message, or after what is no Tversion, will say no more of it.
inline constexpr std::chrono::milliseconds STALLED{100};

/// Completes when something can be read, or fails with errc::cancelled.
awaitable<Result<bool>> readable(std::shared_ptr<Line> line);

/// Completes with true when a Tversion stands first in `line.carry`; what came before it is dropped. If nothing
/// follows, requests among it are refused (EPROTO): their client goes on with a conversation of which this side knows
/// nothing, because it was restarted, and must not wait for ever. False at the end of the stream. Fails with
/// errc::connection_lost if the line broke, with errc::cancelled if `line.in` was cancelled.
awaitable<Result<bool>> await_version(std::shared_ptr<Line> line);

/// The conversation that begins with the Tversion in `line->carry`. Takes the line until it is closed.
std::unique_ptr<Transport> conversation_on(std::shared_ptr<Line> line);

/// Accepts one conversation after another on `line`.
std::unique_ptr<Listener> listener_on(Address address, std::shared_ptr<Line> line);

}  // namespace p9::transports
