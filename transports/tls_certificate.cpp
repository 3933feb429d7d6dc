#ifdef P9_TLS

#include "transports/tls_certificate.hpp"

#include "p9/trace.hpp"

#include <arpa/inet.h>

#include <ctime>
#include <vector>

namespace p9::transports {
namespace {

constexpr const char* TRUST = "trust it with --tls-ca FILE, where FILE is ";

// Names come from the other end: one line of bounded length.
std::string shown(std::string_view text) { return escaped(text.substr(0, 100)); }

// The common name, or the organisation of a CA that has none.
std::string name_of(const OpenSsl& ssl, const X509_NAME* name) {
    char text[256];
    for (const int part : {NID_commonName, NID_organizationName}) {
        // Takes its argument as const only since 3.2, and never changes it.
        const int length = ssl.X509_NAME_get_text_by_NID(const_cast<X509_NAME*>(name), part, text, sizeof text);
        if (length > 0) return shown({text, std::min<std::size_t>(static_cast<std::size_t>(length), sizeof text - 1)});
    }
    return "without a name";
}

std::string day_of(const OpenSsl& ssl, const ASN1_TIME* time) {
    std::tm parts{};
    char text[40];
    if (time == nullptr || ssl.ASN1_TIME_to_tm(time, &parts) != 1) return "an unreadable date";
    const auto length = std::strftime(text, sizeof text, "%Y-%m-%d %H:%M UTC", &parts);
    return {text, length};
}

// The hosts that the certificate is for: its alternative names, or else its common name.
std::string hosts_of(const OpenSsl& ssl, const X509* certificate) {
    std::vector<std::string> names;
    auto* const list =
        static_cast<OPENSSL_STACK*>(ssl.X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr));
    constexpr int most = 5;
    const int count = list != nullptr ? ssl.OPENSSL_sk_num(list) : 0;
    for (int i = 0; i < std::min(count, most); ++i) {
        const auto* const name = static_cast<const GENERAL_NAME*>(ssl.OPENSSL_sk_value(list, i));
        if (name->type == GEN_DNS) {
            const auto* const text = reinterpret_cast<const char*>(ssl.ASN1_STRING_get0_data(name->d.dNSName));
            names.push_back(shown({text, static_cast<std::size_t>(ssl.ASN1_STRING_length(name->d.dNSName))}));
        } else if (name->type == GEN_IPADD) {
            char text[INET6_ADDRSTRLEN] = "";
            const int family = ssl.ASN1_STRING_length(name->d.iPAddress) == 4 ? AF_INET : AF_INET6;
            if (family == AF_INET || ssl.ASN1_STRING_length(name->d.iPAddress) == 16)
                inet_ntop(family, ssl.ASN1_STRING_get0_data(name->d.iPAddress), text, sizeof text);
            names.emplace_back(text);
        }
    }
    if (list != nullptr) ssl.GENERAL_NAMES_free(reinterpret_cast<GENERAL_NAMES*>(list));
    if (count == 0) names.push_back(name_of(ssl, ssl.X509_get_subject_name(certificate)));
    if (names.empty()) return "no host at all";
    std::string text;
    for (const auto& name : names) text += (text.empty() ? "" : ", ") + name;
    return count > most ? text + " and " + std::to_string(count - most) + " more" : text;
}

}  // namespace

std::string certificate_trouble(const OpenSsl& ssl, int error, const X509* certificate, const std::string& host) {
    if (certificate == nullptr)
        return "the server's certificate: " + std::string(ssl.X509_verify_cert_error_string(error));
    switch (error) {
        case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
            return std::string("the server's certificate is self-signed; ") + TRUST + "that certificate";
        case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
        case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
            return "the server's certificate is signed by a CA that is unknown here (" +
                   name_of(ssl, ssl.X509_get_issuer_name(certificate)) + "); " + TRUST + "that CA's certificate";
        case X509_V_ERR_CERT_HAS_EXPIRED:
            return "the certificate of " + name_of(ssl, ssl.X509_get_subject_name(certificate)) + " expired on " +
                   day_of(ssl, ssl.X509_get0_notAfter(certificate)) + "; the server needs a new one";
        case X509_V_ERR_CERT_NOT_YET_VALID:
            return "the certificate of " + name_of(ssl, ssl.X509_get_subject_name(certificate)) +
                   " is valid only from " + day_of(ssl, ssl.X509_get0_notBefore(certificate)) + "; is the clock right?";
        case X509_V_ERR_HOSTNAME_MISMATCH:
        case X509_V_ERR_IP_ADDRESS_MISMATCH:
            return "the server's certificate is for " + hosts_of(ssl, certificate) + ", not for " + host +
                   "; dial the server by a name that it has";
        default:
            return "the server's certificate: " + std::string(ssl.X509_verify_cert_error_string(error));
    }
}

}  // namespace p9::transports

#endif
