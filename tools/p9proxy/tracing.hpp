// What people see of what passes: a line for each message and for what happens to the connections.
//
// A value without state of its own; the sinks are the caller's. One thread.
#pragma once

#include "p9/trace.hpp"

#include <functional>
#include <string>

namespace p9::proxy {

/// A client: its number in the order of connecting, and where it comes from. 0 is the proxy itself.
struct Speaker {
    unsigned long number = 0;
    std::string peer;
};

/// `client 3 (tcp!127.0.0.1!4711)`.
std::string to_string(const Speaker& speaker);

/// Where the lines go; either may be empty.
struct Tracing {
    /// The trace: `3 tcp!127.0.0.1!4711 -> Twalk tag=...`, a message of the client's, `<-` one of the server's, and
    /// `3 tcp!127.0.0.1!4711 -- connected`.
    std::function<void(const std::string&)> line;
    /// What an operator has to know: something was lost, refused or broken.
    std::function<void(const std::string&)> log;
    /// Whether `log` hears of what goes well too.
    bool log_everything = false;

    /// `sent` is from the client to the server.
    void message(const Speaker& speaker, Direction direction, Bytes frame, Dialect dialect) const;
    /// Something that is as it should be.
    void event(const Speaker& speaker, const std::string& words) const;
    /// Something that is not.
    void problem(const Speaker& speaker, const std::string& words) const;
};

/// What is wrong with a message that cannot be decoded, and its bytes in hex; empty if nothing is.
std::string what_is_broken(Bytes frame, Dialect dialect);

}  // namespace p9::proxy
