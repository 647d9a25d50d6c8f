// PKCS #10 requests that ask for anything, properly signed.
#pragma once

#include <string>
#include <vector>

#include "plugins/common/pki/certificate_request.hpp"
#include "plugins/common/pki/der_writer.hpp"
#include "plugins/common/pki/private_key.hpp"

namespace certspan::pki::test {

// A P-256 key for tests that don't care; made once.
const PrivateKey& some_key();

// Collects what a request shall say and signs it. Everything is written as given, right or wrong.
class RequestBuilder {
 public:
  RequestBuilder& subject(Bytes name_der);
  RequestBuilder& subject(const std::string& text);
  RequestBuilder& key(const PrivateKey& key);
  RequestBuilder& extension(const Oid& oid, BytesView value, bool critical = false);
  // A subjectAltName of one raw GeneralName.
  RequestBuilder& san(std::uint8_t name_tag, BytesView content);
  RequestBuilder& san(std::uint8_t name_tag, const std::string& content) {
    return san(name_tag, as_bytes(content));
  }
  // A whole Attribute, beside the extensions.
  RequestBuilder& attribute(const Oid& oid, BytesView set_content);
  // Puts the extensions into an attribute of this type instead of extensionRequest.
  RequestBuilder& extension_attribute(const Oid& oid);

  Bytes der() const;
  CertificateRequest build() const;

 private:
  Bytes subject_;
  bool has_subject_ = false;
  const PrivateKey* key_ = nullptr;
  Bytes extensions_;
  Bytes attributes_;
  std::optional<Oid> extension_attribute_;
};

}  // namespace certspan::pki::test
