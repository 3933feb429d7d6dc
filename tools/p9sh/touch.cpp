// touch: makes empty files, and sets times.
#include "tools/p9sh/modes.hpp"
#include "tools/p9sh/places.hpp"

#include "p9/trace.hpp"
#include "tools/options.hpp"

#include <cerrno>
#include <ctime>

namespace p9::tools {
namespace {

/// "@SECONDS", or "2026-11-22", "2026-11-22 14:07" and "2026-11-22 14:07:30" in local time.
Result<Time> parse_time(const std::string& text) {
    if (text.starts_with('@')) {
        if (const auto seconds = parse_number(std::string_view(text).substr(1), false); seconds && *seconds >> 40 == 0)
            return Time{static_cast<std::int64_t>(*seconds), 0};
    }
    for (const char* form : {"%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d"}) {
        std::tm parts{};
        parts.tm_isdst = -1;
        const char* end = ::strptime(text.c_str(), form, &parts);
        if (end != nullptr && *end == '\0') return Time{std::mktime(&parts), 0};
    }
    return Error::from_errno(
        EINVAL, R"(-d: expected a time such as "2026-11-22 14:07" or @SECONDS, not ")" + escaped(text) + '"');
}

awaitable<void> touch_one(Call& call, std::string path, TimeChange time) {
    const std::string place = call.shell.absolute(path);
    const auto there = co_await call.client().attributes(place);
    if (!there && !there.error().is_errno(ENOENT)) co_return call.messages().report(path, there.error());
    if (!there) {
        if (call.arguments.has('c')) co_return;
        auto made = co_await call.client().create(place, P9_O_WRONLY, after_umask(0666));
        if (!made) co_return call.messages().report(path, made.error());
        if (!time.time) co_return;
    }
    AttributeChange change;
    const bool both = call.arguments.has('a') == call.arguments.has('m');
    if (both || call.arguments.has('a')) change.atime = time;
    if (both || call.arguments.has('m')) change.mtime = time;
    const auto changed = co_await call.client().change(place, change);
    if (!changed) call.messages().report(path, changed.error());
}

}  // namespace

Result<void> check_touch(const Arguments& arguments) {
    const std::string* text = arguments.value('d');
    if (text == nullptr) return {};
    const auto time = parse_time(*text);
    if (!time) return time.error();
    return {};
}

awaitable<void> run_touch(Call& call) {
    TimeChange time;
    if (const std::string* text = call.arguments.value('d'); text != nullptr) time.time = *parse_time(*text);
    auto finding = remote_paths(call);
    const auto paths = co_await std::move(finding);
    for (const auto& path : paths) {
        auto touching = touch_one(call, path, time);
        co_await std::move(touching);
        if (call.messages().hopeless()) co_return;
    }
}

}  // namespace p9::tools
