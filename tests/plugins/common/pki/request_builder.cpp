#include "tests/plugins/common/pki/request_builder.hpp"

#include "plugins/common/pki/extensions.hpp"
#include "plugins/common/pki/name.hpp"
#include "plugins/common/pki/oids.hpp"

namespace certspan::pki::test {
namespace {

void append(Bytes& to, BytesView more) {
  to.insert(to.end(), more.begin(), more.end());
}

}  // namespace

const PrivateKey& some_key() {
  static const PrivateKey key = generate_private_key(KeySpec::P256).value();
  return key;
}

RequestBuilder& RequestBuilder::subject(Bytes name_der) {
  subject_ = std::move(name_der);
  has_subject_ = true;
  return *this;
}

RequestBuilder& RequestBuilder::subject(const std::string& text) {
  return subject(encode_name(text).value());
}

RequestBuilder& RequestBuilder::key(const PrivateKey& key) {
  key_ = &key;
  return *this;
}

RequestBuilder& RequestBuilder::extension(const Oid& oid, BytesView value, bool critical) {
  DerWriter writer;
  write_extension(writer, oid, critical, [&](DerWriter& inner) { inner.raw(value); });
  append(extensions_, writer.view());
  return *this;
}

RequestBuilder& RequestBuilder::san(std::uint8_t name_tag, BytesView content) {
  const Bytes value = DerWriter().begin(tag::kSequence).primitive(name_tag, content).end().take();
  return extension(oids::kSubjectAltName, value);
}

RequestBuilder& RequestBuilder::attribute(const Oid& oid, BytesView set_content) {
  DerWriter writer;
  writer.begin(tag::kSequence).oid(oid).begin(tag::kSet).raw(set_content).end().end();
  append(attributes_, writer.view());
  return *this;
}

RequestBuilder& RequestBuilder::extension_attribute(const Oid& oid) {
  extension_attribute_ = oid;
  return *this;
}

Bytes RequestBuilder::der() const {
  const PrivateKey& key = key_ != nullptr ? *key_ : some_key();
  const Bytes name = has_subject_ ? subject_ : encode_name("CN=device 7").value();
  DerWriter info;
  info.begin(tag::kSequence).integer(0).raw(name).raw(key.public_key().spki());
  info.begin(tag::context_constructed(0)).raw(attributes_);
  if (!extensions_.empty()) {
    info.begin(tag::kSequence).oid(extension_attribute_.value_or(oids::kExtensionRequest));
    info.begin(tag::kSet).begin(tag::kSequence).raw(extensions_).end().end().end();
  }
  info.end().end();
  const SignatureAlgorithm algorithm = key.default_algorithm();
  DerWriter request;
  request.begin(tag::kSequence).raw(info.view());
  write_signature_algorithm(request, algorithm);
  request.bit_string(key.sign(algorithm.digest, info.view()).value()).end();
  return request.take();
}

CertificateRequest RequestBuilder::build() const {
  return parse_certificate_request(der()).value();
}

}  // namespace certspan::pki::test
