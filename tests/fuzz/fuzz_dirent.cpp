// Any bytes as the data of an Rreaddir.
#include "p9/messages.hpp"

#include "fuzz/records.hpp"

extern "C" int LLVMFuzzerTestOneInput(const p9::u8* data, std::size_t size) {
    p9::fuzz::records<p9::Dirent>({data, size}, p9::Dialect::linux_);
    return 0;
}
