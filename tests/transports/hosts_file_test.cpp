#include "transports/hosts_file.hpp"

#include <gtest/gtest.h>

#include <string>

namespace p9::transports {
namespace {

std::string found(std::string_view text, std::string_view name) {
    std::string list;
    for (const auto& address : addresses_in_hosts(text, name)) list += address.to_string() + " ";
    return list;
}

TEST(HostsFile, GivesTheAddressesOfANameAndOfItsAliases) {
    constexpr std::string_view text =
        "127.0.0.1 localhost\n"
        "10.0.2.2\thost  host.guest\r\n"
        "fec0::2 host\n";
    EXPECT_EQ(found(text, "host"), "10.0.2.2 fec0::2 ");
    EXPECT_EQ(found(text, "host.guest"), "10.0.2.2 ");
    EXPECT_EQ(found(text, "HOST.Guest"), "10.0.2.2 ");
    EXPECT_EQ(found(text, "hos"), "");
    EXPECT_EQ(found(text, "guest"), "");
}

TEST(HostsFile, IgnoresCommentsAndWhatIsNoAddress) {
    constexpr std::string_view text =
        "# 10.0.0.1 one\n"
        "10.0.0.2 two # one\n"
        "\n"
        "one 10.0.0.3\n"
        "10.0.0.4\n"
        "  10.0.0.5 one one";
    EXPECT_EQ(found(text, "one"), "10.0.0.5 ");
    EXPECT_EQ(found(text, "#"), "");
}

TEST(HostsFile, KnowsLocalhostWithoutALine) {
    EXPECT_EQ(found("", "localhost"), "::1 127.0.0.1 ");
    EXPECT_EQ(found("10.0.0.1 localhost\n", "localhost"), "10.0.0.1 ");
    EXPECT_EQ(found("", "elsewhere"), "");
}

}  // namespace
}  // namespace p9::transports
