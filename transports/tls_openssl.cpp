#ifdef P9_TLS

#include "transports/openssl.hpp"
#include "transports/tls.hpp"
#include "transports/tls_certificate.hpp"

#include "p9/trace.hpp"

#include <arpa/inet.h>

namespace p9::transports {
namespace {

struct Free {
    OpenSsl ssl;
    void operator()(SSL* object) const { ssl.SSL_free(object); }
    void operator()(SSL_CTX* object) const { ssl.SSL_CTX_free(object); }
};
using Connection = std::unique_ptr<SSL, Free>;
using Shared = std::unique_ptr<SSL_CTX, Free>;

bool is_numeric(const std::string& host) {
    unsigned char bytes[sizeof(in6_addr)];
    return inet_pton(AF_INET, host.c_str(), bytes) == 1 || inet_pton(AF_INET6, host.c_str(), bytes) == 1;
}

/// What OpenSSL says of its last failure.
std::string last_words(const OpenSsl& ssl) {
    const char* const words = ssl.ERR_reason_error_string(ssl.ERR_peek_error());
    return words != nullptr ? words : "the connection was closed";
}

/// Why a handshake failed where the certificate is not at fault.
std::string handshake_trouble(const OpenSsl& ssl) {
    const unsigned long error = ssl.ERR_peek_error();
    switch (ERR_GET_LIB(error) == ERR_LIB_SSL ? ERR_GET_REASON(error) : 0) {
        case SSL_R_WRONG_VERSION_NUMBER:
        case SSL_R_UNKNOWN_PROTOCOL:
        case SSL_R_PACKET_LENGTH_TOO_LONG:
        case SSL_R_HTTP_REQUEST:
            return "the other end does not speak TLS; is it ws://, not wss://?";
        case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
        case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
        case SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN:
        case SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED:
            return "the other end does not trust the certificate (" + last_words(ssl) + ")";
        default:
            return "the TLS handshake failed: " + last_words(ssl);
    }
}

class Engine final : public TlsEngine {
public:
    /// `owner` holds `ssl` and `context`.
    Engine(std::shared_ptr<const TlsContext> owner, const OpenSsl& ssl, SSL_CTX* context)
        : owner_(std::move(owner)),
          ssl_(ssl),
          connection_(ssl.SSL_new(context), Free{ssl}),
          in_(ssl.BIO_new(ssl.BIO_s_mem())),
          out_(ssl.BIO_new(ssl.BIO_s_mem())) {
        if (!valid()) return;
        // An empty BIO means that more may come, not that the stream is over.
        ssl.BIO_ctrl(in_, BIO_C_SET_BUF_MEM_EOF_RETURN, -1, nullptr);
        ssl.SSL_set_bio(connection_.get(), in_, out_);
        ssl.SSL_set_ex_data(connection_.get(), 0, this);
    }
    bool valid() const { return connection_ && in_ != nullptr && out_ != nullptr; }
    SSL* get() { return connection_.get(); }
    /// Of the certificate; said when the handshake fails.
    void trouble(std::string words) { trouble_ = std::move(words); }

    Result<bool> handshake() override {
        ssl_.ERR_clear_error();
        const int done = ssl_.SSL_do_handshake(connection_.get());
        if (done == 1) return true;
        const int why = ssl_.SSL_get_error(connection_.get(), done);
        if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE) return false;
        return Error(errc::connection_failed, trouble_.empty() ? handshake_trouble(ssl_) : trouble_);
    }

    void feed(Bytes bytes) override { ssl_.BIO_write(in_, bytes.data(), static_cast<int>(bytes.size())); }

    Result<std::size_t> read(std::span<u8> into) override {
        std::size_t total = 0;
        // A call yields one record of at most 16 KiB.
        while (total < into.size()) {
            std::size_t count = 0;
            ssl_.ERR_clear_error();
            const int done = ssl_.SSL_read_ex(connection_.get(), into.data() + total, into.size() - total, &count);
            total += count;
            if (done == 1) continue;
            const int why = ssl_.SSL_get_error(connection_.get(), done);
            if (why == SSL_ERROR_ZERO_RETURN) ended_ = true;
            if (why == SSL_ERROR_ZERO_RETURN || why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE || total > 0)
                break;
            return Error(errc::connection_lost, "TLS: " + last_words(ssl_));
        }
        return total;
    }

