// Where the SIP tree of a server is.
//
// The tree's root is /dev/sip, /sip or /, the first that has a file `clone`, unless it was named. The files mem, io,
// dma and irq are in /dev, else beside the root, else in it; beside or in it if it was named. The likeliest path is
// tried first, in one walk; the others only when nothing is there. What was found is remembered.
#pragma once

#include "p9/client.hpp"

#include <optional>
#include <string>

namespace p9::tools {

/// Whereto a path is relative.
enum class Base : u8 {
    sip,     ///< the root of the SIP tree
    device,  ///< where mem, io, dma and irq are
    tree,    ///< the attached tree
};

struct Where {
    Base base;
    std::string path;
    bool operator==(const Where&) const = default;
};

/// The file `name` of a server.
Where server_file(const std::string& server, std::string_view name);

class SipTree {
public:
    /// `client` must outlive this. An empty `root` is to be found.
    SipTree(const Client& client, const std::string& root);

    /// Walks to a file. Where it is missing the error says what is missing.
    awaitable<Result<Node>> walk(const Where& where);

private:
    awaitable<Result<Node>> walk_sip(std::string path);
    awaitable<Result<Node>> walk_device(std::string path);
    awaitable<Result<void>> find_root();
    awaitable<Error> explain(std::string path, Error error);

    const Client& client_;
    std::string root_;  // without a slash at its end: empty is the attached root
    bool named_;
    bool known_;
    std::optional<std::string> devices_;  // the folder that had one of them
};

}  // namespace p9::tools
