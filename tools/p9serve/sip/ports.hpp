// I/O ports as /dev/io reaches them.
//
// Every port of the simulation is a scratch register of a byte, 0 at first; wider accesses go to the ports that follow,
// little-endian, as on a PC. One thread.
#pragma once

#include "p9/error.hpp"

#include <string>
#include <vector>

namespace p9::serve::sip {

class Ports {
public:
    static constexpr u64 COUNT = 0x10000;

    Ports() : bytes_(COUNT) {}

    /// Carries out `outb PORT VALUE`, `inb PORT` (b, w or l). What was read, as in "0x41\n"; nothing for an out.
    /// EINVAL or ERANGE say what was expected.
    Result<std::string> command(std::string_view text);

private:
    std::vector<u8> bytes_;
};

}  // namespace p9::serve::sip
