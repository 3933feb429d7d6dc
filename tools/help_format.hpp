// How --help looks: a screen of 80 columns, without CLI11's notes to programmers.
//
// An option that every tool has, or that few people need, is worth its name only: the manual page explains it. Such
// groups are packed, several options a line.
#pragma once

#include <CLI/CLI.hpp>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace p9::tools {

/// CLI11 would print `--trace{-} [=FILE]`, `PATH ... REQUIRED`, headings of their own and empty lines for everything.
class HelpFormat : public CLI::Formatter {
public:
    HelpFormat() { column_width(27); }

    std::string make_option_name(const CLI::Option* option, bool is_positional) const override {
        if (!option->get_option_text().empty()) return option->get_option_text();
        std::string name = Formatter::make_option_name(option, is_positional);
        name = name.substr(0, name.find('{'));
        if (const auto comma = name.find(','); comma != name.npos) name.insert(comma + 1, " ");
        return name;
    }
    std::string make_option_opts(const CLI::Option* option) const override {
        if (!option->get_option_text().empty()) return "";
        const std::string metavar = option->get_type_name();
        if (option->get_positional()) return option->get_expected_max() > 1 ? "..." : "";
        return metavar.empty() || metavar.starts_with('[') ? metavar : ' ' + metavar;
    }
    std::string make_option_usage(const CLI::Option* option) const override {
        return option->get_option_text().empty() ? Formatter::make_option_usage(option) : option->get_option_text();
    }
    std::string make_positionals(const CLI::App* app) const override {
        std::string text;
        for (const auto* option : app->get_options([](const auto* each) { return each->get_positional(); }))
            text += make_option(option, true);
        return text;
    }
    std::string make_help(const CLI::App* app, std::string name, CLI::AppFormatMode) const override {
        std::string text = make_description(app) + make_usage(app, std::move(name)) + make_positionals(app);
        for (const int rank : {0, 1, 2}) {
            for (const std::string& group : app->get_groups()) {
                const auto options = app->get_options(
                    [&group](const auto* each) { return each->get_group() == group && each->nonpositional(); });
                if (!group.empty() && !options.empty() && rank_of(group) == rank)
                    text += make_group(group, false, options);
            }
        }
        return text + make_footer(app);
    }
    std::string make_group(std::string group, bool, std::vector<const CLI::Option*> options) const override {
        if (rank_of(group) != 0) return pack(group, std::move(options));
        std::string text = group == "Options" ? "" : group + ":\n";
        for (const auto* option : options) text += make_option(option, false);
        return text;
    }

private:
    /// 0: an option a line, 1: packed, 2: packed, at last.
    static int rank_of(std::string_view group) {
        constexpr std::array<std::string_view, 3> packed{"Connection", "Limits", "WebSocket and TLS"};
        if (group == "More") return 2;
        return std::ranges::find(packed, group) != packed.end() ? 1 : 0;
    }
    /// Several options a line; of the connection's the first, the server, in full.
    std::string pack(const std::string& group, std::vector<const CLI::Option*> options) const {
        constexpr std::size_t width = 80;
        std::string text, line = group + ":";
        if (group == "Connection") {
            text = line + '\n' + make_option(options.front(), false);
            line.clear();
            options.erase(options.begin());
        }
        const auto add = [&](const std::string& part) {
            if (line.size() + 2 + part.size() > width) {
                text.append(line).append("\n");
                line.clear();
            }
            line.append("  ").append(part);
        };
        for (const auto* option : options) add(make_option_name(option, false) + make_option_opts(option));
        return text + line + '\n';
    }
};

}  // namespace p9::tools
