// io: port instructions, by their names.
#include "tools/p9ctl/command.hpp"
#include "tools/p9ctl/ctl.hpp"
#include "tools/p9ctl/record.hpp"
#include "tools/words.hpp"

#include "p9/trace.hpp"

#include <cerrno>

namespace p9::tools {
namespace {

constexpr u64 last_port = 0xffff;

struct PortAccess {
    std::string text;  ///< as it is sent: "inb 0x3f8"
    u64 port = 0;
    unsigned width = 1;
    bool json = false;
};

awaitable<void> read_port(Ctl& ctl, PortAccess access) {
    const Where where{Base::device, "io"};
    const auto reply = co_await ask_at(ctl, where, access.text);
    if (!reply) co_return ctl.sink.fail(access.text, reply.error());
    const auto lines = lines_of(*reply);
    const auto value = parse_c_number("", lines.empty() ? "" : lines[0], 0xffffffff);
    if (!value)
        co_return ctl.sink.fail(access.text, Error::from_errno(EPROTO, "expected a number from the server, not \"" +
                                                                           escaped(*reply) + '"'));
    if (!access.json && !ctl.sink.wants_json()) co_return ctl.sink.lines(*reply);
    JsonObject object;
    object.number("port", access.port).number("width", access.width);
    ctl.sink.object(object.number("value", *value).str());
}

awaitable<void> write_port(Ctl& ctl, PortAccess access) {
    const Where where{Base::device, "io"};
    const auto sent = co_await send_to(ctl, where, access.text);
    if (!sent) ctl.sink.fail(access.text, sent.error());
}

Result<PortAccess> parse_access(const Arguments& arguments, std::string_view instruction, unsigned width) {
    PortAccess access;
    access.width = width;
    access.json = arguments.has("--json");
    const auto port = parse_c_number("PORT", arguments.words[0], last_port);
    if (!port) return port.error();
    if (*port + width - 1 > last_port)
        return Error::from_errno(EINVAL, "PORT: " + std::to_string(width) + " bytes at " + hex(*port) +
                                             " reach beyond the last port, " + hex(last_port));
    access.port = *port;
    access.text = std::string(instruction) + " " + hex(*port);
    if (arguments.words.size() < 2) return access;
    const auto value = parse_c_number("VALUE", arguments.words[1], 0xffffffffu >> (32 - 8 * width));
    if (!value) return value.error();
    access.text += " " + hex(*value);
    return access;
}

Result<Action> prepare_in(const Arguments& arguments, std::string_view instruction, unsigned width) {
    const auto access = parse_access(arguments, instruction, width);
    if (!access) return access.error();
    return Action([access = *access](Ctl& ctl) { return read_port(ctl, access); });
}

Result<Action> prepare_out(const Arguments& arguments, std::string_view instruction, unsigned width) {
    const auto access = parse_access(arguments, instruction, width);
    if (!access) return access.error();
    return Action([access = *access](Ctl& ctl) { return write_port(ctl, access); });
}

}  // namespace

Result<Action> prepare_io_inb(const Arguments& arguments) { return prepare_in(arguments, "inb", 1); }
Result<Action> prepare_io_inw(const Arguments& arguments) { return prepare_in(arguments, "inw", 2); }
Result<Action> prepare_io_inl(const Arguments& arguments) { return prepare_in(arguments, "inl", 4); }
Result<Action> prepare_io_outb(const Arguments& arguments) { return prepare_out(arguments, "outb", 1); }
Result<Action> prepare_io_outw(const Arguments& arguments) { return prepare_out(arguments, "outw", 2); }
Result<Action> prepare_io_outl(const Arguments& arguments) { return prepare_out(arguments, "outl", 4); }

}  // namespace p9::tools
