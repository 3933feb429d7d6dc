// From messages to bytes and back.
//
// `encode` appends a message to a byte vector, `decode` reads one from a frame's body; both follow from the
// declarations in messages.hpp. Encoding and decoding allocate nothing beyond the strings of a message.
// A decoded Payload borrows from the frame. Free functions, no state; usable from any thread.
#pragma once

#include "p9/messages.hpp"

#include <boost/endian/conversion.hpp>

#include <concepts>
#include <type_traits>
#include <vector>

namespace p9 {

/// An allocator that leaves new elements uninitialised, so that growing a byte vector does not clear it first.
template <class T>
struct Uninitialised : std::allocator<T> {
    template <class U>
    struct rebind {
        using other = Uninitialised<U>;
    };
    template <class U>
    void construct(U* at) {
        ::new (static_cast<void*>(at)) U;
    }
    template <class U, class... A>
    void construct(U* at, A&&... args) {
        ::new (static_cast<void*>(at)) U(std::forward<A>(args)...);
    }
};

/// Bytes to be sent.
using ByteVector = std::vector<u8, Uninitialised<u8>>;

namespace wire {

template <class T>
concept Integer = std::unsigned_integral<T> || std::is_enum_v<T>;
template <class T, class V>
concept Record = requires(T& record, V& visitor) { T::fields(record, visitor); };
template <class T>
concept Sized = requires { T::sized; };

template <class T>
inline constexpr std::size_t count_size = 2;
template <>
inline constexpr std::size_t count_size<Payload> = 4;

/// Adds up the encoded size of what it visits.
struct Sizer {
    Dialect dialect;
    std::size_t size = 0;

    void operator()(const char*, const Integer auto& x) { size += sizeof x; }
    void operator()(const char*, const std::string& s) { size += 2 + s.size(); }
    void operator()(const char*, const Payload& p) { size += 4 + p.bytes.size(); }
    void operator()(const char*, const Names& names) {
        size += 2;
        for (const auto& name : names) size += 2 + name.size();
    }
    void operator()(const char*, const Qids& qids) { size += 2 + 13 * qids.size(); }
    template <class T>
    void operator()(const char* name, const Counted<T>& counted) {
        size += 2;
        (*this)(name, counted.value);
    }
    template <class T>
    void operator()(const char*, const Tail<T>& tail) {
        if (tail.value) size += sizeof(T);
    }
    template <Record<Sizer> T>
    void operator()(const char*, const T& record) {
        if constexpr (Sized<T>) size += 2;
        T::fields(record, *this);
    }
};

template <class T>
std::size_t size_of(const T& record, Dialect dialect) {
    Sizer sizer{dialect};
    sizer("", record);
    return sizer.size;
}

/// Writes what it visits to memory that a Sizer has measured. `ok` turns false for a string or a record
/// that its 16-bit length cannot express.
struct Writer {
    Dialect dialect;
    u8* at;
    bool ok = true;

    template <Integer T>
    void operator()(const char*, const T& x) {
        using Number = std::make_unsigned_t<T>;
        boost::endian::endian_store<Number, sizeof(T), boost::endian::order::little>(at, static_cast<Number>(x));
        at += sizeof(T);
    }
    void operator()(const char* name, const std::string& s) {
        length(name, s.size());
        raw(s.data(), s.size());
    }
    void operator()(const char* name, const Payload& p) {
        (*this)(name, static_cast<u32>(p.bytes.size()));
        raw(p.bytes.data(), p.bytes.size());
    }
    void operator()(const char* name, const Names& names) {
        length(name, names.size());
        for (const auto& each : names) (*this)(name, each);
    }
    void operator()(const char* name, const Qids& qids) {
        length(name, qids.size());
        for (const auto& each : qids) (*this)(name, each);
    }
    template <class T>
    void operator()(const char* name, const Counted<T>& counted) {
        length(name, size_of(counted.value, dialect));
        (*this)(name, counted.value);
    }
    template <class T>
    void operator()(const char* name, const Tail<T>& tail) {
        if (tail.value) (*this)(name, *tail.value);
    }
    template <Record<Writer> T>
    void operator()(const char* name, const T& record) {
        if constexpr (Sized<T>) length(name, size_of(record, dialect) - 2);
        T::fields(record, *this);
    }

private:
    void length(const char* name, std::size_t n) {
        ok = ok && n <= 0xffff;
        (*this)(name, static_cast<u16>(n));
    }
    void raw(const void* bytes, std::size_t n) {
        if (n != 0) std::memcpy(at, bytes, n);
        at += n;
    }
};

/// Reads what it visits. After the first overrun `ok` is false and everything reads as zero or empty; no
/// length is believed before that many bytes are seen to be there.
struct Reader {
    Dialect dialect;
    Bytes in;
    bool ok = true;

