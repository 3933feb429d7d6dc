// Any bytes as the data of a directory of 9P2000 and of 9P2000.u.
#include "p9/messages.hpp"

#include "fuzz/records.hpp"

extern "C" int LLVMFuzzerTestOneInput(const p9::u8* data, std::size_t size) {
    p9::fuzz::records<p9::Stat>({data, size}, p9::Dialect::base);
    p9::fuzz::records<p9::Stat>({data, size}, p9::Dialect::unix_);
    return 0;
}
