#include "tools/p9serve/sip/ports.hpp"

#include "tools/p9serve/sip/words.hpp"

#include <cerrno>

namespace p9::serve::sip {
namespace {

struct PortCommand {
    std::string_view word;
    bool out;
    unsigned width;  // bytes
};

constexpr PortCommand PORT_COMMANDS[] = {
    {"inb", false, 1}, {"inw", false, 2}, {"inl", false, 4}, {"outb", true, 1}, {"outw", true, 2}, {"outl", true, 4},
};

Error out_of_range(std::string words) { return Error::from_errno(ERANGE, std::move(words)); }

Result<u64> parse_port(std::string_view word, unsigned width) {
    const auto port = number_of_word(word);
    if (port && *port <= Ports::COUNT - width) return *port;
    std::string words =
        "bad port " + quoted(word) + ": expected a number from 0 to " + hexadecimal(Ports::COUNT - width, 4);
    return port ? out_of_range(std::move(words)) : invalid(std::move(words));
}

Result<u64> parse_value(std::string_view word, unsigned width) {
    const auto value = number_of_word(word);
    const u64 most = (u64{1} << (8 * width)) - 1;
    if (value && *value <= most) return *value;
    std::string words = "bad value " + quoted(word) + ": expected a number from 0 to " + hexadecimal(most, 1);
    return value ? out_of_range(std::move(words)) : invalid(std::move(words));
}

}  // namespace

Result<std::string> Ports::command(std::string_view text) {
    const auto words = command_words(text);
    if (!words) return words.error();
    std::vector<std::string_view> known;
    const PortCommand* command = nullptr;
    for (const PortCommand& each : PORT_COMMANDS) {
        known.push_back(each.word);
        if (!words->empty() && words->front() == each.word) command = &each;
    }
    if (words->empty()) return invalid("empty command: expected " + alternatives(known));
    if (command == nullptr)
        return invalid("unknown command " + quoted(words->front()) + ": expected " + alternatives(known));
    if (words->size() != (command->out ? 3 : 2)) {
        return invalid(std::string(command->word) +
                       (command->out ? " takes a port and a value, as in \"" : " takes a port, as in \"") +
                       std::string(command->word) + (command->out ? " 0x3F8 0x41\"" : " 0x3F8\""));
    }
    const auto port = parse_port((*words)[1], command->width);
    if (!port) return port.error();
    if (command->out) {
        const auto value = parse_value((*words)[2], command->width);
        if (!value) return value.error();
        for (unsigned i = 0; i < command->width; ++i) bytes_[*port + i] = static_cast<u8>(*value >> (8 * i));
        return std::string();
    }
    u64 value = 0;
    for (unsigned i = 0; i < command->width; ++i) value |= u64{bytes_[*port + i]} << (8 * i);
    return hexadecimal(value, static_cast<int>(2 * command->width)) + "\n";
}

}  // namespace p9::serve::sip
