// Records: the `key: value` lines of status files, and JSON objects.
#pragma once

#include "p9/types.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace p9::tools {

/// The lines of `text`, without their newlines; none for an empty last line.
std::vector<std::string_view> lines_of(std::string_view text);

using Fields = std::vector<std::pair<std::string_view, std::string_view>>;
/// The `key: value` lines of `text`, in order; other lines are left out.
Fields fields_of(std::string_view text);
/// The value of `key`; empty if there is none.
std::string_view field(const Fields& fields, std::string_view key);

/// The decimal number that `text` is, without leading zeros; nothing if it is none.
std::optional<u64> plain_number(std::string_view text);

/// A JSON object in the making.
class JsonObject {
public:
    JsonObject& text(std::string_view name, std::string_view value);
    JsonObject& number(std::string_view name, u64 value);
    JsonObject& boolean(std::string_view name, bool value);
    JsonObject& texts(std::string_view name, const std::vector<std::string_view>& values);
    /// `value` is JSON already.
    JsonObject& json(std::string_view name, std::string_view value);
    /// A number where `value` is one and `numeric` allows it, else text.
    JsonObject& field(std::string_view name, std::string_view value, bool numeric);
    std::string str() const { return out_ + '}'; }

private:
    void key(std::string_view name);
    std::string out_ = "{";
};

}  // namespace p9::tools
