// The slots: which servers there are, under which names, and which types they may have.
//
// No 9P and no waiting. Slots are numbered from 0 and no number is used twice, so that a stale one cannot reach another
// server. One thread.
#pragma once

#include "tools/p9serve/sip/server.hpp"

#include <map>
#include <unordered_map>

namespace p9::serve::sip {

class Registry {
public:
    /// More slots than this at a time are refused: a script that runs away is told so.
    static constexpr std::size_t MAX_SERVERS = 4096;

    Registry(boost::asio::any_io_executor executor, std::vector<ServerType> types);

    /// A new slot, without a type; ENOSPC if there are too many.
    Result<ServerPtr> allocate();
    /// The server of that name or number; null if there is none.
    ServerPtr find(std::string_view name) const;
    /// The same with words (ENOENT) for a person.
    Result<ServerPtr> get(std::string_view name) const;
    /// The server with the smallest number from `number` on; null if there is none. For listings.
    ServerPtr from(u64 number) const;
    /// Takes the server out: its name is free, and nothing finds it any more.
    void erase(Server& server);

    /// Gives a server a name: EINVAL for what may be none, EEXIST for another server's, EBUSY while it is running,
    /// since its process goes by the old one.
    Result<void> rename(Server& server, std::string_view name);
    /// Gives a slot its type; EINVAL with the types that there are.
    Result<void> set_type(Server& server, std::string_view name) const;
    /// One type a line.
    std::string types_text() const;

private:
    boost::asio::any_io_executor executor_;
    std::vector<std::shared_ptr<const ServerType>> types_;
    u64 next_number_ = 0;
    std::map<u64, ServerPtr> servers_;
    std::unordered_map<std::string, u64> numbers_;  // of those that have a name
};

}  // namespace p9::serve::sip
