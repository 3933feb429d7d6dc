// Sends memory itself where send(2) would send a copy: its pages go through a pipe into the socket (vmsplice(2),
// splice(2)), and only the other end's receive copies them.
//
// One for each connection; used from its thread only.
#pragma once

#include "p9/types.hpp"

#include <sys/types.h>

#include <array>
#include <utility>

namespace p9::transports {

class Lender {
public:
    /// For less a copy is faster.
    static constexpr std::size_t WORTHWHILE = 64 << 10;

    Lender() = default;
    Lender(Lender&& other) noexcept : pipe_(std::exchange(other.pipe_, {-1, -1})), too_small_(other.too_small_) {}
    ~Lender() { close(); }
    Lender& operator=(Lender&&) = delete;

    /// Sends a copy of `head`, which is shorter than a page, and then the pages of `data` without waiting: how many
    /// bytes were taken, or -1 and errno. `socket` is a Unix stream socket that does not block. Raises SIGPIPE as
    /// write(2) does.
    ssize_t send(int socket, Bytes head, Bytes data);
    /// Gives back what it holds; `send` takes it anew.
    void close();

private:
    bool open_pipe();

    std::array<int, 2> pipe_{-1, -1};  // empty between two calls
    bool too_small_ = false;           // the pipe that this user may have
};

}  // namespace p9::transports
