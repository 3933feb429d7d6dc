// Names of hosts without glibc's resolver, for static programs: it would load shared libraries (NSS) that a guest with
// nothing else in it does not have, or has of another version. Pure functions of text; any thread.
#pragma once

#include <boost/asio/ip/address.hpp>

#include <string_view>
#include <vector>

namespace p9::transports {

/// The addresses that `text`, the contents of a hosts(5) file, gives to `name`, in the file's order; letters' case does
/// not matter. "localhost" needs no line (RFC 6761, section 6.3). Lines that make no sense are passed over.
std::vector<boost::asio::ip::address> addresses_in_hosts(std::string_view text, std::string_view name);

}  // namespace p9::transports
