// Errors as values: an error code that programs can compare and the words that people read.
//
// An Error is an ordinary value and may move between threads. The code is either an errno (generic
// category, Linux numbers on every host: the server refused something) or one of `errc` (the connection
// or the conversation failed). The text holds the server's own words where it sent any.
#pragma once

#include "p9/types.hpp"

#include <boost/system/error_code.hpp>
#include <boost/system/result.hpp>

#include <stdexcept>
#include <string>

namespace p9 {

/// What can go wrong beside a server's refusal.
enum class errc {
    bad_address = 1,     ///< an address that does not parse
    connection_failed,   ///< nothing could be dialled
    handshake_failed,    ///< version, auth or attach did not come to an agreement
    connection_lost,     ///< the connection ended while something was still wanted of it
    protocol_violation,  ///< the server sent what the protocol forbids
    timed_out,           ///< a deadline passed
    cancelled,           ///< the caller gave up; the request was flushed
};

const boost::system::error_category& client_category();
boost::system::error_code make_error_code(errc code);

/// Why an operation failed.
struct Error {
    boost::system::error_code code;
    /// Words for a person, without a trailing full stop; empty means that the code's own message says it all.
    std::string text;

    Error() = default;
    Error(boost::system::error_code c, std::string words = {}) : code(c), text(std::move(words)) {}
    Error(errc c, std::string words = {}) : code(make_error_code(c)), text(std::move(words)) {}

    /// An error of errno number `number` (Linux's numbering).
    static Error from_errno(int number, std::string words = {});

    /// True if the connection or the conversation failed (an `errc`), as opposed to a server's refusal.
    bool is_errc() const { return code.category() == client_category(); }
    /// True for a refusal with this errno number.
    bool is_errno(int number) const;
    /// The Linux errno that stands for this error: the server's own, or EIO, ETIMEDOUT, EINTR, ... for an `errc`.
    int to_errno() const;
    /// The text, or the code's message where there is none.
    std::string message() const;
    /// The same error with "`what`: " before its words.
    Error about(std::string_view what) const;
};

/// A value or the reason why there is none.
template <class T>
using Result = boost::system::result<T, Error>;

/// What Result::value() throws: for programs that prefer one try in main.
struct Failure : std::runtime_error {
    Error error;
    explicit Failure(Error e);
};

[[noreturn]] void throw_exception_from_error(const Error& error, const boost::source_location& where);

/// The Linux errno for the text of a 9P2000 Rerror; EIO for words that nobody knows.
int errno_of_text(std::string_view ename);
/// The message of a Linux errno, the same on every host.
std::string errno_message(int number);

}  // namespace p9

template <>
struct boost::system::is_error_code_enum<p9::errc> : std::true_type {};
