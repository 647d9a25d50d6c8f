#include "plugins/intune/scep_validator/scep_validator.hpp"

#include <utility>

#include <nlohmann/json.hpp>

#include "plugins/common/connector/fault_list.hpp"
#include "plugins/common/connector/own_status.hpp"
#include "plugins/common/connector/vouched.hpp"
#include "plugins/common/pki/certificate_request.hpp"
#include "plugins/intune/scep_validator/scep_answer.hpp"

namespace certspan::intune {
namespace {

constexpr std::string_view kService = "sceprequestvalidationfeservice";
constexpr std::string_view kVersion = "2018-02-20";
constexpr std::string_view kPermission = "scep_challenge_provider";
constexpr std::string_view kValidate = "ScepActions/validateRequest";
constexpr std::string_view kSuccess = "ScepActions/successNotification";
constexpr std::string_view kFailure = "ScepActions/failureNotification";

ServiceSettings settings_of(std::string_view text) {
  connector::FaultList list;
  sdk::Faults faults = list.faults();
  ServiceSettings settings = read_service_settings(nlohmann::json::parse(text), faults);
  list.throw_first();
  return settings;
}

sdk::Answer bad_transaction() {
  return sdk::Answer::invalid(
      "intune.bad_transaction",
      "the request has no transaction id of printable characters, by which Intune knows it");
}

/// Intune has compared subject, alternative names, key usage and purposes with the profile that it gave to
/// this device; what else the request brings it has not looked at.
void vouch_for(pki::BytesView request, sdk::Answer& answer) {
  answer.add_label(CERTSPAN_LABEL_VALIDATED_NAMES, "intune");
  const auto read = pki::parse_certificate_request(request, {.danger_allow_sha1 = true});
  if (read) connector::vouch_for_sid(*read, answer);  // else the fence's to refuse
}

}  // namespace

bool ScepValidator::validate_settings(std::string_view settings, sdk::Faults& faults) {
  read_service_settings(nlohmann::json::parse(settings), faults);
  return !faults.any();
}

ScepValidator::ScepValidator(sdk::Host host, std::string_view /*name*/, std::string_view settings)
    : host_(host), client_(host, settings_of(settings)) {}

bool ScepValidator::start(sdk::Faults& /*faults*/) {
  client_.credential().tokens().start_watching();
  return true;
}

void ScepValidator::stop() {
  client_.credential().tokens().stop_watching();
}

sdk::Answer ScepValidator::validate(const sdk::Item& item) {
  if (!is_printable(item.transaction_id())) return bad_transaction();
  const connector::SecretBody body = validate_body({item.transaction_id(), item.request(), kCaller});
  std::string activity;
  sdk::Answer answer = ask(item, kValidate, body.view(), activity);
  if (answer.outcome() != sdk::Outcome::Ok) {
    host_.log(sdk::LogLevel::Warn, "Intune does not say yes",
              {{"activity", activity}, {"code", answer.code()}, {"reason", answer.message()}});
    return answer;
  }
  host_.log(sdk::LogLevel::Info, "Intune says yes", {{"activity", activity}});
  answer.add_label("intune_validation", activity);
  vouch_for(item.request(), answer);
  return answer;
}

sdk::Answer ScepValidator::deliver(const sdk::Item& item, const sdk::Delivery& delivery) {
  if (!is_printable(item.transaction_id())) return bad_transaction();
  const ScepRequest request{item.transaction_id(), item.request(), kCaller};
  const std::string configuration = std::string(delivery.issuer()) + "/" + std::string(item.id());
  const auto body = delivery.issued() ? success_body(request, delivery.certificate(), configuration)
                                      : pki::Result<connector::SecretBody>(failure_body(request, delivery));
  if (!body) {
    return sdk::Answer::invalid("intune.bad_certificate",
                                "the certificate can't be read: " + body.error().message);
  }
  std::string activity;
  sdk::Answer answer = ask(item, delivery.issued() ? kSuccess : kFailure, body->view(), activity);
  if (answer.outcome() != sdk::Outcome::Ok) {
    host_.log(sdk::LogLevel::Warn, "Intune was not told",
              {{"activity", activity}, {"code", answer.code()}, {"reason", answer.message()}});
    return answer;
  }
  host_.log(sdk::LogLevel::Info, "Intune was told", {{"activity", activity}});
  answer.add_label("intune_notification", activity);
  return answer;
}

/// Whatever is not HTTP 2xx and Success, once and clearly, is no yes.
sdk::Answer ScepValidator::ask(const sdk::Item& item, std::string_view action, pki::BytesView body,
                               std::string& activity) {
  const auto reply = client_.post({kService, action, kVersion, kPermission, body}, item.deadline(), activity);
  if (!reply) {
    Trouble trouble = reply.error();
    if (!activity.empty()) trouble.message += " [activity " + activity + "]";
    return trouble.to_answer();
  }
  const auto answer = read_scep_answer(pki::as_text(reply->body));
  if (!answer) {
    return sdk::Answer::unavailable(
        "intune.unreadable",
        "Intune's answer can't be read; is there a proxy that asks for a sign-in? "
        "[activity " +
            activity + "]");
  }
  return answer->is_yes() ? sdk::Answer::ok() : refusal_of(*answer, activity);
}

std::optional<std::string> ScepValidator::run_action(std::string_view name, std::string_view /*arguments*/,
                                                     sdk::Faults& /*faults*/) {
  if (name == kExamineAction)
    return examination_text(examine(client_, kService, kPermission, host_.now() + kExaminationLasts));
  nlohmann::json status = client_.credential().tokens().status();
  const pki::Certificate* const certificate = client_.credential().certificate();
  if (certificate != nullptr) connector::watch_end(status, "intune_app", *certificate);
  return connector::status_text(status);
}

}  // namespace certspan::intune
