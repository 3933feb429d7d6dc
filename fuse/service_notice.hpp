// What a service manager is told (sd_notify(3)): one datagram a message, without its library. One thread.
#pragma once

#include <string>
#include <string_view>

namespace p9::fuse {

class ServiceNotice {
public:
    /// Takes $NOTIFY_SOCKET out of the environment, so that no program that this one starts speaks for it.
    ServiceNotice();
    /// Sends "READY=1", "STATUS=..." and the like, a line each; nothing without a service manager.
    void send(std::string_view lines) const;

private:
    std::string socket_;  // a path, "@name" in the abstract namespace, or empty
};

}  // namespace p9::fuse
