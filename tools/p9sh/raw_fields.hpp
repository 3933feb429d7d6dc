// Visitors for the `fields` of a message (messages.hpp): their names, and setting them from text.
//
// Plain values; a visitor lives for one message.
#pragma once

#include "p9/error.hpp"
#include "p9/trace.hpp"
#include "p9/wire.hpp"

#include <cerrno>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace p9::tools {

/// "key=value" words by their keys.
using Given = std::map<std::string, std::string>;

/// The number that `text` spells, decimal, hexadecimal (0x), octal (0) or by a name (NOFID, NOTAG, NONUNAME), negative
/// ones as their complement; EINVAL if it does not fit into `bytes` bytes.
Result<u64> raw_number(std::string_view key, std::string_view text, std::size_t bytes);
/// The bytes that `text` spells in hexadecimal digits; blanks, ':' and '_' between them are left out.
Result<std::vector<u8>> raw_hex(std::string_view key, std::string_view text);
/// The parts of a list, with ',' between them.
std::vector<std::string> raw_list(const std::string& text);

/// Collects what can stand before '='.
struct FieldNames {
    Dialect dialect;
    std::vector<std::string>& names;
    std::string prefix;

    void operator()(const char* name, const auto& /*field*/) { names.push_back(prefix + name); }
    void operator()(const char* name, const Payload& /*field*/) {
        names.push_back(prefix + name);
        names.push_back(prefix + name + ".hex");
    }
    void operator()(const char* name, const Names& /*field*/) {
        names.push_back(prefix + name);
        names.push_back(prefix + "names");
    }
    template <class T>
    void operator()(const char* name, const Counted<T>& counted) {
        (*this)(name, counted.value);
    }
    template <wire::Record<FieldNames> T>
    void operator()(const char* name, const T& record) {
        FieldNames inner{dialect, names, prefix + name + "."};
        T::fields(record, inner);
    }
};

/// Sets the fields that are given, and takes them out of `given`.
struct FieldSetter {
    Dialect dialect;
    Given& given;
    std::string prefix;
    std::optional<Error> wrong;

    void operator()(const char* name, wire::Integer auto& x) {
        using T = std::decay_t<decltype(x)>;
        take(name, [&](const std::string& key, const std::string& text) {
            const auto value = raw_number(key, text, sizeof(T));
            if (value)
                x = static_cast<T>(*value);
            else
                wrong = value.error();
        });
    }
    void operator()(const char* name, std::string& s) {
        take(name, [&](const std::string&, const std::string& text) { s = text; });
    }
    void operator()(const char* name, Payload& p) {
        take(name, [&](const std::string&, const std::string& text) {
            set(p, Bytes(reinterpret_cast<const u8*>(text.data()), text.size()));
        });
        take(std::string(name) + ".hex", [&](const std::string& key, const std::string& text) {
            const auto bytes = raw_hex(key, text);
            if (bytes)
                set(p, *bytes);
            else
                wrong = bytes.error();
        });
    }
    void operator()(const char* name, Names& names) {
        const auto set_names = [&](const std::string& key, const std::string& text) {
            const auto parts = raw_list(text);
            if (parts.size() > MAXWELEM)
                wrong = Error::from_errno(EINVAL, key + ": a message holds 16 names at most; more go into bytes=HEX");
            else
                names.assign(parts.begin(), parts.end());
        };
        take(name, set_names);
        take("names", set_names);
    }
    void operator()(const char* name, Qids& qids) {
        // Only replies have lists of qids: their numbers, three for each.
        take(name, [&](const std::string& key, const std::string& text) {
            const auto parts = raw_list(text);
            for (std::size_t i = 0; i + 2 < parts.size() && qids.size() < MAXWELEM; i += 3) {
                const auto type = raw_number(key, parts[i], 1), version = raw_number(key, parts[i + 1], 4);
                const auto path = raw_number(key, parts[i + 2], 8);
                if (!type || !version || !path) {
                    wrong = Error::from_errno(EINVAL, key + ": expected TYPE,VERSION,PATH,TYPE,VERSION,PATH...");
                    return;
                }
                qids.push_back({static_cast<u8>(*type), static_cast<u32>(*version), *path});
            }
        });
    }
    template <class T>
    void operator()(const char* name, Counted<T>& counted) {
        (*this)(name, counted.value);
    }
    template <class T>
    void operator()(const char* name, Tail<T>& tail) {
        if (!given.contains(prefix + name)) return;
        (*this)(name, tail.value.emplace());
    }
    template <wire::Record<FieldSetter> T>
    void operator()(const char* name, T& record) {
        FieldSetter inner{dialect, given, prefix + name + ".", {}};
        T::fields(record, inner);
        if (inner.wrong) wrong = std::move(inner.wrong);
    }

private:
    void take(const std::string& name, auto&& set_it) {
        const auto found = given.find(prefix + name);
        if (found == given.end()) return;
        const auto node = given.extract(found);
        set_it(node.key(), node.mapped());
    }
    static void set(Payload& p, Bytes bytes) {
        p.owner = Buffer::copy_of(bytes);
        p.bytes = p.owner;
    }
};

}  // namespace p9::tools
