// The items of -o lists and what their values may be; for the parsers of p9fuse's options.
//
// Pure functions. The error of each is one line for the person who typed the option; nothing means that all is well.
#pragma once

#include "p9/error.hpp"
#include "p9/types.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace p9::fuse {

struct Options;

/// One item of an -o list.
struct Item {
    std::string name;
    std::optional<std::string> value;

    std::string spelled() const { return value ? name + "=" + *value : name; }
};

Error usage(std::string words);
std::string quoted(std::string_view text);

/// The items of a list; a comma or backslash that belongs to a value has a backslash before it, as in libfuse.
std::vector<Item> split_list(std::string_view list);

std::optional<Error> take_seconds(const Item& item, double& seconds);
std::optional<Error> take_seconds(const Item& item, std::optional<double>& seconds);
std::optional<Error> take_duration(const Item& item, std::chrono::nanoseconds& duration);
/// `suffixes`: bytes, as 64K or 1M.
std::optional<Error> take_number(const Item& item, u32 least, bool suffixes, u32& number);
/// An octal number of permissions, 0 to 0777.
std::optional<Error> take_mask(const Item& item, std::optional<u32>& mask);

/// Takes the options about owners, callers and symlinks. False if `item` is none of them.
Result<bool> take_owner_item(const Item& item, Options& options);
/// Settles what these mean together.
std::optional<Error> settle_owners(Options& options);

}  // namespace p9::fuse
