#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "host/services/http/http_options.hpp"
#include "tests/host/services/http/raw_client.hpp"

namespace certspan::test {

/// A key and a certificate for it, made at run time: self-signed, or by `issuer`.
struct TestIdentity {
  std::string chain_pem;
  std::string key_pem;

  TlsMaterial material() const { return {.certificate_chain_pem = chain_pem, .private_key_pem = key_pem}; }
};

enum class TestKey { Rsa, Ec };
TestIdentity make_identity(const std::string& name, TestKey kind);
/// "leaf" with its issuer's certificate behind it.
TestIdentity make_chain(const std::string& name);

/// An OpenSSL client that trusts everybody and tells what it saw.
class TlsClient {
 public:
  explicit TlsClient(std::uint16_t port, int version = 0, SSL_SESSION* session = nullptr);

  bool connected() const { return connected_; }
  bool send(std::string_view bytes);
  std::optional<std::string> until(std::string_view end);
  /// Whether the server ends with TLS's close_notify.
  bool ends_orderly();
  std::string peer_name() const;
  int chain_length() const;
  std::string alpn() const;
  bool asked_for_certificate() const { return asked_; }
  SSL* ssl() { return ssl_.get(); }

 private:
  static int asked(SSL* ssl, X509** certificate, EVP_PKEY** key);

  struct Free {
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
    void operator()(SSL* ssl) const { SSL_free(ssl); }
  };
  RawClient socket_;
  std::unique_ptr<SSL_CTX, Free> context_;
  std::unique_ptr<SSL, Free> ssl_;
  std::string buffer_;
  bool connected_ = false;
  bool asked_ = false;
};

}  // namespace certspan::test
