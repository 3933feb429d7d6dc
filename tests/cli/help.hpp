// What programs say of their options, for tests that compare it with pages and completions.
#pragma once

#include <set>
#include <string>
#include <vector>

namespace p9::test {

using Options = std::set<std::string>;

/// The names of the programs that are built.
std::vector<std::string> installed_tools();
/// What a program prints; it must succeed and complain of nothing.
std::string printed(const std::vector<std::string>& words);
/// What group 1 of `pattern` matches in `text`.
Options options_in(const std::string& text, const std::string& pattern);
/// The options in the text of --help.
Options options_of_help(const std::string& help);
/// p9ctl's commands, each as its words, from its --help.
std::vector<std::vector<std::string>> ctl_commands();

}  // namespace p9::test
