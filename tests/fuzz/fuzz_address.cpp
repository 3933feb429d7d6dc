// Any text as an address: what parses is printed so that it parses to the same.
#include "p9/transports/address.hpp"

#include "fuzz/require.hpp"

using namespace p9;

namespace {

void check(Result<Address> (*parse)(std::string_view), std::string_view text) {
    const auto address = parse(text);
    if (!address) {
        fuzz::require(address.error().code == make_error_code(errc::bad_address), "a refusal says bad_address");
        fuzz::require(!address.error().text.empty(), "a refusal says what was expected");
        return;
    }
    const std::string canonical = to_string(*address);
    const auto again = parse(canonical);
    fuzz::require(again.has_value(), "the canonical spelling parses");
    fuzz::require(*again == *address, "the canonical spelling is the same address");
    fuzz::require(to_string(*again) == canonical, "the canonical spelling is canonical");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const u8* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    check(parse_address, text);
    check(parse_listen_address, text);
    return 0;
}
