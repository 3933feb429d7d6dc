// Messages with something in every field, made from their declarations: for typed tests and as seeds of the fuzz
// targets.
#pragma once

#include "p9/wire.hpp"

#include <array>
#include <string>

namespace p9::test {

inline constexpr std::array all_dialects{Dialect::base, Dialect::unix_, Dialect::linux_};

/// How a message is filled in.
enum class Filling : u8 {
    usual,    ///< distinct numbers, a few names, some text in several scripts, a short payload
    sparse,   ///< zero and empty everywhere
    extreme,  ///< all ones, as many names as allowed, long strings
};
inline constexpr std::array all_fillings{Filling::usual, Filling::sparse, Filling::extreme};

/// Writes to every field that it visits. No two numbers or neighbouring strings are the same, so that fields that
/// changed places are noticed.
struct Filler {
    Dialect dialect;
    Filling filling = Filling::usual;
    u64 counter = 0;
    std::size_t text = 0;

    template <wire::Integer T>
    void operator()(const char*, T& x) {
        if (filling == Filling::usual) {
            u64 value = 0;
            for (int i = 0; i < 8; ++i) value = value << 8 | (++counter & 0xff);
            x = static_cast<T>(value);
        } else {
            x = static_cast<T>(filling == Filling::sparse ? u64{0} : ~u64{0});
        }
    }
    void operator()(const char*, std::string& s) {
        static const std::array<std::string, 8> texts{"glenda",
                                                      "\u0395\u03bb\u03bb\u03ac\u03b4\u03b1",
                                                      "\u65e5\u672c\u8a9e",
                                                      "",
                                                      "\u05e2\u05d1\u05e8\u05d9\u05ea",
                                                      "na\u00efve \U0001f980",
                                                      "\u0440\u0443\u0441\u0441\u043a\u0438\u0439",
                                                      std::string("\xff\xfe not UTF-8", 12)};
        if (filling == Filling::usual)
            s = texts[text++ % texts.size()];
        else
            s.assign(filling == Filling::sparse ? 0 : 300, 'x');
    }
    void operator()(const char*, Payload& p) {
        static constexpr std::array<u8, 9> bytes{'d', 'a', 't', 'a', 0, 0xff, '\n', 0x80, 7};
        p = filling == Filling::sparse ? Payload() : Payload(Bytes(bytes));
    }
    void operator()(const char* name, Names& names) { list(name, names); }
    void operator()(const char* name, Qids& qids) { list(name, qids); }
    template <class T>
    void operator()(const char* name, Counted<T>& counted) {
        (*this)(name, counted.value);
    }
    template <class T>
    void operator()(const char* name, Tail<T>& tail) {
        (*this)(name, tail.value.emplace());
    }
    template <wire::Record<Filler> T>
    void operator()(const char*, T& record) {
        T::fields(record, *this);
    }

private:
    void list(const char* name, auto& values) {
        values.resize(filling == Filling::usual ? 3 : filling == Filling::sparse ? 0 : MAXWELEM);
        for (auto& value : values) (*this)(name, value);
    }
};

/// An M whose every field is filled in.
template <class M>
M filled(Dialect dialect, Filling filling = Filling::usual) {
    M message{};
    Filler filler{dialect, filling};
    M::fields(message, filler);
    return message;
}

/// Calls `visit.operator()<M>()` for every message of the list.
template <class... Ms>
void for_each_message(List<Ms...>, auto&& visit) {
    (visit.template operator()<Ms>(), ...);
}

/// Says which of the combinations failed.
inline std::string where(Dialect dialect, Filling filling = Filling::usual) {
    return std::string(version_string(dialect)) + ", filling " + std::to_string(static_cast<int>(filling));
}

}  // namespace p9::test
