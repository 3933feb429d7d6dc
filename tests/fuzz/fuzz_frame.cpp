// Any bytes as one frame: nothing is read beyond its end, and whatever decodes is exactly what it encodes to.
#include "p9/trace.hpp"
#include "p9/wire.hpp"

#include "fuzz/require.hpp"
#include "unit/messages_filled.hpp"

using namespace p9;

extern "C" int LLVMFuzzerTestOneInput(const u8* data, std::size_t size) {
    // libFuzzer's own memory ends where the input ends.
    const Bytes frame(data, size);
    for (const Dialect dialect : test::all_dialects) {
        const std::string line = describe(frame, dialect);
        fuzz::require(!line.empty(), "every frame has a description");
        for (const char c : line)
            fuzz::require(static_cast<u8>(c) >= 0x20 && c != 0x7f, "a description is one clean line");
        if (size < HEADER_SIZE) continue;
        // Every message, not only the one that the header names: a server chooses the header too.
        test::for_each_message(Messages{}, [&]<class M>() {
            const auto message = decode<M>(body_of(frame), dialect);
            if (!message) return;
            ByteVector again;
            fuzz::require(encode(again, header_of(frame).tag, *message, dialect), "what was decoded can be encoded");
            fuzz::require(again.size() == size, "what was decoded is as long as it was");
            fuzz::require(std::ranges::equal(body_of(again), body_of(frame)),
                          "what was decoded encodes to the same bytes");
            const auto back = decode<M>(body_of(again), dialect);
            fuzz::require(back && *back == *message, "the same bytes decode to the same message");
        });
    }
    return 0;
}
