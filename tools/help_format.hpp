// How --help looks: within 80 columns, without CLI11's notes to programmers.
#pragma once

#include <CLI/CLI.hpp>

#include <string>

namespace p9::tools {

/// CLI11 would print `--trace{-} [=FILE]`, `PATH ... REQUIRED` and two empty lines between groups.
class HelpFormat : public CLI::Formatter {
public:
    HelpFormat() { column_width(27); }

    std::string make_option_name(const CLI::Option* option, bool is_positional) const override {
        std::string name = Formatter::make_option_name(option, is_positional);
        return name.substr(0, name.find('{'));
    }
    std::string make_option_opts(const CLI::Option* option) const override {
        const std::string metavar = option->get_type_name();
        if (option->get_positional()) return "...";
        return metavar.empty() || metavar.starts_with('[') ? metavar : ' ' + metavar;
    }
    std::string make_help(const CLI::App* app, std::string name, CLI::AppFormatMode mode) const override {
        std::string text = Formatter::make_help(app, std::move(name), mode);
        for (auto at = text.find("\n\n\n"); at != text.npos; at = text.find("\n\n\n")) text.erase(at, 1);
        return text;
    }
};

}  // namespace p9::tools
