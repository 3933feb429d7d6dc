#include "p9/wire.hpp"

namespace p9 {

std::string_view version_string(Dialect dialect) {
    switch (dialect) {
        case Dialect::base:
            return "9P2000";
        case Dialect::unix_:
            return "9P2000.u";
        case Dialect::linux_:
            return "9P2000.L";
    }
    return "unknown";
}

std::optional<Dialect> dialect_of(std::string_view version) {
    for (const Dialect dialect : {Dialect::base, Dialect::unix_, Dialect::linux_})
        if (version == version_string(dialect)) return dialect;
    return std::nullopt;
}

Stat unchanged_stat() {
    Stat stat;
    stat.type = 0xffff;
    stat.dev = 0xffffffff;
    stat.qid = {0xff, 0xffffffff, ~u64{0}};
    stat.mode = 0xffffffff;
    stat.atime = 0xffffffff;
    stat.mtime = 0xffffffff;
    stat.length = ~u64{0};
    return stat;
}

std::string message_name(u8 type) {
    std::string name;
    if (!with_message(Messages{}, type, [&]<class M>() { name = M::message; })) name = "type " + std::to_string(type);
    return name;
}

}  // namespace p9
