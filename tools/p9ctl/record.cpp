#include "tools/p9ctl/record.hpp"

#include "tools/json.hpp"
#include "tools/options.hpp"

namespace p9::tools {
namespace {

std::string_view without_blanks(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r')) text.remove_suffix(1);
    return text;
}

}  // namespace

std::vector<std::string_view> lines_of(std::string_view text) {
    std::vector<std::string_view> lines;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        lines.push_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return lines;
}

Fields fields_of(std::string_view text) {
    Fields fields;
    for (const auto line : lines_of(text)) {
        const auto colon = line.find(':');
        if (colon == line.npos || colon == 0) continue;
        fields.emplace_back(without_blanks(line.substr(0, colon)), without_blanks(line.substr(colon + 1)));
    }
    return fields;
}

std::string_view field(const Fields& fields, std::string_view key) {
    for (const auto& [name, value] : fields)
        if (name == key) return value;
    return {};
}

std::optional<u64> plain_number(std::string_view text) {
    if (text.size() > 1 && text.front() == '0') return std::nullopt;
    return parse_number(text, false);
}

void JsonObject::key(std::string_view name) {
    if (out_.size() > 1) out_ += ',';
    append_json_string(out_, name);
    out_ += ':';
}

JsonObject& JsonObject::text(std::string_view name, std::string_view value) {
    key(name);
    append_json_string(out_, value);
    return *this;
}

JsonObject& JsonObject::number(std::string_view name, u64 value) {
    key(name);
    out_ += std::to_string(value);
    return *this;
}

JsonObject& JsonObject::boolean(std::string_view name, bool value) {
    key(name);
    out_ += value ? "true" : "false";
    return *this;
}

JsonObject& JsonObject::texts(std::string_view name, const std::vector<std::string_view>& values) {
    key(name);
    char separator = '[';
    for (const auto value : values) {
        out_ += separator;
        append_json_string(out_, value);
        separator = ',';
    }
    out_ += values.empty() ? "[]" : "]";
    return *this;
}

JsonObject& JsonObject::json(std::string_view name, std::string_view value) {
    key(name);
    out_ += value;
    return *this;
}

JsonObject& JsonObject::field(std::string_view name, std::string_view value, bool numeric) {
    const auto known = numeric ? plain_number(value) : std::nullopt;
    return known ? number(name, *known) : text(name, value);
}

}  // namespace p9::tools
