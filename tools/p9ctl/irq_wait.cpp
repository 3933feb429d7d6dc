// irq wait: prints each interrupt as it comes, or runs a command for each.
#include "tools/local_command.hpp"
#include "tools/p9ctl/command.hpp"
#include "tools/p9ctl/ctl.hpp"
#include "tools/p9ctl/record.hpp"
#include "tools/words.hpp"

#include "p9/trace.hpp"

#include <cerrno>

namespace p9::tools {
namespace {

struct IrqWait {
    std::string number;
    std::optional<u64> count;  ///< nothing: until an interruption
    std::optional<std::string> command;
    bool json = false;
};

/// What the command finds in its environment beside ours.
Environment environment_for(const Ctl& ctl, const IrqWait& wanted, std::string_view event, u64 sequence) {
    Environment variables{{"P9_IRQ", wanted.number},
                          {"P9_IRQ_EVENT", std::string(event)},
                          {"P9_IRQ_COUNT", std::to_string(sequence)},
                          {"P9_ADDRESS", to_string(ctl.options.address)},
                          {"P9_ANAME", ctl.options.aname},
                          {"P9_UNAME", ctl.options.uname}};
    // A NUL cannot be in the environment.
    for (auto& [name, value] : variables) value = value.substr(0, value.find('\0'));
    return variables;
}

/// False if waiting for more makes no sense.
awaitable<bool> run_for_event(Ctl& ctl, const IrqWait& wanted, std::string_view event, u64 sequence) {
    auto running = run_shell(*wanted.command, environment_for(ctl, wanted, event, sequence), ctl.sink.program_output());
    const auto status = co_await std::move(running);
    const std::string what = "irq " + wanted.number;
    if (!status) {
        ctl.sink.fail(what, status.error());
        co_return false;
    }
    if (*status == 0) co_return true;
    const std::string how = *status > 128 ? "was ended by signal " + std::to_string(*status - 128)
                                          : "exited with status " + std::to_string(*status);
    ctl.sink.fail(what, Error::from_errno(ECHILD, "the command " + how + " for interrupt " + std::to_string(sequence)));
    // 126 and 127: sh could not run it, and will not be able to the next time.
    co_return *status != 126 && *status != 127;
}

/// The file of the interrupt, open. It is there only while the interrupt is registered.
awaitable<Result<File>> open_irq(Ctl& ctl, std::string number) {
    const Where where{Base::device, "irq/" + number};
    auto file = co_await open_at(ctl, where, P9_O_RDONLY);
    if (file || !file.error().is_errno(ENOENT)) co_return file;
    const Where beside{Base::device, "irq/ctl"};
    const auto folder = co_await ctl.tree.walk(beside);
    if (!folder) co_return file;
    co_return Error::from_errno(ENOENT, "not registered: p9ctl irq register " + number + " SERVER does that");
}

awaitable<void> wait_for_irqs(Ctl& ctl, IrqWait wanted) {
    const std::string what = "irq " + wanted.number;
    const auto file = co_await open_irq(ctl, wanted.number);
    if (!file) co_return ctl.sink.fail(what, file.error());
    u64 offset = 0;
    for (u64 taken = 0; !wanted.count || taken < *wanted.count;) {
        // Never a read ahead: it would take an interrupt that nobody has asked for.
        const auto event = co_await read_once(*file, offset);
        if (!event) co_return ctl.sink.fail(what, event.error());
        if (event->empty()) {
            if (wanted.count)
                ctl.sink.fail(what, Error::from_errno(EIO, "the file ended after " + std::to_string(taken) + " of " +
                                                               std::to_string(*wanted.count) + " interrupts"));
            co_return;
        }
        offset += event->size();
        ++taken;
        std::string_view line = *event;
        if (line.ends_with('\n')) line.remove_suffix(1);
        bool go_on = true;
        if (wanted.command) {
            auto running = run_for_event(ctl, wanted, line, taken);
            go_on = co_await std::move(running);
        } else {
            if (wanted.json || ctl.sink.wants_json()) {
                JsonObject object;
                object.field("irq", wanted.number, true).number("count", taken);
                ctl.sink.object(object.text("event", line).str());
            } else {
                ctl.sink.lines(*event);
            }
            go_on = co_await ctl.sink.flush();
        }
        if (!go_on) co_return;
    }
}

}  // namespace

Result<Action> prepare_irq_wait(const Arguments& arguments) {
    IrqWait wanted;
    const auto number = parse_c_number("N", arguments.words[0], 0xffffffff);
    if (!number) return number.error();
    wanted.number = std::to_string(*number);
    wanted.json = arguments.has("--json");
    if (const std::string* text = arguments.value("--count")) {
        const auto count = parse_c_number("-n", *text, ~u64{0});
        if (!count) return count.error();
        if (*count == 0) return Error::from_errno(EINVAL, "-n: expected 1 or more interrupts, not 0");
        wanted.count = *count;
    }
    if (const std::string* command = arguments.value("--exec")) {
        if (command->find_first_not_of(" \t") == std::string::npos)
            return Error::from_errno(EINVAL, "--exec: the command is empty");
        wanted.command = *command;
    }
    return Action([wanted](Ctl& ctl) { return wait_for_irqs(ctl, wanted); });
}

}  // namespace p9::tools