    bool ended() const override { return ended_; }

    Result<void> write(Bytes bytes) override {
        std::size_t count = 0;
        ssl_.ERR_clear_error();
        if (bytes.empty() || ssl_.SSL_write_ex(connection_.get(), bytes.data(), bytes.size(), &count) == 1)
            return boost::system::in_place_value;
        return Error(errc::connection_lost, "TLS: " + last_words(ssl_));
    }

    void end() override {
        ssl_.ERR_clear_error();
        ssl_.SSL_shutdown(connection_.get());
    }

    void take_output(ByteVector& out) override {
        for (;;) {
            const long pending = ssl_.BIO_ctrl(out_, BIO_CTRL_PENDING, 0, nullptr);
            if (pending <= 0) return;
            const std::size_t before = out.size();
            out.resize(before + static_cast<std::size_t>(pending));
            const int count = ssl_.BIO_read(out_, out.data() + before, static_cast<int>(pending));
            out.resize(before + static_cast<std::size_t>(std::max(count, 0)));
            if (count <= 0) return;
        }
    }

private:
    std::shared_ptr<const TlsContext> owner_;
    const OpenSsl& ssl_;  // the owner's
    Connection connection_;
    BIO* in_;   // owned by the connection, as the next
    BIO* out_;  // owned by the connection
    std::string trouble_;
    bool ended_ = false;
};

class Context final : public TlsContext, public std::enable_shared_from_this<Context> {
public:
    Context(const OpenSsl& ssl, bool server)
        : ssl_(ssl),
          server_(server),
          shared_(ssl.SSL_CTX_new(server ? ssl.TLS_server_method() : ssl.TLS_client_method()), Free{ssl}) {}

    Result<void> prepare() {
        if (!shared_) return Error(errc::connection_failed, "TLS cannot be set up: " + last_words(ssl_));
        ssl_.SSL_CTX_ctrl(shared_.get(), SSL_CTRL_SET_MIN_PROTO_VERSION, TLS1_2_VERSION, nullptr);
        // WebSocket has its own end of the conversation, and many servers just hang up.
        ssl_.SSL_CTX_set_options(shared_.get(), SSL_OP_IGNORE_UNEXPECTED_EOF | SSL_OP_NO_RENEGOTIATION);
        return boost::system::in_place_value;
    }

    Result<void> trust(const TlsOptions& options, const std::string& host) {
        host_ = host;
        if (options.insecure) {
            ssl_.SSL_CTX_set_verify(shared_.get(), SSL_VERIFY_NONE, nullptr);
            return boost::system::in_place_value;
        }
        ssl_.SSL_CTX_set_verify(shared_.get(), SSL_VERIFY_PEER, nullptr);
        ssl_.SSL_CTX_set_cert_verify_callback(shared_.get(), judge, this);
        if (options.ca_file.empty()) {
            ssl_.SSL_CTX_set_default_verify_paths(shared_.get());
            return boost::system::in_place_value;
        }
        // What is in the file is trusted as it stands: it may be the server's certificate itself.
        ssl_.X509_STORE_set_flags(ssl_.SSL_CTX_get_cert_store(shared_.get()), X509_V_FLAG_PARTIAL_CHAIN);
        ssl_.ERR_clear_error();
        if (ssl_.SSL_CTX_load_verify_file(shared_.get(), options.ca_file.c_str()) == 1)
            return boost::system::in_place_value;
        return unreadable("--tls-ca: ", options.ca_file, "no certificate in PEM form is there");
    }

