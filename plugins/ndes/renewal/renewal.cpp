#include "plugins/ndes/renewal/renewal.hpp"

#include <chrono>

#include "plugins/common/connector/vouched.hpp"
#include "plugins/ndes/json_settings.hpp"

namespace certspan::scep {
namespace {

constexpr std::int64_t kDefaultMaxRenewals = 10;

std::int64_t seconds_of(std::chrono::system_clock::time_point time) {
  return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
}

}  // namespace

RenewalSettings RenewalSettings::read(std::string_view json) {
  const JsonSettings settings(json);
  RenewalSettings result;
  if (settings.has("/window")) result.rules.window_s = settings.number("/window", 0) / 1000;
  result.rules.any_time = settings.flag("/any_time");
  result.rules.allow_same_key = settings.flag("/allow_same_key");
  result.max_renewals = settings.number("/max_renewals", kDefaultMaxRenewals);
  return result;
}

bool Renewal::validate_settings(std::string_view settings, sdk::Faults& faults) {
  const RenewalSettings read = RenewalSettings::read(settings);
  if (read.rules.any_time && read.rules.window_s) faults.add("/window", "say either window or any_time");
  return !faults.any();
}

Renewal::Renewal(sdk::Host host, std::string_view /*name*/, std::string_view settings)
    : host_(host), settings_(RenewalSettings::read(settings)), counter_(host.store()) {}

bool Renewal::start(sdk::Faults& /*faults*/) {
  counter_.forget_old(seconds_of(host_.wall_now()));
  return true;
}

sdk::Answer Renewal::validate(const sdk::Item& item) {
  if (item.signer().empty()) {
    return sdk::Answer::rejected("renewal.no_certificate",
                                 "the request is not signed with a certificate of ours");
  }
  const auto old = pki::Certificate::parse(item.signer());
  const auto request = pki::parse_certificate_request(item.request(), {.danger_allow_sha1 = true});
  if (!old || !request) {
    return sdk::Answer::invalid("renewal.bad_request", "the request or the old certificate can't be read");
  }
  const std::int64_t now = seconds_of(host_.wall_now());
  if (const auto broken = check_renewal(settings_.rules, *old, *request, now)) {
    return sdk::Answer::rejected(broken->code, broken->message);
  }
  sdk::Answer standing = ask_issuer(item, *old);
  if (standing.outcome() != sdk::Outcome::Ok) return standing;
  sdk::Answer answer = count(item, *old, *request, now);
  if (answer.outcome() != sdk::Outcome::Ok) return answer;
  // The names are those of the old certificate, which the CA knows as good.
  connector::vouch_for_sid(*request, answer);
  return answer;
}

sdk::Answer Renewal::ask_issuer(const sdk::Item& item, const pki::Certificate& old) const {
  sdk::FoundCertificate found;
  switch (host_.find(item.pipeline(), old.issuer(), old.serial(), found)) {
    case sdk::Outcome::Ok:
      break;
    case sdk::Outcome::Rejected:
    case sdk::Outcome::Unsupported:
      return sdk::Answer::rejected("renewal.unknown_certificate",
                                   "no CA of this pipeline knows the old certificate");
    default:
      return sdk::Answer::unavailable("renewal.issuer",
                                      "the CA can't say now how the old certificate stands");
  }
  // Same issuer and serial is not enough: only the very bytes that the CA signed are its certificate.
  if (!pki::equal(found.certificate, old.der())) {
    return sdk::Answer::rejected("renewal.unknown_certificate",
                                 "no CA of this pipeline knows the old certificate");
  }
  if (found.revoked) return sdk::Answer::rejected("renewal.revoked", "the old certificate is revoked");
  return sdk::Answer::ok();
}

sdk::Answer Renewal::count(const sdk::Item& item, const pki::Certificate& old,
                           const pki::CertificateRequest& request, std::int64_t now) const {
  const RenewalStep step{
      .old_spki = old.spki(), .new_spki = request.spki(), .item_key = item.key(), .now = now};
  switch (counter_.count(step, settings_.max_renewals)) {
    case CountResult::Counted:
      return sdk::Answer::ok();
    case CountResult::TooMany:
      return sdk::Answer::rejected("renewal.too_many",
                                   "the device has renewed itself too often; it must enrol anew");
    case CountResult::StoreUnavailable:
      break;
  }
  return sdk::Answer::unavailable("renewal.store", "the connector's store can't be used now");
}

}  // namespace certspan::scep
