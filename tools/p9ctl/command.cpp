#include "tools/p9ctl/command.hpp"

#include "p9/trace.hpp"
#include "tools/words.hpp"

#include <algorithm>
#include <cerrno>

namespace p9::tools {
namespace {

Error usage(std::string words) { return Error::from_errno(EINVAL, std::move(words)); }

std::string_view first_word(std::string_view name) { return name.substr(0, name.find(' ')); }

/// The command that `words` begin with, and of how many words its name is.
Result<const Command*> find_command(std::span<const std::string> words, std::size_t& length) {
    std::vector<std::string_view> near;
    bool is_group = false;
    for (const Command& command : commands()) {
        const auto first = first_word(command.name);
        const bool two = first.size() != command.name.size();
        if (words[0] != first) {
            if (!is_group) near.push_back(first);
            continue;
        }
        if (!two || (words.size() > 1 && words[1] == command.name.substr(first.size() + 1))) {
            length = two ? 2 : 1;
            return &command;
        }
        if (!is_group) near.clear();
        is_group = true;
        near.push_back(command.name.substr(first.size() + 1));
    }
    if (is_group && words.size() < 2) {
        std::string list;
        for (const auto each : near) list.append(list.empty() ? "" : ", ").append(each);
        return usage(words[0] + ": expected one of " + list + " after it");
    }
    const std::string& wrong = words[is_group ? 1 : 0];
    const std::string group = is_group ? words[0] + " " : "";
    std::string text = "unknown command \"" + group + escaped(wrong) + '"';
    if (is_group)
        std::erase_if(near, [&](std::string_view each) {
            return std::ranges::none_of(commands(),
                                        [&](const Command& c) { return c.name == group + std::string(each); });
        });
    if (const auto meant = nearest(wrong, near); !meant.empty()) text += "; did you mean \"" + group + meant + "\"?";
    return usage(text + " (p9ctl --help lists the commands)");
}

/// The option that `word` is, if `command` has it.
const Option* find_option(const Command& command, std::string_view word) {
    const auto at = std::ranges::find_if(command.options, [word](const Option& each) {
        return each.name == word || (!each.alias.empty() && each.alias == word);
    });
    return at == command.options.end() ? nullptr : &*at;
}

Error unknown_option(const Command& command, std::string_view word) {
    return usage("unknown option " + escaped(word) + "; after -- words may begin with a dash (p9ctl " +
                 std::string(command.name) + " --help lists the options)");
}

/// Takes the option that words[at] begins; `at` is then its last word.
Result<void> take_option(const Command& command, std::span<const std::string> words, std::size_t& at,
                         Arguments& arguments) {
    const std::string_view word = words[at];
    std::string_view name = word;
    std::optional<std::string> value;
    if (word.starts_with("--")) {
        const auto equals = word.find('=');
        name = word.substr(0, equals);
        if (equals != word.npos) value = std::string(word.substr(equals + 1));
    } else if (word.size() > 2) {
        name = word.substr(0, 2);
        value = std::string(word.substr(2));
    }
    const Option* option = find_option(command, name);
    if (option == nullptr || (option->metavar.empty() && value && !word.starts_with("--")))
        return unknown_option(command, word);
    if (option->metavar.empty()) {
        if (value) return usage(std::string(name) + " takes no value");
    } else if (!value) {
        if (at + 1 == words.size())
            return usage(std::string(name) + ": expected " + std::string(option->metavar) + " after it");
        value = words[++at];
    }
    arguments.add(option, value.value_or(""));
    return {};
}

}  // namespace

const std::string* Arguments::value(std::string_view name) const {
    const std::string* found = nullptr;
    for (const auto& [option, value] : options_)
        if (option->name == name) found = &value;
    return found;
}

std::vector<std::string> Arguments::values(std::string_view name) const {
    std::vector<std::string> found;
    for (const auto& [option, value] : options_)
        if (option->name == name) found.push_back(value);
    return found;
}

Result<Parsed> parse_command(std::span<const std::string> words) {
    // Options may come before the command that they belong to; the first other word begins it.
    std::vector<std::string> sorted;
    const auto begin = std::ranges::find_if(words, [](const std::string& word) { return !word.starts_with('-'); });
    if (begin == words.end()) {
        if (words.empty()) return usage("no command (p9ctl --help lists the commands)");
        return usage("unknown option " + escaped(words[0]) + " (p9ctl --help lists the options)");
    }
    if (begin != words.begin()) {
        sorted.assign(begin, words.end());
        sorted.insert(sorted.end(), words.begin(), begin);
        words = sorted;
    }
    Parsed parsed;
    std::size_t length = 0;
    const auto command = find_command(words, length);
    if (!command) return command.error();
    parsed.command = *command;
    bool only_words = false;
    for (std::size_t i = length; i < words.size(); ++i) {
        const bool option = !only_words && words[i].size() > 1 && words[i].front() == '-';
        if (option && words[i] == "--") {
            only_words = true;
        } else if (option) {
            if (auto taken = take_option(**command, words, i, parsed.arguments); !taken) return taken.error();
        } else {
            parsed.arguments.words.push_back(words[i]);
        }
    }
    const std::size_t given = parsed.arguments.words.size();
    if (given >= (*command)->fewest && given <= (*command)->most) return parsed;
    std::string text((*command)->name);
    text += given < (*command)->fewest ? ": too few words" : ": too many words";
    text.append("; expected p9ctl ").append((*command)->name);
    if (!(*command)->operands.empty()) text.append(" ").append((*command)->operands);
    return usage(std::move(text));
}

Result<Action> prepare_command(std::span<const std::string> words) {
    const auto parsed = parse_command(words);
    if (!parsed) return parsed.error();
    return parsed->command->prepare(parsed->arguments);
}

}  // namespace p9::tools
