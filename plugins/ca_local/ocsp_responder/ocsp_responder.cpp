#include "plugins/ca_local/ocsp_responder/ocsp_responder.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include <nlohmann/json.hpp>

#include "plugins/ca_local/ocsp_responder/http_request.hpp"
#include "plugins/common/connector/duration.hpp"
#include "plugins/common/connector/fault_list.hpp"
#include "plugins/common/connector/own_status.hpp"
#include "plugins/common/pki/name.hpp"

namespace certspan::ca_local {
namespace {

using pki::OcspError;
using sdk::Outcome;

constexpr std::string_view kResponseType = "application/ocsp-response";
constexpr std::uint64_t kMostBody = 16ULL * 1024;
constexpr std::size_t kMostKept = 10'000;
/// For clients whose clocks are behind.
constexpr std::int64_t kBackdate = 300;

OcspError error_for(pki::FaultKind kind) {
  return kind == pki::FaultKind::UnsupportedAlgorithm ? OcspError::Unauthorized : OcspError::MalformedRequest;
}

/// When a third of its life was left it should have been renewed. An end that sees to itself is nobody's.
bool is_overdue(const Delegate& delegate, std::int64_t now) {
  constexpr std::int64_t kPart = 4;
  return delegate.not_after() - now < (delegate.not_after() - delegate.not_before()) / kPart;
}

void watch_mandate(nlohmann::json& status, const Mandate& mandate) {
  status["ends"].push_back({{"kind", "ocsp"},
                            {"name", pki::printable_name(mandate.ca.subject())},
                            {"at", mandate.certificate.not_after()}});
}

ResponderSettings settings_or_throw(std::string_view text) {
  connector::FaultList list;
  sdk::Faults faults = list.faults();
  ResponderSettings settings = read_responder_settings(text, faults);
  list.throw_first();
  return settings;
}

}  // namespace

bool OcspResponder::validate_settings(std::string_view settings, sdk::Faults& faults) {
  read_responder_settings(settings, faults);
  return !faults.any();
}

OcspResponder::OcspResponder(sdk::Host host, std::string_view /*name*/, std::string_view settings)
    : host_(host), settings_(settings_or_throw(settings)), desk_(host_, settings_), shelf_(kMostKept) {}

std::int64_t OcspResponder::now() const {
  return std::chrono::duration_cast<std::chrono::seconds>(host_.wall_now().time_since_epoch()).count();
}

bool OcspResponder::start(sdk::Faults& faults) {
  return desk_.look_into_store(faults);
}

bool OcspResponder::open_intake(sdk::Faults& faults) {
  if (host_.add_route(settings_.listener, settings_.path, kMostBody) == Outcome::Ok) return true;
  faults.add("/path", "the host does not grant this path to the connector");
  return false;
}

void OcspResponder::handle(const sdk::HttpRequest& request, sdk::Exchange& exchange) {
  if (request.method() != "POST" && request.method() != "GET") {
    const sdk::Label allow[] = {{"Allow", "GET, POST"}};
    return exchange.respond({.status = 405, .fields = allow});
  }
  const auto der = request_of(request, settings_.path);
  const SignedAnswer answer = der ? answer_to(*der) : refusal(OcspError::MalformedRequest);
  exchange.respond({.status = 200, .content_type = kResponseType, .body = *answer});
}

SignedAnswer OcspResponder::refusal(OcspError error) {
  ++refused_;
  return std::make_shared<const pki::Bytes>(pki::write_ocsp_error(error));
}

/// One answer has one signer, so the CA of the first certificate speaks; certificates of others are unknown
/// to it.
SignedAnswer OcspResponder::answer_to(pki::BytesView der) {
  const auto request = pki::parse_ocsp_request(der);
  if (!request) return refusal(error_for(request.error().kind));
  const auto delegate = desk_.now();
  if (!delegate) return refusal(OcspError::TryLater);
  const Mandate* mandate = delegate->for_id(request->cert_ids.front());
  if (mandate == nullptr) return refusal(OcspError::Unauthorized);
  Statuses statuses;
  switch (look_up(*request, *mandate, statuses)) {
    case Outcome::Ok:
      return sign(*request, delegate, *mandate, statuses);
    case Outcome::Rejected:
      return refusal(OcspError::Unauthorized);
    default:
      return refusal(OcspError::TryLater);
  }
}

Outcome OcspResponder::look_up(const pki::OcspRequest& request, const Mandate& mandate,
                               Statuses& statuses) const {
  for (const pki::CertId& id : request.cert_ids) {
    pki::OcspSingle single{.cert_id = id.whole, .status = pki::ocsp_unknown()};
    if (mandate.issuer.is_named_by(id)) {
      const Outcome outcome = ask_issuers(id, single.status);
      if (outcome != Outcome::Ok) return outcome;
    }
    statuses.push_back(std::move(single));
  }
  return Outcome::Ok;
}

Outcome OcspResponder::ask_issuers(const pki::CertId& id, pki::Bytes& status) const {
  Outcome outcome = Outcome::Rejected;
  for (const std::string& issuer : settings_.issuers) {
    const Outcome asked = host_.certificate_status(issuer, id.whole, status);
    if (asked == Outcome::Ok) return asked;
    if (asked != Outcome::Rejected) outcome = Outcome::Unavailable;
  }
  return outcome;
}

SignedAnswer OcspResponder::sign(const pki::OcspRequest& request,
                                 const std::shared_ptr<const Delegate>& delegate, const Mandate& mandate,
                                 const Statuses& statuses) {
  const std::int64_t at = now();
  const pki::OcspSingle& first = statuses.front();
  const bool may_repeat = request.nonce.empty() && statuses.size() == 1;
  if (may_repeat) {
    if (auto known = shelf_.find(first.cert_id, first.status, delegate, at)) {
      ++repeated_;
      return known;
    }
  }
  const std::int64_t lasts = settings_.lasts.count();
  const auto der = pki::write_ocsp_response({.certificate = mandate.certificate.der(),
                                             .produced_at = at,
                                             .this_update = at - kBackdate,
                                             .next_update = at + lasts,
                                             .singles = statuses,
                                             .nonce = request.nonce},
                                            delegate->key());
  if (!der) return refusal(OcspError::InternalError);
  ++signed_;
  auto answer = std::make_shared<const pki::Bytes>(*der);
  // Half of its time is left at least when it is handed out again.
  if (may_repeat) shelf_.put(first.cert_id, first.status, delegate, at + lasts / 2, answer);
  return answer;
}

std::string OcspResponder::status() const {
  nlohmann::json status = nlohmann::json::object();
  const auto delegate = desk_.now();
  std::string about = "answers: " + std::to_string(signed_) + " signed, " + std::to_string(repeated_) +
                      " repeated, " + std::to_string(refused_) + " refused";
  if (!delegate) {
    status["trouble"] = "no CA has certified it: it answers \"try later\" until one has";
  } else if (is_overdue(*delegate, now())) {
    for (const Mandate& mandate : delegate->mandates()) watch_mandate(status, mandate);
  } else {
    about += "; certified until " + connector::format_utc(delegate->not_after()) + ", renewed by itself";
  }
  status["about"] = about;
  return connector::status_text(status);
}

std::optional<std::string> OcspResponder::run_action(std::string_view name, std::string_view arguments,
                                                     sdk::Faults& faults) {
  if (name == "status") return status();
  if (name == "ocsp_request") return desk_.request(faults);
  if (name == "ocsp_take") return desk_.take(arguments, faults);
  faults.add("", "ocsp_responder has no action \"" + std::string(name) + "\"");
  return std::nullopt;
}

}  // namespace certspan::ca_local
