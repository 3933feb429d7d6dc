#include "dialect.hpp"

#include <deque>

namespace p9 {

struct ReadStream::State {
    struct Request {
        u64 offset;
        u32 count;
        Clock::time_point sent = Clock::now();
        Call<Tread> call;
        Request(const File& file, u64 at, u32 n)
            : offset(at), count(n), call(file.node().session(), Tread{file.node().fid(), at, n}) {}
    };

    const File& file;
    u64 next;           // the offset to ask for next
    u64 end;            // never ask at or beyond this
    u64 expected_end;   // ask ahead up to here; beyond it one request at a time
    u32 chunk;          // bytes of one request
    std::size_t most;   // requests in flight at most, for the sake of memory
    double window = 4;  // requests in flight that the connection seems to carry
    bool doubling = true;
    bool at_end = false;
    Duration shortest = Duration::max();  // the round trip without a queue at the server
    std::deque<Request> requests;         // in order of offset

    State(const File& f, const ReadPlan& plan)
        : file(f),
          next(plan.offset),
          end(plan.length ? plan.offset + std::min(*plan.length, ~u64{0} - plan.offset) : ~u64{0}),
          expected_end(std::min(plan.expected_end, end)),
          chunk(f.max_io()),
          most(std::clamp<std::size_t>(plan.window_bytes / chunk, 1, MAX_IN_FLIGHT)) {}

    /// Asks for what the window has room for. Right behind the expected end one more request goes along: its empty
    /// answer is what says that the file ends there.
    void ask() {
        const auto room = std::min<std::size_t>(static_cast<std::size_t>(window), most);
        while (next < end &&
               (requests.empty() || (requests.size() < room && next <= expected_end && expected_end != 0))) {
            const u64 until = next < expected_end ? expected_end : end;
            const auto count = static_cast<u32>(std::min<u64>(chunk, until - next));
            const bool behind = next >= expected_end;
            requests.emplace_back(file, next, count);
            next += count;
            if (behind) break;
        }
    }

    /// Adapts the window to a round trip: the number of requests that do not overlap with the bare latency
    /// are those that queue at the server (the idea of TCP Vegas). A few keep it busy, and over a slow link as many as
    /// half of the window, because a batch that left together comes back one after the other.
    void learn(Duration round_trip) {
        shortest = std::min(shortest, round_trip);
        const double queued = window * (1.0 - static_cast<double>(shortest.count()) /
                                                  static_cast<double>(std::max<Duration::rep>(round_trip.count(), 1)));
        if (queued < std::max(2.0, window / 2))
            window += doubling ? 1 : 1 / window;
        else
            doubling = false;
        if (queued > std::max(4.0, window * 3 / 4)) window = std::max(2.0, window - 1 / window);
        window = std::min(window, static_cast<double>(std::max<std::size_t>(most, 2)));
    }
};

ReadStream::ReadStream(const File& file, ReadPlan plan) : state_(std::make_unique<State>(file, plan)) {}
ReadStream::~ReadStream() = default;
ReadStream::ReadStream(ReadStream&&) noexcept = default;

awaitable<Result<Payload>> ReadStream::next() {
    State& s = *state_;
    if (!s.at_end) s.ask();
    if (s.requests.empty()) co_return Payload();
    State::Request& front = s.requests.front();
    auto reply = co_await front.call.reply();
    if (!reply) {
        const Error error = reply.error();
        s.at_end = true;
        s.requests.clear();
        co_return error;
    }
    s.learn(Clock::now() - front.sent);
    const auto got = static_cast<u32>(reply->data.bytes.size());
    const u64 reached = front.offset + got;
    const u32 missing = front.count - got;
    s.requests.pop_front();
    if (got == 0) {
        // read(5): only an empty answer is the end of a file. What was asked beyond it does not matter.
        s.at_end = true;
        s.requests.clear();
    } else if (missing != 0 && s.requests.empty()) {
        s.next = reached;
    } else if (missing != 0) {
        s.requests.emplace_front(s.file, reached, missing);
        // A server that never fills a request is asked for as much as it gives.
        s.chunk = std::max<u32>(got, 4096);
    }
    co_return std::move(reply->data);
}

}  // namespace p9
