#include "tools/parse_complaint.hpp"

#include "p9/trace.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <string_view>

namespace p9::tools {

std::string parse_complaint(const CLI::ParseError& error, const std::vector<std::string>& unknown) {
    const auto option =
        std::ranges::find_if(unknown, [](const std::string& word) { return word.size() > 1 && word.front() == '-'; });
    if (option != unknown.end()) return "unknown option " + escaped(*option);
    if (!unknown.empty()) return "unexpected argument " + escaped(unknown.front());
    std::string words = error.what();
    constexpr std::string_view required = ": 1 required ";
    constexpr std::string_view missing = " missing";
    constexpr std::string_view overridden = " was given a disallowed flag override";
    // "--address: 1 required ADDR missing"
    if (const auto number = words.find(required); number != words.npos && words.ends_with(missing)) {
        words.replace(number, required.size(), ": expected ");
        words.replace(words.size() - missing.size(), missing.size(), " after it");
        // Who types -la means something else by -a.
        if (words.starts_with("--address")) words.insert(0, "-a, ");
    } else if (words.ends_with(overridden)) {
        // The name is without its dashes.
        words.resize(words.size() - overridden.size());
        return (words.size() == 1 ? "-" : "--") + words + ": takes no value after =";
    }
    return words;
}

}  // namespace p9::tools
