// A transport carries whole 9P messages between two ends and knows nothing of what they mean.
//
// A Transport belongs to one io_context and is used from its thread only. At most one `send` and one
// `receive` may be under way at a time. Implementations live in transports/; tests bring their own.
#pragma once

#include "p9/error.hpp"
#include "p9/frame.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <functional>
#include <memory>
#include <string>

namespace p9 {

template <class T>
using awaitable = boost::asio::awaitable<T>;

/// A transport that is a plain stream of bytes, for who lets the kernel carry large messages from one to another
/// (splice(2)).
class ByteStream {
public:
    virtual ~ByteStream() = default;
    /// To be read, or written, by the caller without blocking; -1 once it is closed.
    virtual int descriptor(bool readable) = 0;
    /// Completes when that descriptor can be read, or written, or fails.
    virtual awaitable<boost::system::error_code> wait(bool readable) = 0;
    /// If `above` is not 0, `receive` gives a message of which more than `above` bytes have not come yet as far as it
    /// has come, its header at least. The caller then takes `rest` bytes from `descriptor` before he receives again.
    virtual void begin_only(std::size_t above) = 0;
    /// Bytes of the last message that its caller has still to take.
    virtual std::size_t rest() const = 0;
    /// Says that so many of them were taken.
    virtual void took(std::size_t bytes) = 0;
};

/// One connection, as messages.
class Transport {
public:
    virtual ~Transport() = default;

    virtual boost::asio::any_io_executor executor() = 0;

    /// Sends one or more whole messages that stand end to end in `messages`, which must stay alive until
    /// the call completes. Fails with errc::connection_lost.
    virtual awaitable<Result<void>> send(Bytes messages) = 0;

    /// Sends as much of one message, which is `head` and then `data`, as goes without waiting, from memory that need
    /// not outlive the call; how many bytes were taken. The caller sends the rest before anything else. Only while no
    /// `send` is under way. 0 is always right, and what a broken connection gives: `send` tells why. `lent`: `data` may
    /// be used beyond the call, as Payload's `lent` says.
    virtual std::size_t offer(Bytes head, Bytes data, bool lent) {
        (void)head, (void)data, (void)lent;
        return 0;
    }

    /// The next message. Its bytes may be borrowed until the next call. Fails with errc::connection_lost at
    /// the end of the connection and errc::protocol_violation for a size below 7 or above `max_message`.
    virtual awaitable<Result<Frame>> receive() = 0;

    /// True if `receive` would complete at once. Only a hint for batching; false is always right.
    virtual bool ready() const { return false; }

    /// Bounds the size in bytes of what `receive` accepts from now on: the agreed msize.
    virtual void max_message(u32 bytes) = 0;

    /// True if bytes of an earlier conversation may come before the answer to the first message, or that message may be
    /// lost: a virtio-serial port. The version exchange then skips what is no answer to it, and tries again.
    virtual bool leftovers() const { return false; }

    /// The stream beneath, if there is nothing but a stream beneath.
    virtual ByteStream* stream() { return nullptr; }

    /// Ends the connection; what is under way completes with errc::connection_lost. May be called twice.
    virtual void close() = 0;

    /// Whom this is connected to, as a canonical address.
    virtual std::string peer() const = 0;
};

/// Makes a new connection to the same server each time it is called.
using Dialler = std::function<awaitable<Result<std::unique_ptr<Transport>>>()>;

}  // namespace p9
