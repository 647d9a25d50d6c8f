#include "host/pipeline/foreign_certificates.hpp"

#include <memory>
#include <utility>

#include <openssl/x509v3.h>

#include "host/base/x509.hpp"
#include "host/journal/index_keys.hpp"

namespace certspan {
namespace {

Bytes subject_of(BytesView certificate) {
  const X509Ptr read = parse_x509(certificate);
  return read ? encode_x509_name(X509_get_subject_name(read.get())) : Bytes();
}

/// Whoever loses one of these takes down more than a device.
bool is_no_devices(BytesView certificate) {
  const X509Ptr read = parse_x509(certificate);
  if (!read || X509_check_ca(read.get()) != 0) return true;
  const std::uint32_t usage = X509_get_key_usage(read.get());  // all bits if there is no such extension
  if (usage != UINT32_MAX && (usage & (KU_KEY_CERT_SIGN | KU_CRL_SIGN)) != 0) return true;
  const std::uint32_t purposes = X509_get_extended_key_usage(read.get());
  return purposes != UINT32_MAX && (purposes & XKU_OCSP_SIGN) != 0;
}

std::string subject_text(BytesView certificate) {
  const X509Ptr read = parse_x509(certificate);
  const std::unique_ptr<BIO, decltype(&BIO_free)> out(BIO_new(BIO_s_mem()), &BIO_free);
  if (!read || !out ||
      X509_NAME_print_ex(out.get(), X509_get_subject_name(read.get()), 0, XN_FLAG_RFC2253) < 0)
    return {};
  char* text = nullptr;
  const long size = BIO_get_mem_data(out.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

/// Nothing if this CA has issued none of that serial number.
Result<std::optional<Bytes>> ask(Connector& issuer, const RunningConfig& config, BytesView serial) {
  const auto chain = config.chains.get(issuer);
  if (!chain || chain->empty() || !issuer.has_find()) {
    return fail(Outcome::Rejected, "revocation.cannot",
                "\"" + issuer.name() + "\" can't say what it has issued; revoke it at the CA itself");
  }
  CERTSPAN_TRY(auto found, issuer.find(subject_of(chain->front()), serial));
  if (!found) return std::optional<Bytes>();
  return std::optional<Bytes>(std::move(found->certificate));
}

WorkItem item_of(const std::string& issuer, std::string_view serial, Bytes certificate) {
  WorkItem item;
  item.issuer = issuer;
  item.set_label(kSerialLabel, serial);
  item.set_label(kSubjectLabel, subject_text(certificate));
  item.certificate = std::move(certificate);
  return item;
}

}  // namespace

Result<WorkItem> find_foreign(const WorkItem& order, const Step& step, const RunningConfig& config) {
  const std::string serial = normal_serial(order.label(kSerialLabel));
  const auto octets = from_hex(serial.size() % 2 == 0 ? serial : "0" + serial);
  if (!octets || octets->empty())
    return fail(Outcome::Rejected, "revocation.not_found", "the order names no certificate");
  std::optional<WorkItem> found;
  for (const std::string& name : step.connectors) {
    Connector* issuer = config.connectors.find(name);
    if (issuer == nullptr)
      return fail(Outcome::Unavailable, "connector.missing", "connector \"" + name + "\" is not running");
    CERTSPAN_TRY(auto certificate, ask(*issuer, config, *octets));
    if (!certificate) continue;
    if (found) {
      return fail(Outcome::Rejected, "revocation.ambiguous",
                  "several CAs have issued a certificate with this serial number");
    }
    found = item_of(name, serial, std::move(*certificate));
  }
  if (!found) {
    return fail(Outcome::Rejected, "revocation.not_found",
                "neither this journal nor a CA that the order may name knows the serial number");
  }
  if (is_no_devices(found->certificate)) {
    return fail(Outcome::Rejected, "revocation.foreign",
                "this is the certificate of a CA or of an OCSP responder, which no order may name");
  }
  return std::move(*found);
}

}  // namespace certspan
