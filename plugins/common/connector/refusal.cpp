#include "plugins/common/connector/refusal.hpp"

#include <string>

namespace certspan::connector {

namespace {

std::string with_plugin(std::string_view plugin, std::string_view word) {
  return std::string(plugin) + "." + std::string(word);
}

}  // namespace

sdk::Answer refuse_request(std::string_view plugin, const pki::Fault& fault) {
  const std::string message = "the certificate request can't be used: " + fault.message;
  switch (fault.kind) {
    case pki::FaultKind::UnsupportedAlgorithm:
      return sdk::Answer::unsupported(with_plugin(plugin, "unsupported_algorithm"), message);
    case pki::FaultKind::TooLarge:
      return sdk::Answer::invalid(with_plugin(plugin, "request_too_large"), message);
    case pki::FaultKind::BadSignature:
      return sdk::Answer::invalid(with_plugin(plugin, "bad_request_signature"), message);
    case pki::FaultKind::Malformed:
    case pki::FaultKind::NotForUs:
    case pki::FaultKind::CannotOpen:
    case pki::FaultKind::Policy:
      return sdk::Answer::invalid(with_plugin(plugin, "malformed_request"), message);
    case pki::FaultKind::Unavailable:
    case pki::FaultKind::Internal:
      break;
  }
  return sdk::Answer::internal(with_plugin(plugin, "internal"), message);
}

sdk::Answer refuse_request(std::string_view plugin, const pki::Violation& violation) {
  const std::string code = with_plugin(plugin, violation.code);
  switch (violation.kind) {
    case pki::ViolationKind::BadAlg:
      return sdk::Answer::unsupported(code, violation.message);
    case pki::ViolationKind::Malformed:
      return sdk::Answer::invalid(code, violation.message);
    case pki::ViolationKind::BadRequest:
      break;
  }
  return sdk::Answer::rejected(code, violation.message);
}

}  // namespace certspan::connector