    template <Integer T>
    void operator()(const char*, T& x) {
        using Number = std::make_unsigned_t<T>;
        const Bytes bytes = take(sizeof(T));
        x = ok ? static_cast<T>(
                     boost::endian::endian_load<Number, sizeof(T), boost::endian::order::little>(bytes.data()))
               : T{};
    }
    void operator()(const char* name, std::string& s) {
        const Bytes bytes = take(length(name));
        s.assign(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    }
    void operator()(const char* name, Payload& p) {
        u32 n = 0;
        (*this)(name, n);
        p.bytes = take(n);
    }
    void operator()(const char* name, Names& names) { list(name, names); }
    void operator()(const char* name, Qids& qids) { list(name, qids); }
    template <class T>
    void operator()(const char* name, Counted<T>& counted) {
        inside(length(name), [&](Reader& inner) { inner(name, counted.value); });
    }
    template <class T>
    void operator()(const char* name, Tail<T>& tail) {
        tail.value.reset();
        if (!in.empty()) (*this)(name, tail.value.emplace());
    }
    template <Record<Reader> T>
    void operator()(const char* name, T& record) {
        if constexpr (Sized<T>)
            inside(length(name), [&](Reader& inner) { T::fields(record, inner); });
        else
            T::fields(record, *this);
    }

    /// True if everything could be read and nothing is left over.
    bool complete() const { return ok && in.empty(); }

private:
    std::size_t length(const char* name) {
        u16 n = 0;
        (*this)(name, n);
        return n;
    }
    Bytes take(std::size_t n) {
        ok = ok && n <= in.size();
        if (!ok) return {};
        const Bytes taken = in.first(n);
        in = in.subspan(n);
        return taken;
    }
    void list(const char* name, auto& values) {
        const std::size_t n = length(name);
        ok = ok && n <= MAXWELEM;
        values.clear();
        for (std::size_t i = 0; ok && i < n; ++i) (*this)(name, values.emplace_back());
    }
    void inside(std::size_t n, auto&& read) {
        Reader inner{dialect, take(n), ok};
        read(inner);
        ok = ok && inner.complete();
    }
};

}  // namespace wire

/// The number of bytes that `encode` will add for `message`, its header included.
template <class M>
std::size_t encoded_size(const M& message, Dialect dialect) {
    return HEADER_SIZE + wire::size_of(message, dialect);
}

/// Appends `message` to `out`. False, with `out` as it was, if a string is too long for its 16-bit length.
template <class M>
[[nodiscard]] bool encode(ByteVector& out, Tag tag, const M& message, Dialect dialect) {
    const std::size_t size = encoded_size(message, dialect);
    const std::size_t before = out.size();
    out.resize(before + size);
    wire::Writer writer{dialect, out.data() + before};
    writer("size", static_cast<u32>(size));
    writer("type", M::type);
    writer("tag", tag);
    M::fields(message, writer);
    if (!writer.ok) out.resize(before);
    return writer.ok;
}

/// The message whose fields `body` holds; nothing if bytes are missing or left over.
template <class M>
std::optional<M> decode(Bytes body, Dialect dialect) {
    std::optional<M> message(std::in_place);
    wire::Reader reader{dialect, body};
    M::fields(*message, reader);
    if (!reader.complete()) message.reset();
    return message;
}

/// Calls `each` with every T (Stat, Dirent) that stands end to end in `data` until it returns false. False if
/// the data ends inside one.
template <class T>
[[nodiscard]] bool decode_each(Bytes data, Dialect dialect, auto&& each) {
    wire::Reader reader{dialect, data};
    while (!reader.in.empty()) {
        T record;
        reader("", record);
        if (!reader.ok) return false;
        if (!each(std::move(record))) return true;
    }
    return true;
}

/// The header of a message.
struct Header {
    u32 size{};
    u8 type{};
    Tag tag = NOTAG;
};

/// The header of a frame of at least HEADER_SIZE bytes.
inline Header header_of(Bytes frame) {
    using namespace boost::endian;
    return {load_little_u32(frame.data()), frame[4], Tag{load_little_u16(frame.data() + 5)}};
}

/// The fields of a frame, without its header.
inline Bytes body_of(Bytes frame) { return frame.subspan(HEADER_SIZE); }

/// Calls `visit.operator()<M>()` for the message M of this type number; false if there is none.
template <class... Ms>
bool with_message(List<Ms...>, u8 type, auto&& visit) {
    return ((Ms::type == type && (visit.template operator()<Ms>(), true)) || ...);
}

/// The name of a message type, such as "Twalk"; "type 99" for a number that nothing has.
std::string message_name(u8 type);

}  // namespace p9
