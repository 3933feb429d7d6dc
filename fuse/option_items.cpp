#include "fuse/option_items.hpp"

#include "p9/trace.hpp"
#include "tools/options.hpp"

#include <cerrno>

namespace p9::fuse {

Error usage(std::string words) { return Error::from_errno(EINVAL, std::move(words)); }

std::string quoted(std::string_view text) { return '"' + escaped(text) + '"'; }

std::vector<Item> split_list(std::string_view list) {
    std::vector<Item> items;
    std::string item;
    const auto finish = [&] {
        if (item.empty()) return;
        const auto equals = item.find('=');
        if (equals == item.npos)
            items.push_back({item, std::nullopt});
        else
            items.push_back({item.substr(0, equals), item.substr(equals + 1)});
        item.clear();
    };
    for (std::size_t i = 0; i < list.size(); ++i) {
        if (list[i] == '\\' && i + 1 < list.size())
            item += list[++i];
        else if (list[i] == ',')
            finish();
        else
            item += list[i];
    }
    finish();
    return items;
}

std::optional<Error> take_duration(const Item& item, std::chrono::nanoseconds& duration) {
    const auto parsed = tools::parse_seconds(item.value.value_or(""));
    if (!parsed) return usage(item.name + ": expected a number of seconds, not " + quoted(item.value.value_or("")));
    duration = std::chrono::duration_cast<std::chrono::nanoseconds>(*parsed);
    return std::nullopt;
}

std::optional<Error> take_seconds(const Item& item, double& seconds) {
    std::chrono::nanoseconds duration{};
    if (auto error = take_duration(item, duration)) return error;
    seconds = std::chrono::duration<double>(duration).count();
    return std::nullopt;
}

std::optional<Error> take_seconds(const Item& item, std::optional<double>& seconds) {
    return take_seconds(item, seconds.emplace());
}

std::optional<Error> take_number(const Item& item, u32 least, bool suffixes, u32& number) {
    const auto parsed = tools::parse_number(item.value.value_or(""), suffixes);
    if (!parsed || *parsed < least || *parsed >= NONUNAME)
        return usage(item.name + ": expected a number" + (suffixes ? " of bytes such as 65536, 64K or 1M" : "") +
                     ", not " + quoted(item.value.value_or("")));
    number = static_cast<u32>(*parsed);
    return std::nullopt;
}

std::optional<Error> take_mask(const Item& item, std::optional<u32>& mask) {
    const std::string text = item.value.value_or("");
    u32 number = 0;
    for (const char c : text)
        number = number > 0777 || c < '0' || c > '7' ? 01000 : number * 8 + static_cast<u32>(c - '0');
    if (text.empty() || number > 0777)
        return usage(item.name + ": expected octal permissions such as 022, not " + quoted(text));
    mask = number;
    return std::nullopt;
}

}  // namespace p9::fuse
