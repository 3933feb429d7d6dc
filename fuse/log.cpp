#include "fuse/log.hpp"

#include "tools/messages.hpp"

#include <syslog.h>

namespace p9::fuse {

void Log::use_syslog() {
    ::openlog("p9fuse", LOG_PID, LOG_DAEMON);
    syslog_ = true;
}

void Log::note(std::string_view text) const {
    if (syslog_)
        ::syslog(LOG_WARNING, "%s", tools::one_line(text).c_str());
    else
        tools::complain("p9fuse", text);
}

}  // namespace p9::fuse
