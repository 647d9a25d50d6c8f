#include "plugins/profile/fence.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string>
#include <utility>

#include <nlohmann/json.hpp>

#include "plugins/common/connector/duration.hpp"
#include "plugins/common/connector/fault_list.hpp"
#include "plugins/common/connector/labels.hpp"
#include "plugins/common/connector/refusal.hpp"
#include "plugins/common/connector/vouched.hpp"
#include "plugins/common/pki/certificate.hpp"
#include "plugins/common/pki/certificate_request.hpp"
#include "plugins/common/pki/name.hpp"
#include "plugins/common/pki/oids.hpp"

namespace certspan::profile {

namespace {

using sdk::Answer;

constexpr std::string_view kPlugin = "profile";
connector::ProfileMap read_settings(std::string_view text, sdk::Faults& faults) {
  const auto document = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (document.is_object()) return connector::read_profiles(document, faults);
  faults.add("", "the settings must be a mapping");
  return {};
}

/// Not the device's fault and not final: an admin can put the CA's certificate right.
Answer bad_chain(const pki::Fault& fault) {
  return Answer::unavailable("profile.bad_ca_certificate",
                             "the issuer's own certificate can't be read: " + fault.message);
}

Answer mismatch(std::string_view detail) {
  return Answer::rejected("profile.certificate_mismatch",
                          "the certificate that the issuer gave is refused: " + std::string(detail));
}

std::string upper_case_hex(pki::BytesView bytes) {
  std::string text = pki::to_hex(bytes);
  std::ranges::transform(text, text.begin(),
                         [](char c) { return c >= 'a' ? static_cast<char>(c - 'a' + 'A') : c; });
  return text;
}

Answer accept(const pki::Certificate& certificate) {
  Answer answer = Answer::ok();
  answer.add_label("serial", upper_case_hex(certificate.serial()));
  answer.add_label("issuer", pki::printable_name(certificate.issuer()));
  answer.add_label("subject", pki::printable_name(certificate.subject()));
  answer.add_label("not_after", connector::format_utc(certificate.not_after()));
  const auto* const names = pki::find_extension(certificate.extensions(), pki::oids::kSubjectAltName);
  if (names != nullptr)
    answer.add_label("names", pki::names_for_people(names->value, connector::kLongestLabel));
  return answer;
}

}  // namespace

bool Fence::validate_settings(std::string_view settings, sdk::Faults& faults) {
  read_settings(settings, faults);
  return !faults.any();
}

Fence::Fence(sdk::Host host, std::string_view /*name*/, std::string_view settings) : host_(host) {
  connector::FaultList list;
  sdk::Faults faults = list.faults();
  profiles_ = read_settings(settings, faults);
  list.throw_first();
}

tl::expected<const pki::Profile*, Answer> Fence::find_profile(const sdk::Item& item) const {
  const auto found = profiles_.find(item.profile());
  if (found != profiles_.end()) return &found->second;
  if (item.profile().empty()) {
    return tl::unexpected(Answer::rejected(
        "profile.none", "the issue step names no profile, and nothing is issued without one"));
  }
  return tl::unexpected(
      Answer::rejected("profile.unknown", "there is no profile \"" + std::string(item.profile()) + "\""));
}

Answer Fence::before_issue(const sdk::Item& item, const sdk::Issued& issuers) {
  const auto profile = find_profile(item);
  if (!profile) return profile.error();
  const auto request = pki::parse_certificate_request(item.request());
  if (!request) return connector::refuse_request(kPlugin, request.error());
  const auto chain = chains_.read(issuers);
  if (!chain) return bad_chain(chain.error());
  if (const auto violation = (*chain)->own.check_request(**profile, *request, connector::vouched(item))) {
    return connector::refuse_request(kPlugin, *violation);
  }
  Answer answer = Answer::ok();
  answer.add_label(CERTSPAN_LABEL_KEY, pki::to_hex(request->public_key().spki_sha256()));
  return answer;
}

Answer Fence::after_issue(const sdk::Item& item, const sdk::Issued& issued) {
  const auto profile = find_profile(item);
  if (!profile) return profile.error();
  const auto request = pki::parse_certificate_request(item.request());
  if (!request) return connector::refuse_request(kPlugin, request.error());
  const auto certificate = pki::Certificate::parse(issued.certificate());
  if (!certificate) return mismatch(certificate.error().message);
  const auto chain = chains_.read(issued);
  if (!chain) return bad_chain(chain.error());
  const auto now = std::chrono::duration_cast<std::chrono::seconds>(host_.wall_now().time_since_epoch());
  if (const auto violation =
          pki::check_certificate(**profile, *request, *certificate, (*chain)->certificates, now.count())) {
    return mismatch(violation->message);
  }
  return accept(*certificate);
}

}  // namespace certspan::profile
