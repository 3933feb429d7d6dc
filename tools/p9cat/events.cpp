#include "tools/p9cat/cat.hpp"

namespace p9::tools {

awaitable<bool> copy_events(OpenSource& source, const CatOptions& options, Sink& sink) {
    co_await boost::asio::this_coro::throw_if_cancelled(false);
    u64 offset = options.offset.value_or(0);
    u64 left = options.length.value_or(~u64{0});
    // Never a read ahead of what is printed: it would take an event from the next reader.
    for (u64 replies = 0; replies < *options.count && left != 0; ++replies) {
        const u32 size = static_cast<u32>(std::min<u64>(source.file.max_io(), left));
        auto payload = co_await source.file.read(offset, size);
        if (!payload) {
            sink.messages.report(source.path, payload.error());
            co_return !sink.messages.hopeless();
        }
        if (payload->bytes.empty()) break;
        auto writing = sink.out.write(payload->bytes);
        const bool written = co_await std::move(writing);
        if (!written) co_return false;
        offset += payload->bytes.size();
        left -= payload->bytes.size();
    }
    co_return true;
}

}  // namespace p9::tools
