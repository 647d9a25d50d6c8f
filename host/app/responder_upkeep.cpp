#include "host/app/responder_upkeep.hpp"

#include <string>

#include "host/loading/connector.hpp"

namespace certspan {
namespace {

using nlohmann::json;

constexpr const char* kOcspRequest = "ocsp_request";
constexpr const char* kOcspTake = "ocsp_take";
constexpr const char* kCertifyOcsp = "certify_ocsp";
constexpr const char* kOcspCode = "ocsp.not_certified";

Result<Connector*> certifier(const ConnectorSet& connectors, const std::string& name) {
  Connector* issuer = connectors.find(name);
  if (issuer != nullptr && offers_action(*issuer, kCertifyOcsp)) return issuer;
  return fail(Outcome::Rejected, kOcspCode,
              "\"" + name + "\" " +
                  (issuer == nullptr ? "is not running"
                                     : "certifies no OCSP responder (it has no action certify_ocsp)"));
}

/// The pairs of all its issuers: one that certifies nothing keeps the others from it too, for it is named.
Result<json> certified_by_all(const Connector& responder, const json& wanted,
                              const ConnectorSet& connectors) {
  json pairs = json::array();
  for (const json& name : wanted.at("issuers")) {
    CERTSPAN_TRY(Connector* const issuer, certifier(connectors, name.get<std::string>()));
    const json order = {{"csr", wanted.at("csr")},
                        {"responder", responder.name()},
                        {"validity", wanted.value("validity", "30d")}};
    CERTSPAN_TRY(const json made, have_run(*issuer, kCertifyOcsp, order, kOcspCode));
    for (const json& pair : made.at("certificates")) pairs.push_back(pair);
  }
  return pairs;
}

Result<AskAgain> certify_responder(Connector& responder, const ConnectorSet& connectors, Log& log) {
  CERTSPAN_TRY(const json wanted, have_run(responder, kOcspRequest, json::object(), kOcspCode));
  if (!wanted.contains("csr")) return due_in(wanted);
  CERTSPAN_TRY(const json pairs, certified_by_all(responder, wanted, connectors));
  CERTSPAN_CHECK(have_run(responder, kOcspTake, {{"certificates", pairs}}, kOcspCode));
  log.write(LogLevel::Info, "OCSP responder certified",
            {{"connector", responder.name()}, {"certificates", std::to_string(pairs.size())}});
  CERTSPAN_TRY(const json next, have_run(responder, kOcspRequest, json::object(), kOcspCode));
  return due_in(next);
}

/// What a plugin prints may be of any kind.
Result<AskAgain> asked_for_responder(Connector& responder, const ConnectorSet& connectors, Log& log) try {
  return certify_responder(responder, connectors, log);
} catch (const json::exception& fault) {
  return fail(Outcome::Internal, kOcspCode, "connector \"" + responder.name() + "\": " + fault.what());
}

}  // namespace

AskAgain certify_responders(const ConnectorSet& connectors, Log& log) {
  AskAgain first;
  for (const auto& [name, station] : connectors.all()) {
    Connector& responder = *station.connector;
    if (!offers_action(responder, kOcspRequest) || !offers_action(responder, kOcspTake)) continue;
    auto again = asked_for_responder(responder, connectors, log);
    if (!again) {
      log.write(LogLevel::Error, "OCSP responder can't be certified",
                {{"connector", name}, {"code", again.error().code}, {"reason", again.error().message}});
      again = kAfterAFault;
    }
    first = sooner(first, *again);
  }
  return first;
}

}  // namespace certspan
