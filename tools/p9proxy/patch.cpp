#include "tools/p9proxy/patch.hpp"

namespace p9::proxy {
namespace {

using namespace boost::endian;

constexpr std::size_t NOWHERE = ~std::size_t{0};

/// Goes over the fields of a message without reading more of them than their lengths.
struct Finder {
    Dialect dialect;
    Bytes frame;
    FidFields& fids;
    u8 type;
    std::size_t at = HEADER_SIZE;
    bool ok = true;

    void operator()(std::string_view name, const wire::Integer auto& x) {
        if constexpr (std::is_same_v<std::decay_t<decltype(x)>, Fid>) found(name);
        skip(sizeof x);
    }
    void operator()(const char*, const std::string&) { skip(short_length()); }
    void operator()(const char*, const Payload&) {
        skip(has(4) ? std::size_t{4} + load_little_u32(frame.data() + at) : NOWHERE);
    }
    void operator()(const char* name, const Names&) {
        const std::size_t names = has(2) ? load_little_u16(frame.data() + at) : 0;
        skip(2);
        for (std::size_t i = 0; i < names && at != NOWHERE; ++i) (*this)(name, std::string());
    }
    template <class T>
    void operator()(const char*, const Counted<T>&) {
        skip(short_length());
    }
    template <class T>
    void operator()(const char*, const Tail<T>&) {}

private:
    bool has(std::size_t bytes) const { return at != NOWHERE && frame.size() - at >= bytes; }
    std::size_t short_length() const { return has(2) ? std::size_t{2} + load_little_u16(frame.data() + at) : NOWHERE; }
    void skip(std::size_t bytes) { at = has(bytes) ? at + bytes : NOWHERE; }

    void found(std::string_view name) {
        ok = ok && has(4);
        if (!ok) return;
        const bool made = name == "newfid" || (type == Tattach::type && name == "fid") || type == Tauth::type;
        fids.push_back({at, Fid{load_little_u32(frame.data() + at)}, made, name == "afid" && type == Tattach::type});
    }
};

}  // namespace

Readable find_fids(Bytes frame, Dialect dialect, FidFields& fids) {
    const u8 type = header_of(frame).type;
    Readable result = Readable::no_request;
    with_message(Messages{}, type, [&]<class T>() {
        if constexpr (requires { typename T::Reply; }) {
            if (!speaks(T::dialects, dialect)) return;
            static const T blank{};
            Finder finder{dialect, frame, fids, type};
            T::fields(blank, finder);
            result = finder.ok ? Readable::yes : Readable::too_short;
        }
    });
    return result;
}

u16 names_of_walk(Bytes frame) {
    constexpr std::size_t at = HEADER_SIZE + 8;
    return frame.size() < at + 2 ? u16{0} : load_little_u16(frame.data() + at);
}

std::optional<u16> qids_of_walk(Bytes frame) {
    if (frame.size() < HEADER_SIZE + 2) return std::nullopt;
    return load_little_u16(frame.data() + HEADER_SIZE);
}

void put_fid(std::span<u8> frame, std::size_t at, Fid fid) { store_little_u32(frame.data() + at, number(fid)); }

void put_tag(std::span<u8> frame, Tag tag) { store_little_u16(frame.data() + 5, number(tag)); }

void bound_count(std::span<u8> frame, u32 most) {
    constexpr std::size_t at = HEADER_SIZE + 12;  // after fid[4] offset[8], in both
    if (frame.size() < at + 4) return;
    if (load_little_u32(frame.data() + at) > most) store_little_u32(frame.data() + at, most);
}

}  // namespace p9::proxy
