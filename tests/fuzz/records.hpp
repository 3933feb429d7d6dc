// The claim on data that holds records end to end, as directories are read.
#pragma once

#include "p9/wire.hpp"

#include "fuzz/require.hpp"

namespace p9::fuzz {

/// Decodes all T in `data` and encodes them again: the same bytes, up to the first that is not whole.
template <class T>
void records(Bytes data, Dialect dialect) {
    ByteVector again;
    const bool whole = decode_each<T>(data, dialect, [&](T record) {
        const std::size_t before = again.size();
        again.resize(before + wire::size_of(record, dialect));
        wire::Writer writer{dialect, again.data() + before};
        writer("", record);
        require(writer.ok, "what was decoded can be encoded");
        return true;
    });
    require(again.size() <= data.size(), "records are no longer than what they came from");
    require(whole == (again.size() == data.size()), "the end is told from a cut");
    require(std::ranges::equal(Bytes(again), data.first(again.size())), "what was decoded encodes to the same bytes");
    std::size_t calls = 0;
    (void)decode_each<T>(data, dialect, [&](const T&) { return ++calls < 1; });
    require(calls <= 1, "the caller's wish to stop is heard");
}

}  // namespace p9::fuzz
