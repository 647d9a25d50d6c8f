#include "probe/certificate_checks.hpp"

#include <algorithm>
#include <array>
#include <ctime>

#include <openssl/pem.h>

#include "plugins/common/pki/name.hpp"

namespace certspan::scep_probe {
namespace {

constexpr int kMostOfFile = 256;  // certificates

std::string subject_of(X509* certificate) {
  unsigned char* der = nullptr;
  const int size = i2d_X509_NAME(X509_get_subject_name(certificate), &der);
  std::string text = pki::printable_name({der, static_cast<std::size_t>(std::max(size, 0))});
  OPENSSL_free(der);
  return text;
}

std::string time_text(const ASN1_TIME* time) {
  std::tm fields = {};
  std::array<char, 32> text{};
  if (ASN1_TIME_to_tm(time, &fields) != 1) return "?";
  const std::size_t size = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &fields);
  return {text.data(), size};
}

std::int64_t seconds_of(const ASN1_TIME* time) {
  std::tm fields = {};
  return ASN1_TIME_to_tm(time, &fields) == 1 ? ::timegm(&fields) : 0;
}

std::string serial_of(X509* certificate) {
  const ASN1_INTEGER* number = X509_get0_serialNumber(certificate);
  return pki::to_hex({ASN1_STRING_get0_data(number), static_cast<std::size_t>(ASN1_STRING_length(number))});
}

Result<void> check_time(X509* certificate, const std::string& what, const std::string& advice) {
  if (X509_cmp_current_time(X509_get0_notBefore(certificate)) > 0) {
    return fail(what + " is not valid before " + time_text(X509_get0_notBefore(certificate)),
                "compare the clocks of both machines");
  }
  if (X509_cmp_current_time(X509_get0_notAfter(certificate)) > 0) return {};
  return fail(what + " has ended at " + time_text(X509_get0_notAfter(certificate)), advice);
}

/// Why there is no chain from the certificate to one that is trusted; empty if there is one.
std::string broken_chain(X509* certificate, const Certificates& trusted, const BorrowedStack& between) {
  const X509StorePtr store(X509_STORE_new());
  for (const X509Ptr& one : trusted) X509_STORE_add_cert(store.get(), one.get());
  X509_STORE_set_flags(store.get(), X509_V_FLAG_PARTIAL_CHAIN);
  const X509StoreCtxPtr context(X509_STORE_CTX_new());
  X509_STORE_CTX_init(context.get(), store.get(), certificate, between.get());
  const bool good = X509_verify_cert(context.get()) == 1;
  const int error = X509_STORE_CTX_get_error(context.get());
  ERR_clear_error();
  return good ? "" : X509_verify_cert_error_string(error);
}

}  // namespace

Result<Certificates> trusted_cas(const std::filesystem::path& file, const Authority& authority) {
  Certificates trusted;
  if (file.empty()) {
    if (authority.ca == nullptr) {
      return fail("GetCACert gives no CA certificate to check the new one with",
                  "name the CA with --ca FILE");
    }
    X509_up_ref(authority.ca);
    trusted.emplace_back(authority.ca);
    return trusted;
  }
  const BioPtr in(BIO_new_file(file.c_str(), "r"));
  while (in && trusted.size() < kMostOfFile) {
    X509* one = PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr);
    if (one == nullptr) break;
    trusted.emplace_back(one);
  }
  ERR_clear_error();
  if (!trusted.empty()) return trusted;
  return fail("--ca \"" + file.string() + "\" holds no certificate that can be read",
              "name a PEM file with the CA's certificate");
}

Result<void> check_authority(const Authority& authority, const Certificates& trusted) {
  const std::string name =
      "the certificate of GetCACert that requests are encrypted to (" + subject_of(authority.recipient) + ")";
  CERTSPAN_PROBE_CHECK(
      check_time(authority.recipient, name, "nobody can enrol any more: renew the RA (certspan ca ra)"));
  if (authority.ca != nullptr) {
    CERTSPAN_PROBE_CHECK(
        check_time(authority.ca, "the CA (" + subject_of(authority.ca) + ")", "give it a new certificate"));
  }
  const std::string why = broken_chain(authority.recipient, trusted, borrow(authority.certificates));
  if (why.empty()) return {};
  return fail(
      name + " does not come from the CA: " + why,
      "devices that know the CA turn it away: have the CA certify the RA, or name the right one with --ca");
}

Result<IssuedCertificate> check_issued(const Answer& answer, const Device& device, const Authority& authority,
                                       const Certificates& trusted) {
  const auto ours = std::ranges::find_if(answer.certificates, [&](const X509Ptr& one) {
    return EVP_PKEY_eq(X509_get0_pubkey(one.get()), device.key.get()) == 1;
  });
  if (ours == answer.certificates.end()) {
    return fail("the server issued a certificate for another key than that of the request",
                "no device can use it: look at the CA, and at what stands between");
  }
  X509* certificate = ours->get();
  CERTSPAN_PROBE_CHECK(check_time(certificate, "the certificate that was issued",
                                  "look at the validity in the profile, and at the CA's clock"));
  BorrowedStack between = borrow(authority.certificates);
  for (const X509Ptr& one : answer.certificates) sk_X509_push(between.get(), one.get());
  const std::string why = broken_chain(certificate, trusted, between);
  if (!why.empty()) {
    return fail("the certificate that was issued does not come from the CA: " + why,
                "look at the CA that the server uses, or name the right one with --ca");
  }
  const ASN1_TIME* end = X509_get0_notAfter(certificate);
  return IssuedCertificate{serial_of(certificate), subject_of(certificate),
                           time_text(X509_get0_notBefore(certificate)), time_text(end), seconds_of(end)};
}

}  // namespace certspan::scep_probe
