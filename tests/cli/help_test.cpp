// What --help says, what the manual pages say, and that both say the same.
#include "tests/cli/help.hpp"
#include "tests/cli/tool.hpp"

#include <gmock/gmock.h>

#include <unistd.h>

#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>

namespace p9::test {

std::string printed(const std::vector<std::string>& words) {
    const Ran ran = run_program(words);
    EXPECT_EQ(ran.status, 0) << words.back() << ran.err;
    EXPECT_EQ(ran.err, "");
    return ran.out;
}

Options options_in(const std::string& text, const std::string& pattern) {
    const std::regex option(pattern);
    Options found;
    for (std::sregex_iterator at(text.begin(), text.end(), option), end; at != end; ++at) found.insert((*at)[1]);
    return found;
}

Options options_of_help(const std::string& help) {
    // An option begins a line, or follows a comma, a bracket or two blanks: words about options follow one blank.
    return options_in(help.substr(0, help.find("\nExamples:")), "(?:^ +|\n +|, |  |\\[)(--?[A-Za-z0-9][A-Za-z0-9-]*)");
}

std::vector<std::string> installed_tools() {
    std::vector<std::string> names;
    for (const char* name : {"p9ls", "p9cat", "p9cp", "p9ctl", "p9sh", "p9fuse", "p9serve", "p9proxy", "p9doctor"})
        if (std::filesystem::exists(tool(name))) names.emplace_back(name);
    return names;
}

namespace {

std::string contents(const std::filesystem::path& path) {
    std::ifstream file(path);
    EXPECT_TRUE(file) << path << " is missing";
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

/// The source of a tool's page, with what it shares with others in its place.
std::string page_of(const std::string& name) {
    const std::filesystem::path folder = std::filesystem::path(P9_SOURCE_DIR) / "docs/man";
    std::string page = contents(folder / (name + ".1.scd"));
    const std::string place = "@CONNECTION@";
    if (const auto at = page.find(place); at != page.npos)
        page.replace(at, place.size(), contents(folder / "common/connection.scd"));
    return page;
}

/// The lines that name what is then explained: "*-l*", "*new* [*--name* _NAME_]".
std::string terms_of(const std::string& page) {
    std::istringstream lines(page);
    std::string terms;
    for (std::string line; std::getline(lines, line);)
        if (line.starts_with("*") && !line.starts_with("*fusermount3*")) terms += line + "\n";
    return terms;
}

Options options_of_page(const std::string& page) {
    return options_in(terms_of(page), "(?:^|[*\\[ ,\n])(--?[A-Za-z0-9][A-Za-z0-9-]*)");
}

/// What each option takes: "--msize BYTES", "-r". `pattern` finds the names, with commas between them, and a metavar.
std::set<std::string> values_in(const std::string& text, const std::string& pattern) {
    std::map<std::string, std::string> values;
    const std::regex option(pattern);
    for (std::sregex_iterator at(text.begin(), text.end(), option), end; at != end; ++at) {
        std::istringstream names((*at)[1]);
        // An option may be named once more without what it takes.
        for (std::string name; names >> name;)
            if (auto& value = values[name.substr(0, name.find(','))]; value.empty()) value = (*at)[2];
    }
    std::set<std::string> found;
    for (const auto& [name, value] : values) found.insert(name + " " + value);
    return found;
}

/// The options after -o of p9fuse --help.
Options mount_options_of_help(const std::string& help) {
    const std::string list = help.substr(help.find("Options after -o"));
    // Several may share a line; their description follows two blanks, or stands on the next line.
    Options found;
    std::istringstream lines(list.substr(0, list.find("\nExit")));
    for (std::string line; std::getline(lines, line);)
        if (line.starts_with("  ") && line[2] != ' ' && !line.starts_with("  ro "))
            found.merge(options_in(line.substr(2, line.find("  ", 2) - 2), "(?:^|, )([a-z_]+)"));
    const auto flags = list.find("\n  ro ");
    for (const auto& each : options_in(list.substr(flags, list.find(',', flags) - flags), "([a-z_]+)"))
        found.insert(each);
    return found;
}

TEST(Help, FitsAScreenAndShowsTwoExamples) {
    for (const std::string& name : installed_tools()) {
        const std::string help = printed({tool(name), "--help"});
        std::istringstream lines(help);
        int count = 0;
        for (std::string line; std::getline(lines, line); ++count) EXPECT_LE(line.size(), 80u) << name << ": " << line;
        EXPECT_GT(count, 15) << name;
        EXPECT_LE(count, 48) << name;
        const auto examples = help.find("\nExamples:\n");
        ASSERT_NE(examples, help.npos) << name;
        std::istringstream after(help.substr(examples + 11));
        int shown = 0;
        for (std::string line; std::getline(after, line);) shown += line.starts_with("  p9") ? 1 : 0;
        EXPECT_GE(shown, 2) << name;
    }
}

TEST(Help, AgreesWithTheManualPage) {
    for (const std::string& name : installed_tools()) {
        std::string help = printed({tool(name), "--help"});
        Options of_help = options_of_help(help);
        if (name == "p9ctl") {
            for (const auto& command : ctl_commands()) {
                auto words = command;
                words.insert(words.begin(), tool(name));
                words.emplace_back("--help");
                of_help.merge(options_of_help(printed(words)));
            }
        }
        EXPECT_GE(of_help.size(), 4u) << name;
        EXPECT_EQ(of_help, options_of_page(page_of(name))) << name;
    }
}

TEST(Help, AgreesWithTheManualPageOnWhatOptionsTake) {
    const std::string names = "((?:-[A-Za-z0-9], )*--?[A-Za-z0-9][A-Za-z0-9-]*)";
    for (const std::string& name : installed_tools()) {
        if (name == "p9ctl" || name == "p9fuse") continue;  // their help has a form of its own
        const std::string help = printed({tool(name), "--help"});
        const auto of_help = values_in(help.substr(0, help.find("\nExamples:")),
                                       "(?:^ +|\n +|  |\\[)" + names + "(?:(?: |\\[?=)([A-Z][A-Z0-9]*)(?=[^a-z]|$))?");
        const auto of_page =
            values_in(terms_of(page_of(name)), "\\*" + names + "\\*(?:(?: |\\[?=)_([A-Z][A-Z0-9]*)_)?");
        EXPECT_EQ(of_help, of_page) << name;
        EXPECT_TRUE(of_page.contains(name == "p9serve" ? "--msize BYTES" : "--capture FILE")) << name;
    }
}

TEST(Help, AgreesWithTheManualPageOnMountOptions) {
    if (!std::filesystem::exists(tool("p9fuse"))) GTEST_SKIP() << "p9fuse is not built";
    const std::string page = page_of("p9fuse");
    const auto begin = page.find("# MOUNT OPTIONS");
    const std::string terms = terms_of(page.substr(begin, page.find("# EXIT STATUS") - begin));
    const Options of_page = options_in(terms, "(?:^|\n|, )\\*([a-z_]+)");
    EXPECT_GT(of_page.size(), 10u);
    EXPECT_EQ(mount_options_of_help(printed({tool("p9fuse"), "--help"})), of_page);
}

TEST(Help, ThePageOfP9ctlHasEveryCommand) {
    const std::string page = page_of("p9ctl");
    for (const auto& command : ctl_commands()) {
        std::string name = command[0];
        for (std::size_t i = 1; i < command.size(); ++i) name += " " + command[i];
        EXPECT_THAT(page, ::testing::HasSubstr("*" + name + "*"));
    }
}

TEST(Help, ThePageOfP9shHasItsCommandsAndNoOthers) {
    if (!std::filesystem::exists(tool("p9sh"))) GTEST_SKIP() << "p9sh is not built: readline's headers are missing";
    const std::string page = page_of("p9sh");
    const auto begin = page.find("# COMMANDS");
    const Options of_page = options_in(page.substr(begin, page.find("\n# ", begin) - begin), "\\*([a-z]+)\\*");
    const auto server = std::filesystem::temp_directory_path() / ("p9-help-" + std::to_string(::getpid()));
    Program serving({tool("p9serve"), "--listen", "unix!" + server.string(), "--memory"});
    ASSERT_TRUE(serving.wait_for_output("\n"));
    const std::string help = printed({tool("p9sh"), "-a", "unix!" + server.string(), "-c", "help"});
    EXPECT_EQ(options_in(help, "(?:^|\n)  ([a-z]+)  +[^\n]"), of_page);
}

TEST(Help, EveryPageHasExamples) {
    for (const auto& entry : std::filesystem::directory_iterator(std::filesystem::path(P9_SOURCE_DIR) / "docs/man")) {
        if (entry.path().extension() != ".scd") continue;
        EXPECT_THAT(contents(entry.path()), ::testing::HasSubstr("\n# EXAMPLES\n")) << entry.path();
    }
}

}  // namespace

std::vector<std::vector<std::string>> ctl_commands() {
    std::istringstream lines(printed({tool("p9ctl"), "--help"}));
    std::vector<std::vector<std::string>> commands;
    for (std::string line; std::getline(lines, line) && !line.starts_with("Options:");) {
        if (!line.starts_with("  ")) continue;
        std::istringstream words(line);
        std::vector<std::string> command;
        // The command's words are before its operands, which are in capitals.
        for (std::string word; words >> word && std::islower(static_cast<unsigned char>(word[0])) != 0;) {
            command.push_back(word);
            const auto at = static_cast<std::size_t>(words.tellg());
            if (command.size() == 2 || line.compare(at, 2, "  ") == 0) break;
        }
        commands.push_back(std::move(command));
    }
    EXPECT_GT(commands.size(), 20u);
    return commands;
}

}  // namespace p9::test
