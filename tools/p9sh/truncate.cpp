// truncate: sets the length of files.
#include "tools/p9sh/places.hpp"

#include "p9/trace.hpp"
#include "tools/options.hpp"

#include <cerrno>

namespace p9::tools {
namespace {

/// The length that "SIZE", "+SIZE" or "-SIZE" makes of `length`.
Result<u64> changed_length(const std::string& text, u64 length) {
    const char sign = text.empty() ? '\0' : text[0];
    const bool relative = sign == '+' || sign == '-';
    const auto number = parse_number(std::string_view(text).substr(relative ? 1 : 0), true);
    if (!number)
        return Error::from_errno(EINVAL,
                                 "-s: expected a length such as 0, 64K, +1M or -10, not \"" + escaped(text) + '"');
    if (sign == '+') return length + *number;
    if (sign == '-') return length - std::min(length, *number);
    return *number;
}

}  // namespace

Result<void> check_truncate(const Arguments& arguments) {
    if (!arguments.has('s')) return Error::from_errno(EINVAL, "-s SIZE is missing");
    const auto length = changed_length(*arguments.value('s'), 0);
    if (!length) return length.error();
    return {};
}

awaitable<void> run_truncate(Call& call) {
    auto finding = remote_paths(call);
    const auto paths = co_await std::move(finding);
    for (const auto& path : paths) {
        const std::string place = call.shell.absolute(path);
        auto there = co_await call.client().attributes(place);
        if (!there && there.error().is_errno(ENOENT)) {
            if (call.arguments.has('c')) continue;
            auto made = co_await call.client().create(place, P9_O_WRONLY, 0666);
            if (made)
                there = Attributes();
            else
                there = made.error();
        }
        if (!there) {
            call.messages().report(path, there.error());
        } else {
            AttributeChange change;
            change.size = *changed_length(*call.arguments.value('s'), there->size);
            const auto changed = co_await call.client().change(place, change);
            if (!changed) call.messages().report(path, changed.error());
        }
        if (call.messages().hopeless()) co_return;
    }
}

}  // namespace p9::tools
