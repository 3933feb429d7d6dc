// Where a mount's few remarks go: standard error in the foreground, syslog once it is a daemon.
#pragma once

#include <string>
#include <string_view>

namespace p9::fuse {

class Log {
public:
    /// One line, which says what happened and what to do.
    void note(std::string_view text) const;
    /// From now on to syslog, under p9fuse's name.
    void use_syslog();

private:
    bool syslog_ = false;
};

}  // namespace p9::fuse
