#include "transports/hosts_file.hpp"

#include <boost/asio/ip/address_v4.hpp>
#include <boost/asio/ip/address_v6.hpp>

#include <algorithm>
#include <string>

namespace p9::transports {
namespace {

bool same_name(std::string_view a, std::string_view b) {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
    return std::ranges::equal(a, b, {}, lower, lower);
}

/// Cuts the first word off `line`; empty at its end.
std::string_view next_word(std::string_view& line) {
    constexpr std::string_view blanks = " \t\r";
    const auto begin = line.find_first_not_of(blanks);
    if (begin == line.npos) return {};
    line.remove_prefix(begin);
    const auto word = line.substr(0, line.find_first_of(blanks));
    line.remove_prefix(word.size());
    return word;
}

}  // namespace

std::vector<boost::asio::ip::address> addresses_in_hosts(std::string_view text, std::string_view name) {
    namespace ip = boost::asio::ip;
    std::vector<ip::address> found;
    while (!text.empty()) {
        auto line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(line.size() + 1, text.size()));
        line = line.substr(0, line.find('#'));
        boost::system::error_code failed;
        const auto address = ip::make_address(std::string(next_word(line)), failed);
        if (failed) continue;
        for (auto word = next_word(line); !word.empty(); word = next_word(line)) {
            if (!same_name(word, name)) continue;
            found.push_back(address);
            break;
        }
    }
    if (found.empty() && same_name(name, "localhost")) found = {ip::address_v6::loopback(), ip::address_v4::loopback()};
    return found;
}

}  // namespace p9::transports