    Result<void> show(const std::string& certificate, const std::string& key) {
        ssl_.ERR_clear_error();
        if (ssl_.SSL_CTX_use_certificate_chain_file(shared_.get(), certificate.c_str()) != 1)
            return unreadable("--tls-cert: ", certificate, "no certificate in PEM form is there");
        if (ssl_.SSL_CTX_use_PrivateKey_file(shared_.get(), key.c_str(), SSL_FILETYPE_PEM) != 1) {
            const unsigned long error = ssl_.ERR_peek_error();
            if (ERR_GET_LIB(error) == ERR_LIB_X509 && ERR_GET_REASON(error) == X509_R_KEY_VALUES_MISMATCH)
                return Error(errc::connection_failed,
                             "--tls-key: " + key + ": is not the key of the certificate in " + certificate);
            return unreadable("--tls-key: ", key, "no private key in PEM form is there, or it has a password");
        }
        return boost::system::in_place_value;
    }

    Result<std::unique_ptr<TlsEngine>> engine() override {
        auto engine = std::make_unique<Engine>(shared_from_this(), ssl_, shared_.get());
        if (!engine->valid()) return Error(errc::connection_failed, "TLS cannot be set up: " + last_words(ssl_));
        if (server_) {
            ssl_.SSL_set_accept_state(engine->get());
            return std::unique_ptr<TlsEngine>(std::move(engine));
        }
        ssl_.SSL_set_connect_state(engine->get());
        X509_VERIFY_PARAM* const wanted = ssl_.SSL_get0_param(engine->get());
        if (is_numeric(host_)) {
            ssl_.X509_VERIFY_PARAM_set1_ip_asc(wanted, host_.c_str());
        } else {
            ssl_.X509_VERIFY_PARAM_set1_host(wanted, host_.data(), host_.size());
            // The server's choice of a certificate (RFC 6066, section 3); never a numeric address.
            ssl_.SSL_ctrl(engine->get(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, host_.data());
        }
        return std::unique_ptr<TlsEngine>(std::move(engine));
    }

private:
    // Runs while the handshake does: notes why a certificate is refused, for the engine to tell.
    static int judge(X509_STORE_CTX* store, void* context) {
        const auto* const self = static_cast<const Context*>(context);
        const OpenSsl& ssl = self->ssl_;
        const int accepted = ssl.X509_verify_cert(store);
        if (accepted > 0) return 1;
        auto* const connection =
            static_cast<SSL*>(ssl.X509_STORE_CTX_get_ex_data(store, ssl.SSL_get_ex_data_X509_STORE_CTX_idx()));
        auto* const engine = static_cast<Engine*>(ssl.SSL_get_ex_data(connection, 0));
        engine->trouble(certificate_trouble(ssl, ssl.X509_STORE_CTX_get_error(store),
                                            ssl.X509_STORE_CTX_get_current_cert(store), self->host_));
        return 0;
    }

    Error unreadable(const char* option, const std::string& file, const char* otherwise) const {
        const unsigned long error = ssl_.ERR_peek_error();
        const bool system = ERR_SYSTEM_ERROR(error);
        return {errc::connection_failed, option + escaped(file) + ": " +
                                             (system ? errno_message(ERR_GET_REASON(error)) : std::string(otherwise))};
    }

    OpenSsl ssl_;
    bool server_;
    Shared shared_;
    std::string host_;
};

/// A context that is made and then told what it needs.
template <class Setup>
Result<std::shared_ptr<TlsContext>> made(bool server, const Setup& setup) {
    const auto ssl = open_openssl();
    if (!ssl) return ssl.error();
    const auto context = std::make_shared<Context>(*ssl, server);
    if (auto prepared = context->prepare(); !prepared) return prepared.error();
    if (auto ready = setup(*context); !ready) return ready.error();
    return std::shared_ptr<TlsContext>(context);
}

}  // namespace

Result<std::shared_ptr<TlsContext>> tls_client(const TlsOptions& options, const std::string& host) {
    return made(false, [&](Context& context) { return context.trust(options, host); });
}

Result<std::shared_ptr<TlsContext>> tls_server(const std::string& certificate, const std::string& key) {
    return made(true, [&](Context& context) { return context.show(certificate, key); });
}

}  // namespace p9::transports

#endif
