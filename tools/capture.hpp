// What --capture writes: every message of every connection, as a pcapng file that Wireshark and tshark decode.
//
// A Capture is shared by the transports that it watches, and used from their thread. A transport is watched rather than
// a session traced, because the file tells what really went over a connection: when it began and ended, and no request
// that was taken back before it left. Each message is written at once, so that a program that is killed leaves a
// readable file. A capture that cannot be written any more says so once and ends; the work that it watches goes on.
#pragma once

#include "p9/transports/listen.hpp"
#include "tools/pcapng.hpp"

#include <functional>
#include <memory>
#include <string>

namespace p9::tools {

class Capture : public std::enable_shared_from_this<Capture> {
public:
    /// Who of a watched connection is on this side.
    using End = CapturedConnection::End;

    /// Begins a capture in the file `where`, made anew, or on standard output if it is "-", which must not be a
    /// terminal. `program` is its name; `say` hears why a capture ended early. The error names `where`.
    static Result<std::shared_ptr<Capture>> open(const std::string& where, const std::string& program,
                                                 std::function<void(const std::string&)> say);
    ~Capture();
    Capture(const Capture&) = delete;
    Capture& operator=(const Capture&) = delete;

    /// Whether it goes to standard output.
    bool to_output() const { return to_output_; }
    /// A transport that does what `transport` does and is captured. `here`: whether this side dialled (client).
    std::unique_ptr<Transport> watch(std::unique_ptr<Transport> transport, End here);
    /// The same for all that a dialler makes, and for all clients of a listener.
    Dialler watch(Dialler dialler);
    std::unique_ptr<Listener> watch(std::unique_ptr<Listener> listener);

private:
    class WatchedTransport;
    class WatchedListener;

    Capture(int fd, const std::string& where, std::function<void(const std::string&)> say);
    void write();

    int fd_;
    bool to_output_;
    std::string where_;
    std::function<void(const std::string&)> say_;
    ByteVector buffer_;  // what is written next; empty between calls
    u32 connections_ = 0;
};

}  // namespace p9::tools
