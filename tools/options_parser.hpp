// What CommandLine is inside: CLI11's parser, what the options left in it, and what becomes of them afterwards. For
// options.cpp and options_values.cpp only; one for each CommandLine, which owns it; main's thread.
#pragma once

#include "tools/options.hpp"

#include <CLI/CLI.hpp>

#include <deque>

#ifndef P9_VERSION
#error "P9_VERSION comes from CMake"
#endif

namespace p9::tools {

/// An option's text and where it came from, for complaints.
struct Setting {
    std::string text;
    std::string origin;
};

/// `--name` or `--name=VALUE`.
struct OptionalValue {
    std::string name;
    std::vector<std::string> given;
    std::optional<std::string>* value;
    std::vector<std::string> choices;
};

struct CommandLine::Parser {
    CLI::App app;
    CommonOptions common;
    Setting server, address, aname, uname, uid, msize, dialect, connect_timeout, timeout, capture;
    std::optional<std::string> trace;
    std::deque<OptionalValue> optionals;  // CLI11 keeps references into it
    std::vector<std::string*> texts;      // what the caller gets as it was given
    std::function<bool()> output_is_free;
    std::vector<std::string>* paths = nullptr;
    std::vector<std::string>* words = nullptr;
    std::function<std::string(const std::vector<std::string>&)> words_help;
    std::function<std::optional<std::string>(const std::vector<std::string>&)> words_wrong;

    explicit Parser(const About& about);

    void setting(const std::string& names, Setting& value, const std::string& metavar, const std::string& help);
    bool given(const std::string& name) const { return app.get_option(name)->count() != 0; }
    /// Takes the variable's text where the option was left out. An empty variable counts as one that is not set.
    void from_environment(Setting& value, const char* variable);

    void unguard_all();
    /// Reads the options' texts into `common`, once CLI11 is done. A complaint, or nothing.
    std::optional<std::string> finish();

private:
    std::optional<std::string> finish_optionals();
    std::optional<std::string> finish_address();
    std::optional<std::string> finish_numbers();
    std::optional<std::string> finish_dialect();
    std::optional<std::string> begin_capture();
};

}  // namespace p9::tools
