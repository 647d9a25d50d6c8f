#include "host/services/http/tls_context.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <string_view>

#include <boost/asio/buffer.hpp>
#include <boost/asio/ssl/context.hpp>

namespace certspan::http {
namespace {

// TLS 1.2 suites with forward secrecy; CBC with SHA-256 or SHA-384 stays for Windows before 10, which has no
// GCM with RSA certificates.
constexpr const char* kCiphers = "ECDHE+AESGCM:ECDHE+CHACHA20:ECDHE+AES:!aNULL:!SHA1:!DSS:!PSK";

int choose_http_1_1(SSL* /*ssl*/, const unsigned char** chosen, unsigned char* chosen_size,
                    const unsigned char* offered, unsigned int offered_size, void* /*unused*/) {
  static constexpr unsigned char kHttp11[] = "\x08http/1.1";
  unsigned char* selected = nullptr;
  if (SSL_select_next_proto(&selected, chosen_size, kHttp11, sizeof(kHttp11) - 1, offered, offered_size) !=
      OPENSSL_NPN_NEGOTIATED) {
    return SSL_TLSEXT_ERR_NOACK;
  }
  *chosen = selected;
  return SSL_TLSEXT_ERR_OK;
}

tl::unexpected<Error> refuse(const std::string& listener, const std::string& what, const std::string& why) {
  ERR_clear_error();
  return fail(Outcome::Invalid, "http.bad_tls", "listener \"" + listener + "\": " + what + ": " + why);
}

boost::asio::const_buffer buffer_of(std::string_view text) {
  return {text.data(), text.size()};
}

}  // namespace

Result<std::shared_ptr<boost::asio::ssl::context>> make_tls_context(const std::string& listener,
                                                                    const TlsMaterial& material) {
  namespace ssl = boost::asio::ssl;
  boost::system::error_code error;
  auto context = std::make_shared<ssl::context>(ssl::context::tls_server);
  SSL_CTX* native = context->native_handle();
  context->set_password_callback([](std::size_t, ssl::context::password_purpose) { return std::string(); },
                                 error);
  context->use_certificate_chain(buffer_of(material.certificate_chain_pem), error);
  if (error)
    return refuse(listener, "the TLS certificate can't be read, expected PEM with the leaf first",
                  error.message());
  context->use_private_key(buffer_of(material.private_key_pem), ssl::context::pem, error);
  if (error) {
    return refuse(listener,
                  "the TLS key can't be used, expected PEM without a password that fits the certificate",
                  error.message());
  }
  if (SSL_CTX_check_private_key(native) != 1) {
    return refuse(listener, "the TLS key does not belong to the certificate",
                  "give the key of the first certificate");
  }
  SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION);
  SSL_CTX_set_options(native,
                      SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_mode(native, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_verify(native, SSL_VERIFY_NONE, nullptr);
  SSL_CTX_set_session_cache_mode(native, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_alpn_select_cb(native, choose_http_1_1, nullptr);
  if (SSL_CTX_set_cipher_list(native, kCiphers) != 1) {
    return refuse(listener, "TLS can't be set up", "this OpenSSL has none of the cipher suites");
  }
  return context;
}

std::int64_t certificate_ends(boost::asio::ssl::context& context) {
  const X509* certificate = SSL_CTX_get0_certificate(context.native_handle());
  std::tm time{};
  if (certificate == nullptr || ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &time) != 1) return 0;
  return ::timegm(&time);
}

}  // namespace certspan::http
