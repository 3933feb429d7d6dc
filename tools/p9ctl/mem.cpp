// mem: device registers, each read or written by one message of its width.
#include "tools/p9ctl/command.hpp"
#include "tools/p9ctl/ctl.hpp"
#include "tools/p9ctl/record.hpp"
#include "tools/words.hpp"

#include "p9/trace.hpp"

#include <array>
#include <cerrno>

namespace p9::tools {
namespace {

struct Registers {
    u64 address = 0;
    unsigned width = 4;  ///< bytes
    u64 count = 1;
    u64 value = 0;  ///< for a write
    bool json = false;
};

u64 largest_of(unsigned width) { return width == 8 ? ~u64{0} : (u64{1} << (8 * width)) - 1; }

u64 little_endian(Bytes bytes) {
    u64 value = 0;
    for (std::size_t i = bytes.size(); i > 0; --i) value = value << 8 | bytes[i - 1];
    return value;
}

awaitable<void> read_registers(Ctl& ctl, Registers registers) {
    const Where where{Base::device, "mem"};
    const auto file = co_await open_at(ctl, where, P9_O_RDONLY);
    if (!file) co_return ctl.sink.fail("mem", file.error());
    // One after the other and never more than one register at a time: reading one may change the next.
    for (u64 i = 0; i < registers.count; ++i) {
        const u64 address = registers.address + i * registers.width;
        const auto payload = co_await file->read(address, registers.width);
        if (!payload) co_return ctl.sink.fail("mem " + hex(address, 8), payload.error());
        if (payload->bytes.size() != registers.width)
            co_return ctl.sink.fail(
                "mem " + hex(address, 8),
                Error::from_errno(EIO, "the server gave " + std::to_string(payload->bytes.size()) + " of the " +
                                           std::to_string(registers.width) + " bytes of this register"));
        const u64 value = little_endian(payload->bytes);
        const std::string spelt = hex(value, static_cast<int>(registers.width) * 2);
        if (registers.json || ctl.sink.wants_json()) {
            JsonObject object;
            object.number("address", address).number("width", registers.width);
            ctl.sink.object(object.number("value", value).text("hex", spelt).str());
        } else {
            ctl.sink.lines(hex(address, 8) + ": " + spelt + "\n");
        }
        if (!ctl.sink.full()) continue;
        const bool written = co_await ctl.sink.flush();
        if (!written) co_return;
    }
}

awaitable<void> write_register(Ctl& ctl, Registers registers) {
    const Where where{Base::device, "mem"};
    const auto file = co_await open_at(ctl, where, P9_O_WRONLY);
    if (!file) co_return ctl.sink.fail("mem", file.error());
    std::array<u8, 8> bytes{};
    for (unsigned i = 0; i < registers.width; ++i) bytes[i] = static_cast<u8>(registers.value >> (8 * i));
    const auto written = co_await file->write(registers.address, Bytes(bytes).first(registers.width));
    if (!written) co_return ctl.sink.fail("mem " + hex(registers.address, 8), written.error());
    if (*written != registers.width)
        ctl.sink.fail("mem " + hex(registers.address, 8),
                      Error::from_errno(EIO, "the server took " + std::to_string(*written) + " of the " +
                                                 std::to_string(registers.width) + " bytes of this register"));
}

Result<Registers> parse_registers(const Arguments& arguments) {
    Registers registers;
    registers.json = arguments.has("--json");
    const auto address = parse_c_number("ADDR", arguments.words[0], ~u64{0});
    if (!address) return address.error();
    registers.address = *address;
    if (const std::string* text = arguments.value("--width")) {
        const auto width = parse_c_number("-w", *text, ~u64{0});
        if (!width || (*width != 1 && *width != 2 && *width != 4 && *width != 8))
            return Error::from_errno(EINVAL, "-w: expected 1, 2, 4 or 8 bytes, not \"" + escaped(*text) + '"');
        registers.width = static_cast<unsigned>(*width);
    }
    if (const std::string* text = arguments.value("--count")) {
        const auto count = parse_c_number("-c", *text, ~u64{0});
        if (!count) return count.error();
        if (*count == 0) return Error::from_errno(EINVAL, "-c: expected 1 or more registers, not 0");
        registers.count = *count;
    }
    const u64 room = ~u64{0} - registers.address;
    if (registers.width - 1 > room || (registers.count - 1) > (room - (registers.width - 1)) / registers.width)
        return Error::from_errno(EINVAL, "ADDR: the registers reach beyond the last address, " + hex(~u64{0}));
    return registers;
}

}  // namespace

Result<Action> prepare_mem_read(const Arguments& arguments) {
    const auto registers = parse_registers(arguments);
    if (!registers) return registers.error();
    return Action([registers = *registers](Ctl& ctl) { return read_registers(ctl, registers); });
}

Result<Action> prepare_mem_write(const Arguments& arguments) {
    auto registers = parse_registers(arguments);
    if (!registers) return registers.error();
    const auto value = parse_c_number("VALUE", arguments.words[1], largest_of(registers->width));
    if (!value) return value.error();
    registers->value = *value;
    return Action([registers = *registers](Ctl& ctl) { return write_register(ctl, registers); });
}

}  // namespace p9::tools
