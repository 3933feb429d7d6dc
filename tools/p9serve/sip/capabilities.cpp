#include "tools/p9serve/sip/capabilities.hpp"

#include "tools/p9serve/sip/words.hpp"

#include <algorithm>
#include <cerrno>

namespace p9::serve::sip {
namespace {

struct Described {
    std::string_view word;
    Capabilities capability;
    std::string_view title;  // as the kernel calls it
};

constexpr Described CAPABILITIES[] = {
    {"filesystem", CAP_FILESYSTEM, "CapFilesystem"},
    {"device", CAP_DEVICE, "CapDeviceAccess"},
    {"ioport", CAP_IOPORT, "CapIOPort"},
    {"interrupt", CAP_INTERRUPT, "CapInterrupt"},
    {"dma", CAP_DMA, "CapDMA"},
    {"network", CAP_NETWORK, "CapNetwork"},
    {"exchange", CAP_EXCHANGE, "CapExchange"},
    {"all", CAP_ALL, "CapAll"},
};

}  // namespace

Result<Capabilities> parse_capability(std::string_view word) {
    std::vector<std::string_view> known;
    for (const Described& each : CAPABILITIES) {
        if (each.word == word) return each.capability;
        known.push_back(each.word);
    }
    return invalid("unknown capability " + quoted(word) + ": expected " + alternatives(known));
}

Result<Capabilities> parse_capabilities(std::string_view list) {
    std::string blanks(list);
    std::replace(blanks.begin(), blanks.end(), ',', ' ');
    const auto words = command_words(blanks);
    if (!words) return words.error();
    Capabilities set = CAP_NONE;
    for (const std::string_view word : *words) {
        if (word == "none" && words->size() == 1) break;
        const auto capability = parse_capability(word);
        if (!capability) return capability.error();
        set = set | *capability;
    }
    return set;
}

std::string capability_words(Capabilities set) {
    std::string text;
    for (const Described& each : CAPABILITIES) {
        if (each.capability == CAP_ALL || !includes(set, each.capability)) continue;
        if (!text.empty()) text += ' ';
        text += each.word;
    }
    return text;
}

Error capability_required(Capabilities capability) {
    std::string_view title = "CapAll";
    for (const Described& each : CAPABILITIES) {
        if (each.capability == capability) title = each.title;
    }
    return Error::from_errno(EACCES, "permission denied: " + std::string(title) + " required");
}

}  // namespace p9::serve::sip
