// What may be written to a server's ctl.
#pragma once

#include "tools/p9serve/sip/world.hpp"

namespace p9::serve::sip {

/// Carries out one command, or takes the name of a type if the slot has none yet. A bad command is an error that says
/// what is allowed, and changes nothing. Waits for the end of a process that the command stops.
awaitable<Result<void>> run_command(VisitorPtr visitor, ServerPtr server, std::string text);

/// What may be written to /dev/irq/ctl: `register N SERVER`, `unregister N`, `trigger N`. A server may do so for
/// itself.
Result<void> run_interrupt_command(Visitor& visitor, std::string_view text);

}  // namespace p9::serve::sip
