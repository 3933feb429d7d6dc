#include "p9/error.hpp"

#include <cerrno>
#include <cstring>

namespace p9 {
namespace {

class ClientCategory final : public boost::system::error_category {
public:
    const char* name() const noexcept override { return "9p"; }
    std::string message(int value) const override {
        switch (static_cast<errc>(value)) {
            case errc::bad_address:
                return "bad address";
            case errc::connection_failed:
                return "cannot connect";
            case errc::handshake_failed:
                return "the handshake failed";
            case errc::connection_lost:
                return "the connection was lost";
            case errc::protocol_violation:
                return "the server broke the protocol";
            case errc::timed_out:
                return "out of time";
            case errc::cancelled:
                return "cancelled";
        }
        return "unknown error";
    }
};

}  // namespace

const boost::system::error_category& client_category() {
    static const ClientCategory category;
    return category;
}

boost::system::error_code make_error_code(errc code) { return {static_cast<int>(code), client_category()}; }

Error Error::from_errno(int number, std::string words) {
    return {boost::system::error_code(number, boost::system::generic_category()), std::move(words)};
}

bool Error::is_errno(int number) const {
    return code.category() == boost::system::generic_category() && code.value() == number;
}

int Error::to_errno() const {
    if (code.category() == boost::system::generic_category() || code.category() == boost::system::system_category())
        return code.value();
    if (code.category() != client_category()) return EIO;
    switch (static_cast<errc>(code.value())) {
        case errc::bad_address:
            return EINVAL;
        case errc::connection_failed:
        case errc::handshake_failed:
        case errc::connection_lost:
            return ENOTCONN;
        case errc::protocol_violation:
            return EPROTO;
        case errc::timed_out:
            return ETIMEDOUT;
        case errc::cancelled:
            return EINTR;
    }
    return EIO;
}

std::string Error::message() const {
    if (!text.empty()) return text;
    return code.category() == client_category() ? code.message() : errno_message(code.value());
}

Error Error::about(std::string_view what) const { return {code, std::string(what) + ": " + message()}; }

Failure::Failure(Error e) : std::runtime_error(e.message()), error(std::move(e)) {}

void throw_exception_from_error(const Error& error, const boost::source_location&) { throw Failure(error); }

std::string errno_message(int number) {
    // glibc's descriptions do not depend on the locale; an unknown number has none.
    const char* words = ::strerrordesc_np(number);
    return words != nullptr ? words : "error " + std::to_string(number);
}

}  // namespace p9
