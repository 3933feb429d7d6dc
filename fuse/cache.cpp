#include "fuse/cache.hpp"

#include <algorithm>

namespace p9::fuse {
namespace {

// Linux's coarse clock ticks every 10 ms at worst. Who shows whole seconds may mean two of them (FAT).
constexpr std::int64_t TICK = 25'000'000, LONG_TICK = 2'100'000'000;
// What fits into nanoseconds: the year 2242. A later time is no server's clock.
constexpr std::int64_t LATEST_SECOND = std::int64_t{1} << 33;

std::int64_t nanoseconds(const Time& time) {
    return std::clamp<std::int64_t>(time.seconds, 0, LATEST_SECOND) * 1'000'000'000 + time.nanoseconds % 1'000'000'000;
}

std::int64_t nanoseconds(Clock::time_point time) {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch()).count();
}

}  // namespace

Stamp stamp_of(const Attributes& attributes) {
    const Time ctime = (attributes.valid & GETATTR_CTIME) != 0 ? attributes.ctime : Time{};
    return {attributes.size,   attributes.mtime.seconds, ctime.seconds, attributes.mtime.nanoseconds,
            ctime.nanoseconds, attributes.qid.version};
}

void ServerClock::saw(const Stamp& stamp, Clock::time_point now) {
    const Time time = stamp.changed();
    if (time.seconds <= 0 || time.seconds >= LATEST_SECOND) return;
    const std::int64_t ahead = nanoseconds(time) - nanoseconds(now);
    ahead_ = std::max(ahead_.value_or(ahead), ahead);
}

bool ServerClock::settled(const Stamp& stamp, Clock::time_point now) const {
    if (!ahead_ || !stamp.tells()) return false;
    const Time time = stamp.changed();
    const std::int64_t age = nanoseconds(now) + *ahead_ - nanoseconds(time);
    return age > (time.nanoseconds == 0 ? LONG_TICK : TICK);
}

}  // namespace p9::fuse
