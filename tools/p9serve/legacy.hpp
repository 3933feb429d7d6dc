// 9P2000 and 9P2000.u, seen from the server: open modes, permissions, and stat records.
//
// Free functions; the engine's trees know Linux's numbers only.
#pragma once

#include "tools/p9serve/accounts.hpp"
#include "tools/p9serve/filesystem.hpp"

#include <utility>
#include <vector>

namespace p9::serve {

/// A hard link in Tcreate's perm (9P2000.u).
inline constexpr u32 DMLINK = 0x01000000;
/// What Tcreate's perm makes beside files and directories in 9P2000.u.
inline constexpr u32 SPECIAL = DMSYMLINK | DMLINK | DMDEVICE | DMNAMEDPIPE | DMSOCKET;

/// The open flags for the mode of a Topen or Tcreate (open(5)).
OpenFlags flags_of_mode(u8 mode);
/// The permission bits of a Stat's mode or a Tcreate's perm.
u32 permissions_of(u32 perm, Dialect dialect);
/// A stat record (stat(5)). `name` is "/" for a root.
Stat stat_of(const Attributes& attributes, const std::string& name, Dialect dialect, Accounts& accounts);
/// Adds a record to the reply of a Tread. False if it does not fit.
bool append_stat(ReadReply& reply, const Stat& stat, Dialect dialect);

/// Collects the entries of a directory, about as many as fit a reply as stat records.
class EntryList final : public Entries {
public:
    explicit EntryList(u32 room) : room_(room) {}
    bool add(const Entry& entry) override;
    std::vector<std::pair<std::string, u64>> names;  // and where to go on after each

private:
    std::size_t room_;
    std::size_t used_ = 0;
};

}  // namespace p9::serve
