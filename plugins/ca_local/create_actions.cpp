#include "plugins/ca_local/create_actions.hpp"

#include <string>
#include <system_error>
#include <utility>

#include "plugins/ca_local/files.hpp"
#include "plugins/common/connector/duration.hpp"
#include "plugins/common/pki/name.hpp"
#include "plugins/common/pki/pem.hpp"

namespace certspan::ca_local {

namespace {

using nlohmann::json;

constexpr std::size_t kLargestKeyFile = std::size_t{64} * 1024;
constexpr std::chrono::hours kCaValidity{24 * 3650};
/// A CA must be valid before what it issues, also in the eyes of a clock that runs behind.
constexpr std::int64_t kCaBackdate = 3600;
constexpr pki::KeyUsage kCaUsage =
    pki::key_usage::kKeyCertSign | pki::key_usage::kCrlSign | pki::key_usage::kDigitalSignature;

pki::Result<pki::PrivateKey> load_key(const std::filesystem::path& file) {
  CERTSPAN_PKI_TRY(const pki::SecretBytes pem, read_file(file, kLargestKeyFile));
  auto key = pki::load_private_key(pem.reveal());
  if (!key) {
    return pki::fault(key.error().kind,
                      file.string() + " is no private key that can be used: " + key.error().message);
  }
  return key;
}

pki::Result<void> save_new_key(const std::filesystem::path& directory, const pki::PrivateKey& key) {
  CERTSPAN_PKI_CHECK(make_directory(directory));
  CERTSPAN_PKI_TRY(const pki::SecretBytes pem, key.to_pem());
  return create_file(directory / kKeyFile, pem.reveal(), FileAccess::Owner);
}

pki::Result<pki::Bytes> sign_itself(const pki::PrivateKey& key, pki::BytesView subject, std::int64_t now,
                                    std::int64_t validity) {
  pki::CertificateTemplate what;
  what.serial = random_serial();
  what.issuer = subject;
  what.subject = subject;
  what.spki = key.public_key().spki();
  what.not_before = now - kCaBackdate;
  what.not_after = now + validity - 1;
  what.subject_key_id = key.public_key().key_identifier();
  what.ca = true;
  what.key_usage = kCaUsage;
  return pki::write_certificate(what, key);
}

/// Key first: a certificate without its key would be of no use. If the certificate can't be written, the key
/// that was just made goes again, so that the action can be repeated.
pki::Result<void> save_ca(const std::filesystem::path& directory, const pki::PrivateKey& key,
                          std::string_view certificate) {
  CERTSPAN_PKI_CHECK(save_new_key(directory, key));
  auto saved = create_file(directory / kCertificateFile, pki::as_bytes(certificate), FileAccess::Everybody);
  if (!saved) {
    std::error_code ignored;
    std::filesystem::remove(directory / kKeyFile, ignored);
  }
  return saved;
}

/// For a key that is in its token already.
pki::Result<void> save_certificate(const std::filesystem::path& directory, std::string_view certificate) {
  CERTSPAN_PKI_CHECK(make_directory(directory));
  return create_file(directory / kCertificateFile, pki::as_bytes(certificate), FileAccess::Everybody);
}

/// A new key, in memory or in a token: there only if its certificate has a place, for it can't be taken back.
std::optional<pki::PrivateKey> key_for_ca(const Arguments& arguments, const std::filesystem::path& directory,
                                          pki::KeySpec spec) {
  if (!arguments.in_token()) return arguments.take("key", pki::generate_private_key(spec));
  std::error_code ignored;
  const std::filesystem::path certificate = directory / kCertificateFile;
  if (std::filesystem::exists(certificate, ignored)) {
    arguments.fault("directory", certificate.string() + " is there already and is not replaced");
    return std::nullopt;
  }
  return arguments.token_key(spec);
}

json describe(const pki::Certificate& certificate) {
  return {{"subject", pki::printable_name(certificate.subject())},
          {"not_after", connector::format_utc(certificate.not_after())}};
}

std::optional<pki::PrivateKey> key_for_request(const Arguments& arguments,
                                               const std::filesystem::path& directory) {
  if (arguments.flag("existing_key")) {
    if (arguments.has("key")) arguments.fault("key", "says what to make, but the key is there already");
    if (arguments.in_token()) return arguments.token_key(std::nullopt);
    return arguments.take("directory", load_key(directory / kKeyFile));
  }
  const auto spec = arguments.key_spec("key");
  if (arguments.faulty()) return std::nullopt;
  if (arguments.in_token()) return arguments.token_key(spec);
  auto key = arguments.take("key", pki::generate_private_key(*spec));
  if (!key || !arguments.check("directory", save_new_key(directory, *key))) return std::nullopt;
  return key;
}

}  // namespace

std::optional<json> create_ca(const Arguments& arguments, std::int64_t now) {
  const std::filesystem::path directory = arguments.text("directory");
  const pki::Bytes subject = arguments.subject("subject");
  const auto spec = arguments.key_spec("key");
  const std::int64_t validity = arguments.duration("validity", kCaValidity);
  if (arguments.faulty()) return std::nullopt;

  const auto key = key_for_ca(arguments, directory, *spec);
  if (!key) return std::nullopt;
  const auto der = arguments.take("subject", sign_itself(*key, subject, now, validity));
  if (!der) return std::nullopt;
  const auto certificate = arguments.take("", pki::Certificate::parse(*der));
  const std::string pem = pki::pem_encode(pki::kPemCertificate, *der);
  const bool in_token = arguments.in_token();
  if (!certificate || !arguments.check("directory", in_token ? save_certificate(directory, pem)
                                                             : save_ca(directory, *key, pem)))
    return std::nullopt;

  json result = describe(*certificate);
  result["certificate_file"] = (directory / kCertificateFile).string();
  if (!in_token) result["key_file"] = (directory / kKeyFile).string();
  return result;
}

std::optional<json> make_ca_request(const Arguments& arguments) {
  const std::filesystem::path directory = arguments.text("directory");
  const pki::Bytes subject = arguments.subject("subject");
  if (arguments.faulty()) return std::nullopt;
  const auto key = key_for_request(arguments, directory);
  if (!key || arguments.faulty()) return std::nullopt;

  pki::RequestTemplate what;
  what.subject = subject;
  what.ca = true;
  what.key_usage = kCaUsage;
  const auto der = arguments.take("subject", pki::write_certificate_request(what, *key));
  if (!der) return std::nullopt;
  json result = {{"csr", pki::pem_encode(pki::kPemCertificateRequest, *der)}};
  if (!arguments.in_token()) result["key_file"] = (directory / kKeyFile).string();
  return result;
}

std::optional<json> import_ca(const Arguments& arguments, std::int64_t now) {
  const std::filesystem::path directory = arguments.text("directory");
  const std::string pem = arguments.text("certificate");
  if (arguments.faulty()) return std::nullopt;
  const auto key = arguments.in_token() ? arguments.token_key(std::nullopt)
                                        : arguments.take("directory", load_key(directory / kKeyFile));
  auto certificates = arguments.take("certificate", pki::load_certificates(pem));
  if (!key || !certificates) return std::nullopt;
  const auto chain =
      arguments.take("certificate", order_chain(std::move(*certificates), key->public_key(), now));
  if (!chain) return std::nullopt;

  std::string ordered;
  for (const pki::Certificate& certificate : *chain) {
    ordered += pki::pem_encode(pki::kPemCertificate, certificate.der());
  }
  const auto saved =
      replace_file(directory / kCertificateFile, pki::as_bytes(ordered), FileAccess::Everybody);
  if (!arguments.check("directory", saved)) return std::nullopt;
  json result = describe(chain->front());
  result["issuer"] = pki::printable_name(chain->front().issuer());
  result["certificate_file"] = (directory / kCertificateFile).string();
  result["certificates"] = chain->size();
  return result;
}

pki::Result<Authority> load_authority(const std::filesystem::path& certificate_file,
                                      const std::filesystem::path& key_file, std::int64_t now) {
  CERTSPAN_PKI_TRY(auto key, load_key(key_file));
  return load_authority(certificate_file, std::move(key), now);
}

pki::Result<Authority> load_authority(const std::filesystem::path& certificate_file, pki::PrivateKey key,
                                      std::int64_t now) {
  CERTSPAN_PKI_TRY(const pki::SecretBytes pem, read_file(certificate_file, kLargestCertificateFile));
  CERTSPAN_PKI_TRY(auto chain, read_chain(pem.reveal_text(), now));
  return Authority::make(std::move(chain), std::move(key));
}

}  // namespace certspan::ca_local
