// p9fuse's command line: ADDR MOUNTPOINT [-o OPTIONS] [-f] [-d], in the shape that mount(8) and fstab(5) use too.
//
// Plain values; parsing touches neither the network nor the mountpoint.
#pragma once

#include "fuse/filesystem.hpp"

#include "p9/transports/dial.hpp"

namespace p9::fuse {

/// How long a mount may take to tell its status: it asks nobody.
inline constexpr std::chrono::seconds STATUS_PATIENCE{5};

struct Options {
    Address address;
    std::string mountpoint;
    std::string aname;
    std::string uname;
    u32 n_uname = NONUNAME;
    u32 msize = DEFAULT_MSIZE;
    std::vector<Dialect> dialects{Dialect::linux_, Dialect::unix_, Dialect::base};
    Duration connect_timeout = std::chrono::seconds(10);    ///< connecting, version and attach together
    Duration reconnect_timeout = std::chrono::seconds(30);  ///< how long callers wait for a lost server
    std::optional<Duration> port_timeout;                   ///< how long a port that does not answer is tried again
    bool suid = false;                                      ///< set-user-ID bits mean something in the mount
    bool dev = false;                                       ///< device files mean something in the mount
    TlsOptions tls;
    std::optional<std::string> trace;                                          ///< a file; "-" is standard error
    std::optional<std::string> capture;                                        ///< a file; "-" is standard output
    std::optional<double> attribute_timeout, entry_timeout, negative_timeout;  ///< seconds, where they were given
    Behaviour behaviour;
    bool foreground = false;
    bool debug = false;
    std::vector<std::string> fuse_options;  ///< for libfuse and the kernel, each as after -o

    std::optional<std::string> status;  ///< the mount to be asked, instead of making one
    bool json = false;
    Duration patience = STATUS_PATIENCE;  ///< with the mount that is asked

    bool help = false;
    bool version = false;
};

/// The options that `arguments` (without the program's name) spell; the error is one line for the person who
/// typed them.
Result<Options> parse_options(const std::vector<std::string>& arguments);

/// What --help prints.
std::string_view help_text();

}  // namespace p9::fuse
