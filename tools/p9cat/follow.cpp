#include "tools/p9cat/cat.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>

namespace p9::tools {
namespace {

using namespace std::chrono_literals;

constexpr Duration first_pause = 50ms;
constexpr Duration longest_pause = 1s;

/// Looks whether the file has become shorter than what was read of it. False after an error.
awaitable<bool> notice_truncation(OpenSource& source, u64& offset, Sink& sink) {
    auto now = co_await source.file.node().attributes(GETATTR_BASIC);
    if (!now) {
        sink.messages.report(source.path, now.error());
        co_return false;
    }
    // A file whose size never covered its contents is synthetic: its size says nothing.
    const bool sized = source.expected_end() != 0 || now->size != 0;
    if (sized && now->size < offset && (now->valid & GETATTR_SIZE) != 0) {
        sink.messages.note(escaped(source.path) + ": the file was truncated; going on at its beginning");
        offset = 0;
    }
    source.attributes = std::move(*now);
    co_return true;
}

}  // namespace

awaitable<bool> follow(OpenSource& source, const CatOptions& options, Sink& sink) {
    co_await boost::asio::this_coro::throw_if_cancelled(false);
    const u64 begin = options.offset.value_or(0);
    u64 offset = begin;
    if (!co_await copy(source, options, sink, &offset)) co_return false;
    if (sink.messages.status() != EXIT_DONE) co_return true;
    u64 left = options.length ? *options.length - (offset - begin) : ~u64{0};
    boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor);
    Duration pause = first_pause;
    while (left != 0) {
        const u32 size = static_cast<u32>(std::min<u64>(source.file.max_io(), left));
        auto payload = co_await source.file.read(offset, size);
        if (!payload) {
            sink.messages.report(source.path, payload.error());
            co_return !sink.messages.hopeless();
        }
        if (!payload->bytes.empty()) {
            auto writing = sink.out.write(payload->bytes);
            const bool written = co_await std::move(writing);
            if (!written) co_return false;
            offset += payload->bytes.size();
            left -= payload->bytes.size();
            pause = first_pause;
            continue;
        }
        const u64 before = offset;
        if (!co_await notice_truncation(source, offset, sink)) co_return false;
        if (offset != before) continue;
        timer.expires_after(pause);
        auto sleeping = timer.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
        const auto [woken] = co_await std::move(sleeping);
        if (woken) co_return false;
        pause = std::min(pause * 2, longest_pause);
    }
    co_return true;
}

}  // namespace p9::tools
