// irq register, unregister and list.
#include "tools/p9ctl/command.hpp"
#include "tools/p9ctl/ctl.hpp"
#include "tools/p9ctl/record.hpp"
#include "tools/words.hpp"

namespace p9::tools {
namespace {

awaitable<void> tell_irqs(Ctl& ctl, std::string number, std::string text) {
    const Where where{Base::device, "irq/ctl"};
    const auto sent = co_await send_to(ctl, where, std::move(text));
    if (!sent) ctl.sink.fail("irq " + number, sent.error());
}

/// "irq 5: disk0 pending=1 delivered=2 dropped=0" as an object; other lines as {"line":...}.
std::string irq_json(std::string_view line) {
    JsonObject object;
    const auto colon = line.find(": ");
    const auto number =
        line.starts_with("irq ") && colon != line.npos ? plain_number(line.substr(4, colon - 4)) : std::nullopt;
    if (!number) return object.text("line", line).str();
    object.number("irq", *number);
    std::string_view rest = line.substr(colon + 2);
    for (bool first = true; !rest.empty(); first = false) {
        const std::size_t end = std::min(rest.find(' '), rest.size());
        const std::string_view word = rest.substr(0, end);
        rest.remove_prefix(std::min(end + 1, rest.size()));
        const auto equals = word.find('=');
        if (first)
            object.text("server", word);
        else if (equals != word.npos)
            object.field(word.substr(0, equals), word.substr(equals + 1), true);
    }
    return object.str();
}

awaitable<void> list_irqs(Ctl& ctl, bool json) {
    const Where where{Base::device, "irq/ctl"};
    const auto text = co_await read_text(ctl, where);
    if (!text) co_return ctl.sink.fail("irq list", text.error());
    if (!json && !ctl.sink.wants_json()) co_return ctl.sink.lines(*text);
    for (const auto line : lines_of(*text)) ctl.sink.object(irq_json(line));
}

}  // namespace

Result<Action> prepare_irq_register(const Arguments& arguments) {
    const auto number = parse_c_number("N", arguments.words[0], 0xffffffff);
    if (!number) return number.error();
    const std::string& server = arguments.words[1];
    if (auto checked = check_server(server); !checked) return checked.error();
    const std::string spelt = std::to_string(*number);
    return Action([spelt, text = "register " + spelt + " " + server](Ctl& ctl) { return tell_irqs(ctl, spelt, text); });
}

Result<Action> prepare_irq_unregister(const Arguments& arguments) {
    const auto number = parse_c_number("N", arguments.words[0], 0xffffffff);
    if (!number) return number.error();
    const std::string spelt = std::to_string(*number);
    return Action([spelt, text = "unregister " + spelt](Ctl& ctl) { return tell_irqs(ctl, spelt, text); });
}

Result<Action> prepare_irq_list(const Arguments& arguments) {
    return Action([json = arguments.has("--json")](Ctl& ctl) { return list_irqs(ctl, json); });
}

}  // namespace p9::tools
