#include "plugins/ndes/scep_server/scep_settings.hpp"

#include <algorithm>

#include "plugins/common/pki/name.hpp"
#include "plugins/ndes/json_settings.hpp"
#include "plugins/ndes/scep_server/capabilities.hpp"
#include "plugins/ndes/scep_server/crl_path.hpp"
#include "plugins/ndes/scep_server/ra_identity.hpp"

namespace certspan::scep {
namespace {

constexpr std::int64_t kDefaultMaxMessage = 64L * 1024;

CaCertificates ca_certificates_of(std::string_view text) {
  if (text == "ra_only") return CaCertificates::RaOnly;
  if (text == "chain_without_root") return CaCertificates::ChainWithoutRoot;
  return text == "chain" ? CaCertificates::Chain : CaCertificates::RaAndCa;
}

std::optional<CertifiedRa> certified_ra_of(const JsonSettings& from) {
  if (!from.has("/ra/issuer")) return std::nullopt;
  CertifiedRa ra;
  ra.issuer = from.text("/ra/issuer");
  ra.subject = from.text("/ra/subject", "CN=Certspan RA");
  if (from.text("/ra/key_type") == "rsa:3072") ra.key = pki::KeySpec::Rsa3072;
  constexpr std::chrono::milliseconds kYear = std::chrono::hours(365 * 24);
  ra.validity = std::chrono::milliseconds(from.number("/ra/validity", kYear.count()));
  return ra;
}

void check_certified_ra(const ScepSettings& settings, sdk::Faults& faults) {
  for (const char* other : {"certificate_file", "key", "pkcs11"}) {
    if (settings.ra_as_written.contains(other)) {
      faults.add(std::string("/ra/") + other,
                 "does not go with `issuer`, which makes key and certificate; an RA of before goes under "
                 "`previous`");
    }
  }
  if (const auto subject = pki::encode_name(settings.certified_ra->subject); !subject) {
    faults.add("/ra/subject", subject.error().message);
  }
}

void check_filed_ra(const ScepSettings& settings, sdk::Faults& faults) {
  for (const char* other : {"subject", "key_type", "validity"}) {
    if (settings.ra_as_written.contains(other))
      faults.add(std::string("/ra/") + other, "goes with `issuer` only");
  }
  pkcs11::check_key_choice(settings.ra_as_written, "/ra", faults);
}

}  // namespace

ScepSettings ScepSettings::read(std::string_view json) {
  const JsonSettings from(json);
  ScepSettings settings;
  settings.listener = from.text("/listener");
  settings.paths.push_back(from.text("/path"));
  for (std::string& path : from.texts("/more_paths")) settings.paths.push_back(std::move(path));
  settings.crl_path = from.text("/crl_path");
  settings.ra_as_written = from.object("/ra");
  settings.certified_ra = certified_ra_of(from);
  settings.ra = {from.text("/ra/certificate_file"), pkcs11::read_key_choice(settings.ra_as_written)};
  for (std::size_t i = 0; from.has(("/ra/previous/" + std::to_string(i)).c_str()); ++i) {
    const std::string at = "/ra/previous/" + std::to_string(i);
    settings.previous_ras.push_back(
        {from.text((at + "/certificate_file").c_str()), pkcs11::read_key_choice(from.object(at.c_str()))});
  }
  settings.danger_enrollment_agent_ra = from.flag("/danger_enrollment_agent_ra");
  settings.extra_capabilities = {"SHA-384"};
  if (from.has("/extra_capabilities")) settings.extra_capabilities = from.texts("/extra_capabilities");
  settings.capabilities = from.texts("/capabilities");
  settings.capabilities_in_crlf = from.text("/capabilities_line_end") == "crlf";
  settings.ca_certificates = ca_certificates_of(from.text("/ca_certificates", "ra_ca"));
  settings.reply_with_chain = from.text("/reply_chain") == "chain";
  settings.profile = from.text("/profile");
  settings.options.max_message_size =
      static_cast<std::size_t>(from.number("/max_message", kDefaultMaxMessage));
  settings.options.danger_allow_3des = from.flag("/danger_allow_3des");
  settings.options.danger_allow_des = from.flag("/danger_allow_des");
  settings.options.danger_allow_sha1 = from.flag("/danger_allow_sha1");
  return settings;
}

void check_scep_settings(const ScepSettings& settings, std::int64_t now, sdk::Faults& faults) {
  check_capabilities(settings, faults);
  const auto hides = [&](const std::string& path) { return is_at_or_below(path, settings.crl_path); };
  if (!settings.crl_path.empty() && std::ranges::any_of(settings.paths, hides)) {
    faults.add("/crl_path", "must not be the path of the endpoint or above it: SCEP answers there");
  }
  const auto check_ra = [&](const std::string& file, const std::string& pointer, RaAge age) {
    const auto certificate = read_ra_certificate(file);
    if (!certificate) return faults.add(pointer, certificate.error().message);
    const auto fault = ra_certificate_fault(*certificate, settings.danger_enrollment_agent_ra, now, age);
    if (fault) faults.add(pointer, *fault);
  };
  if (settings.certified_ra) {
    check_certified_ra(settings, faults);
  } else {
    check_filed_ra(settings, faults);
    check_ra(settings.ra.certificate_file, "/ra/certificate_file", RaAge::Current);
  }
  for (std::size_t i = 0; i < settings.previous_ras.size(); ++i) {
    const std::string pointer = "/ra/previous/" + std::to_string(i);
    pkcs11::check_key_choice(settings.ra_as_written["previous"][i], pointer, faults);
    check_ra(settings.previous_ras[i].certificate_file, pointer + "/certificate_file", RaAge::Previous);
  }
}

}  // namespace certspan::scep
