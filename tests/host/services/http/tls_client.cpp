#include "tests/host/services/http/tls_client.hpp"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <array>

namespace certspan::test {
namespace {

using KeyPtr = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using CertificatePtr = std::unique_ptr<X509, decltype(&X509_free)>;

template <typename Write>
std::string pem(Write write) {
  BIO* bio = BIO_new(BIO_s_mem());
  write(bio);
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  std::string text(data, static_cast<std::size_t>(size));
  BIO_free(bio);
  return text;
}

KeyPtr make_key(TestKey key) {
  return {key == TestKey::Rsa ? EVP_RSA_gen(2048) : EVP_EC_gen("P-256"), EVP_PKEY_free};
}

CertificatePtr make_certificate(const std::string& name, EVP_PKEY* key, const std::string& issuer,
                                EVP_PKEY* issuer_key) {
  CertificatePtr certificate(X509_new(), X509_free);
  X509_set_version(certificate.get(), X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -60);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3'600);
  const auto set_name = [](X509_NAME* to, const std::string& text) {
    X509_NAME_add_entry_by_txt(to, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>(text.c_str()),
                               -1, -1, 0);
  };
  set_name(X509_get_subject_name(certificate.get()), name);
  X509_NAME* issuer_name = X509_NAME_new();
  set_name(issuer_name, issuer);
  X509_set_issuer_name(certificate.get(), issuer_name);
  X509_NAME_free(issuer_name);
  X509_set_pubkey(certificate.get(), key);
  X509_sign(certificate.get(), issuer_key, EVP_sha256());
  return certificate;
}

std::string pem_of(X509* certificate) {
  return pem([&](BIO* bio) { PEM_write_bio_X509(bio, certificate); });
}

std::string pem_of(EVP_PKEY* key) {
  return pem([&](BIO* bio) { PEM_write_bio_PrivateKey(bio, key, nullptr, nullptr, 0, nullptr, nullptr); });
}

}  // namespace

TestIdentity make_identity(const std::string& name, TestKey kind) {
  const KeyPtr key = make_key(kind);
  return {pem_of(make_certificate(name, key.get(), name, key.get()).get()), pem_of(key.get())};
}

TestIdentity make_chain(const std::string& name) {
  const KeyPtr root_key = make_key(TestKey::Ec);
  const KeyPtr key = make_key(TestKey::Ec);
  const auto root = make_certificate("root", root_key.get(), "root", root_key.get());
  const auto leaf = make_certificate(name, key.get(), "root", root_key.get());
  return {pem_of(leaf.get()) + pem_of(root.get()), pem_of(key.get())};
}

TlsClient::TlsClient(std::uint16_t port, int version, SSL_SESSION* session)
    : socket_(port), context_(SSL_CTX_new(TLS_client_method())) {
  const timeval patience{10, 0};
  setsockopt(socket_.fd(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
  SSL_CTX_set_security_level(context_.get(), 0);  // old versions are offered on purpose
  if (version != 0) {
    SSL_CTX_set_min_proto_version(context_.get(), version);
    SSL_CTX_set_max_proto_version(context_.get(), version);
  }
  SSL_CTX_set_app_data(context_.get(), this);
  SSL_CTX_set_client_cert_cb(context_.get(), &TlsClient::asked);
  ssl_.reset(SSL_new(context_.get()));
  static constexpr unsigned char kProtocols[] = "\x02h2\x08http/1.1";
  SSL_set_alpn_protos(ssl_.get(), kProtocols, sizeof(kProtocols) - 1);
  if (session != nullptr) SSL_set_session(ssl_.get(), session);
  SSL_set_fd(ssl_.get(), socket_.fd());
  connected_ = socket_.connected() && SSL_connect(ssl_.get()) == 1;
  ERR_clear_error();
}

int TlsClient::asked(SSL* ssl, X509** /*certificate*/, EVP_PKEY** /*key*/) {
  static_cast<TlsClient*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)))->asked_ = true;
  return 0;
}

bool TlsClient::send(std::string_view bytes) {
  return SSL_write(ssl_.get(), bytes.data(), static_cast<int>(bytes.size())) ==
         static_cast<int>(bytes.size());
}

std::optional<std::string> TlsClient::until(std::string_view end) {
  std::size_t found = 0;
  while ((found = buffer_.find(end)) == std::string::npos) {
    std::array<char, 4'096> chunk{};
    const int got = SSL_read(ssl_.get(), chunk.data(), chunk.size());
    if (got <= 0) return std::nullopt;
    buffer_.append(chunk.data(), static_cast<std::size_t>(got));
  }
  std::string result = buffer_.substr(0, found + end.size());
  buffer_.erase(0, found + end.size());
  return result;
}

bool TlsClient::ends_orderly() {
  char byte = 0;
  const int got = SSL_read(ssl_.get(), &byte, 1);
  return got <= 0 && SSL_get_error(ssl_.get(), got) == SSL_ERROR_ZERO_RETURN;
}

std::string TlsClient::peer_name() const {
  X509* certificate = SSL_get0_peer_certificate(ssl_.get());
  if (certificate == nullptr) return "";
  std::array<char, 64> name{};
  X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, name.data(), name.size());
  return name.data();
}

int TlsClient::chain_length() const {
  return sk_X509_num(SSL_get_peer_cert_chain(ssl_.get()));
}

std::string TlsClient::alpn() const {
  const unsigned char* protocol = nullptr;
  unsigned int size = 0;
  SSL_get0_alpn_selected(ssl_.get(), &protocol, &size);
  return {reinterpret_cast<const char*>(protocol), size};
}

}  // namespace certspan::test
