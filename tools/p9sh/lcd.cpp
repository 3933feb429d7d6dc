// lcd, lpwd: where one is on this machine.
#include "tools/p9sh/command.hpp"

#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdlib>

namespace p9::tools {

awaitable<void> run_lcd(Call& call) {
    const char* home = std::getenv("HOME");
    const std::string to = call.arguments.operands.empty() ? (home == nullptr ? "/" : home) : call.arguments.text(0);
    if (::chdir(to.c_str()) != 0) call.messages().report(to, Error::from_errno(errno));
    co_return;
}

awaitable<void> run_lpwd(Call& call) {
    char path[PATH_MAX];
    if (::getcwd(path, sizeof path) == nullptr)
        call.messages().report("", Error::from_errno(errno));
    else
        call.out().put(call.shown(path) + "\n");
    co_return;
}

}  // namespace p9::tools
