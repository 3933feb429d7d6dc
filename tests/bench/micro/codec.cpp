// Encoding and decoding of small messages: time, and allocations beyond those of the message's strings. The strings are
// short enough to need none, but for the last case, where each of the two names needs one.
#include "allocations.hpp"

#include "p9/wire.hpp"

#include <benchmark/benchmark.h>

namespace {

using namespace p9;

template <class M>
M sample();

template <>
Twalk sample() {
    Twalk walk{Fid{1}, Fid{2}, {}};
    walk.wname.emplace_back("etc");
    walk.wname.emplace_back("passwd");
    return walk;
}
template <>
Rwalk sample() {
    Rwalk walk;
    walk.wqid.push_back({QTDIR, 1, 2});
    walk.wqid.push_back({QTFILE, 1, 3});
    return walk;
}
template <>
Tread sample() {
    return {Fid{1}, 4096, 65536};
}
template <>
Tgetattr sample() {
    return {Fid{1}, GETATTR_BASIC};
}
template <>
Rgetattr sample() {
    Rgetattr reply{};
    reply.valid = GETATTR_BASIC;
    reply.mode = 0100644;
    reply.size = 1234;
    return reply;
}
template <>
Rlerror sample() {
    return {2};
}

template <class M>
void encode_message(benchmark::State& state) {
    const M message = sample<M>();
    ByteVector out;
    out.reserve(256);
    const std::size_t before = bench::allocations();
    for (auto _ : state) {
        out.clear();
        benchmark::DoNotOptimize(encode(out, Tag{1}, message, Dialect::linux_));
        benchmark::DoNotOptimize(out.data());
    }
    state.counters["allocations"] =
        benchmark::Counter(static_cast<double>(bench::allocations() - before), benchmark::Counter::kAvgIterations);
}

template <class M>
void decode_bytes(benchmark::State& state, const M& message) {
    ByteVector bytes;
    if (!encode(bytes, Tag{1}, message, Dialect::linux_)) return state.SkipWithError("does not encode");
    const std::size_t before = bench::allocations();
    for (auto _ : state) benchmark::DoNotOptimize(decode<M>(body_of(bytes), Dialect::linux_));
    state.counters["allocations"] =
        benchmark::Counter(static_cast<double>(bench::allocations() - before), benchmark::Counter::kAvgIterations);
}
template <class M>
void decode_message(benchmark::State& state) {
    decode_bytes(state, sample<M>());
}

void decode_long_names(benchmark::State& state) {
    Twalk walk{Fid{1}, Fid{2}, {}};
    walk.wname.emplace_back(40, 'a');
    walk.wname.emplace_back(40, 'b');
    decode_bytes(state, walk);
}

BENCHMARK(encode_message<Twalk>)->Name("encode/Twalk");
BENCHMARK(encode_message<Tread>)->Name("encode/Tread");
BENCHMARK(encode_message<Tgetattr>)->Name("encode/Tgetattr");
BENCHMARK(encode_message<Rgetattr>)->Name("encode/Rgetattr");
BENCHMARK(decode_message<Twalk>)->Name("decode/Twalk");
BENCHMARK(decode_message<Rwalk>)->Name("decode/Rwalk");
BENCHMARK(decode_message<Rgetattr>)->Name("decode/Rgetattr");
BENCHMARK(decode_message<Rlerror>)->Name("decode/Rlerror");
BENCHMARK(decode_long_names)->Name("decode/Twalk_two_long_names");

}  // namespace
