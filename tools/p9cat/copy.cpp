#include "tools/p9cat/cat.hpp"

namespace p9::tools {
namespace {

/// What went wrong, with how far the copy had come.
Error interrupted_copy(const Error& error, u64 copied, u64 expected) {
    if (error.code == make_error_code(errc::cancelled)) return error;
    if (copied == 0 && !ends_everything(error)) return error;
    std::string words = "ended after " + std::to_string(copied);
    if (expected != 0) words += " of " + std::to_string(expected);
    return Error(error.code, words + " bytes: " + error.message());
}

}  // namespace

awaitable<bool> copy(OpenSource& source, const CatOptions& options, Sink& sink, u64* position) {
    co_await boost::asio::this_coro::throw_if_cancelled(false);
    ReadPlan plan;
    plan.offset = options.offset.value_or(0);
    plan.length = options.length;
    plan.expected_end = source.expected_end();
    u64 expected = plan.expected_end > plan.offset ? plan.expected_end - plan.offset : 0;
    if (plan.length) expected = std::min(expected, *plan.length);
    sink.progress.begin(source.path, expected);
    const u64 begin = plan.offset;
    u64 copied = 0;
    ReadStream stream(source.file, plan);
    for (;;) {
        auto payload = co_await stream.next();
        if (!payload) {
            const Error error = interrupted_copy(payload.error(), copied, expected);
            sink.progress.end();
            sink.messages.report(source.path, error);
            co_return !sink.messages.hopeless();
        }
        if (payload->bytes.empty()) break;
        auto writing = sink.out.write(payload->bytes);
        const bool written = co_await std::move(writing);
        if (!written) co_return false;
        copied += payload->bytes.size();
        sink.progress.advance(payload->bytes.size());
    }
    sink.progress.end();
    if (position != nullptr) *position = begin + copied;
    co_return true;
}

}  // namespace p9::tools
