// dma alloc: a buffer that lives as long as its fid.
#include "tools/p9ctl/command.hpp"
#include "tools/p9ctl/ctl.hpp"
#include "tools/p9ctl/input.hpp"
#include "tools/p9ctl/record.hpp"
#include "tools/words.hpp"

#include "p9/trace.hpp"

#include <boost/asio/experimental/awaitable_operators.hpp>

#include <unistd.h>

#include <cerrno>

namespace p9::tools {
namespace {

constexpr u64 largest_buffer = 16 << 20;
constexpr u64 page = 4096;

struct Allocation {
    u64 size = 0;
    u64 align = page;
    bool hold = false;
    bool json = false;
};

/// The value of `key` in "vaddr:0x... paddr:0x... handle:N"; empty if it is not there.
std::string_view part_of(std::string_view reply, std::string_view key) {
    while (!reply.empty()) {
        const std::size_t end = std::min(reply.find_first_of(" \n"), reply.size());
        const std::string_view part = reply.substr(0, end);
        if (part.size() > key.size() && part.starts_with(key) && part[key.size()] == ':')
            return part.substr(key.size() + 1);
        reply.remove_prefix(std::min(end + 1, reply.size()));
    }
    return {};
}

awaitable<Error> ended(const Session& session) { co_return co_await const_cast<Session&>(session).wait_until_ended(); }

/// Until standard input ends, the connection is lost, or an interruption.
awaitable<Result<void>> hold(const Session& session) {
    using namespace boost::asio::experimental::awaitable_operators;
    Input input(co_await boost::asio::this_coro::executor, STDIN_FILENO);
    auto reading = without_throwing(input.skip_all());
    auto ending = without_throwing(ended(session));
    auto either = std::move(reading) || std::move(ending);
    const auto result = co_await std::move(either);
    if (result.index() == 1) co_return std::get<1>(result);
    co_return std::get<0>(result);
}

awaitable<void> allocate(Ctl& ctl, Allocation wanted) {
    const Where where{Base::device, "dma/alloc"};
    auto file = co_await open_at(ctl, where, P9_O_RDWR);
    if (!file) co_return ctl.sink.fail("dma alloc", file.error());
    const std::string text = "size " + std::to_string(wanted.size) + " align " + std::to_string(wanted.align);
    const auto written = co_await write_once(*file, text);
    if (!written) co_return ctl.sink.fail("dma alloc", written.error());
    const auto reply = co_await read_once(*file, 0);
    if (!reply) co_return ctl.sink.fail("dma alloc", reply.error());
    if (reply->empty())
        co_return ctl.sink.fail("dma alloc",
                                Error::from_errno(EPROTO, "the server took the request and gave no reply"));
    if (wanted.json || ctl.sink.wants_json()) {
        JsonObject object;
        object.text("vaddr", part_of(*reply, "vaddr")).text("paddr", part_of(*reply, "paddr"));
        object.field("handle", part_of(*reply, "handle"), true)
            .number("size", wanted.size)
            .number("align", wanted.align);
        ctl.sink.object(object.boolean("held", wanted.hold).str());
    } else {
        ctl.sink.lines(*reply);
    }
    if (!wanted.hold) {
        if (!ctl.batch) ctl.sink.note("dma alloc: the buffer is freed as this program ends; --hold keeps it");
        co_return;
    }
    if (ctl.batch) {
        ctl.held.push_back(std::move(*file));
        co_return;
    }
    const bool shown = co_await ctl.sink.flush();
    if (!shown) co_return;
    const auto held = co_await hold(file->node().session());
    if (!held) ctl.sink.fail("dma alloc", held.error());
}

Result<u64> parse_size(std::string_view what, const std::string& text) {
    const auto bytes = parse_number(text, true);
    const bool octal = text.size() > 1 && text[0] == '0';
    if (bytes && !octal) return *bytes;
    return parse_c_number(what, text, ~u64{0});
}

}  // namespace

Result<Action> prepare_dma_alloc(const Arguments& arguments) {
    Allocation wanted;
    wanted.hold = arguments.has("--hold");
    wanted.json = arguments.has("--json");
    const std::string* size_text = arguments.value("--size");
    if (size_text == nullptr) return Error::from_errno(EINVAL, "dma alloc: expected --size N");
    const auto size = parse_size("--size", *size_text);
    if (!size) return size.error();
    if (*size == 0 || *size > largest_buffer)
        return Error::from_errno(EINVAL, "--size: expected 1 to " + std::to_string(largest_buffer) +
                                             " bytes (16 MiB), not " + escaped(*size_text));
    wanted.size = *size;
    if (const std::string* align_text = arguments.value("--align")) {
        const auto align = parse_size("--align", *align_text);
        if (!align) return align.error();
        if (*align == 0 || (*align & (*align - 1)) != 0)
            return Error::from_errno(EINVAL, "--align: expected a power of two, not " + escaped(*align_text));
        wanted.align = *align;
    }
    return Action([wanted](Ctl& ctl) { return allocate(ctl, wanted); });
}

}  // namespace p9::tools
