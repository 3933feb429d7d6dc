// OpenSSL's functions, found when they are first needed.
//
// Linking libssl costs a program most of a millisecond at its start, and our tools are often done in one. So it is
// opened at run time by the connections that are encrypted; the headers give the types. A plain value, which may be
// copied: the library is never closed, because it leaves handlers for the end of the process behind.
#pragma once

#include "p9/error.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

namespace p9::transports {

// Those of OpenSSL 3 that tls_openssl.cpp and tls_certificate.cpp call. Never macros of its headers.
#define P9_OPENSSL_FUNCTIONS(each)                                                                                     \
    each(ASN1_STRING_get0_data) each(ASN1_STRING_length) each(ASN1_TIME_to_tm) each(BIO_ctrl) each(BIO_free)           \
        each(BIO_new) each(BIO_read) each(BIO_s_mem) each(BIO_write) each(ERR_clear_error) each(ERR_peek_error)        \
            each(ERR_reason_error_string) each(GENERAL_NAMES_free) each(OPENSSL_sk_num) each(OPENSSL_sk_value)         \
                each(SSL_CTX_check_private_key) each(SSL_CTX_ctrl) each(SSL_CTX_free) each(SSL_CTX_get_cert_store)     \
                    each(SSL_CTX_load_verify_file) each(SSL_CTX_set_cert_verify_callback) each(SSL_CTX_new)            \
                        each(SSL_CTX_set_options) each(SSL_CTX_set_default_verify_paths) each(SSL_CTX_set_verify)      \
                            each(SSL_CTX_use_PrivateKey_file) each(SSL_CTX_use_certificate_chain_file) each(SSL_ctrl)  \
                                each(SSL_do_handshake) each(SSL_free) each(SSL_get0_param) each(SSL_get_error)         \
                                    each(SSL_get_ex_data) each(SSL_get_ex_data_X509_STORE_CTX_idx) each(SSL_new)       \
                                        each(SSL_read_ex) each(SSL_set_accept_state) each(SSL_set_bio)                 \
                                            each(SSL_set_connect_state) each(SSL_set_ex_data) each(SSL_shutdown) each( \
                                                SSL_write_ex) each(TLS_client_method) each(TLS_server_method)          \
                                                each(X509_NAME_get_text_by_NID) each(X509_STORE_CTX_get_current_cert)  \
                                                    each(X509_STORE_CTX_get_error) each(X509_STORE_CTX_get_ex_data)    \
                                                        each(X509_STORE_set_flags) each(X509_VERIFY_PARAM_set1_host)   \
                                                            each(X509_VERIFY_PARAM_set1_ip_asc)                        \
                                                                each(X509_get0_notAfter) each(X509_get0_notBefore)     \
                                                                    each(X509_get_ext_d2i) each(X509_get_issuer_name)  \
                                                                        each(X509_get_subject_name)                    \
                                                                            each(X509_verify_cert)                     \
                                                                                each(X509_verify_cert_error_string)

/// The functions under their own names.
struct OpenSsl {
// NOLINTBEGIN(bugprone-macro-parentheses, readability-identifier-naming): members are declared, named as OpenSSL does
#define P9_OPENSSL_MEMBER(name) decltype(&::name) name = nullptr;
    P9_OPENSSL_FUNCTIONS(P9_OPENSSL_MEMBER)
#undef P9_OPENSSL_MEMBER
    // NOLINTEND(bugprone-macro-parentheses, readability-identifier-naming)
};

/// Opens the library. Fails with errc::connection_failed, in words that say what to install.
Result<OpenSsl> open_openssl();

}  // namespace p9::transports
