// Messages of any sizes in pieces of any sizes: the framer gives each back whole, and stops at the first impossible
// one.
//
// Each five bytes of the input are one message and the piece it is read in: size[3], then the longest piece[2].
#include "transports/framer.hpp"

#include "fuzz/require.hpp"

#include <algorithm>
#include <vector>

using namespace p9;

namespace {

constexpr u32 LARGEST = 200'000;

struct Plan {
    std::vector<u8> stream;
    std::vector<std::size_t> sizes;   // of the messages, in order; the last may be impossible
    std::vector<std::size_t> pieces;  // how much is read at once, in turn
};

Plan plan_of(Bytes input) {
    Plan plan;
    for (; input.size() >= 5 && plan.stream.size() < 1'000'000; input = input.subspan(5)) {
        const std::size_t size = input[0] | input[1] << 8 | (input[2] & 3) << 16;
        plan.pieces.push_back(1 + (input[3] | std::size_t{input[4]} << 8));
        const std::size_t begin = plan.stream.size();
        plan.sizes.push_back(size);
        // An impossible size is sent with a header's worth of bytes, as a server that lost its place would.
        plan.stream.resize(begin + std::max<std::size_t>(size > LARGEST ? 0 : size, HEADER_SIZE));
        for (std::size_t i = begin; i < plan.stream.size(); ++i) plan.stream[i] = static_cast<u8>(i * 31 + (i >> 8));
        for (std::size_t i = 0; i < 4; ++i) plan.stream[begin + i] = static_cast<u8>(size >> (8 * i));
        if (size < HEADER_SIZE || size > LARGEST) break;
    }
    return plan;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const u8* data, std::size_t size) {
    const Plan plan = plan_of({data, size});
    Bytes rest = plan.stream;
    Bytes expected = plan.stream;
    std::size_t message = 0;
    std::size_t read = 0;
    Framer framer;
    framer.max_message(LARGEST);
    while (!rest.empty()) {
        const Framer::Space space = framer.space();
        fuzz::require(!space[0].empty(), "there is room to read into");
        const std::size_t piece = plan.pieces[read++ % plan.pieces.size()];
        const std::size_t count = std::min({piece, rest.size(), space[0].size() + space[1].size()});
        const std::size_t first = std::min(count, space[0].size());
        std::copy_n(rest.data(), first, space[0].data());
        std::copy_n(rest.data() + first, count - first, space[1].data());
        framer.advance(count);
        rest = rest.subspan(count);
        for (;;) {
            const bool ready = framer.ready();
            const auto next = framer.next();
            if (!next) {
                fuzz::require(ready, "an error is ready");
                const std::size_t bad = plan.sizes.at(message);
                fuzz::require(bad < HEADER_SIZE || bad > LARGEST, "only an impossible size is refused");
                fuzz::require(!framer.next(), "and stays refused");
                return 0;
            }
            fuzz::require(ready == next->has_value(), "ready() says what next() does");
            if (!next->has_value()) break;
            const std::size_t whole = plan.sizes.at(message++);
            fuzz::require(whole >= HEADER_SIZE && whole <= LARGEST, "an impossible size is refused");
            fuzz::require(std::ranges::equal((*next)->bytes(), expected.first(whole)),
                          "a message comes back as it was");
            expected = expected.subspan(whole);
        }
    }
    fuzz::require(expected.empty(), "every message came back");
    fuzz::require(!framer.mid_message(), "nothing is left");
    return 0;
}
