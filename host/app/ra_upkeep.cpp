#include "host/app/ra_upkeep.hpp"

#include <algorithm>
#include <string>

#include <nlohmann/json.hpp>

#include "host/loading/connector.hpp"

namespace certspan {
namespace {

constexpr const char* kRequest = "ra_request";
constexpr const char* kTake = "ra_take";
constexpr const char* kCertify = "certify_ra";
constexpr const char* kCode = "ra.not_certified";

bool issues_for(const Config& config, const std::string& source, const std::string& issuer) {
  const auto is_issuer = [&](const Named& connector) { return connector.name == issuer; };
  const auto issues = [&](const StepConfig& step) {
    return step.kind == StepKind::Issue && std::ranges::any_of(step.connectors, is_issuer);
  };
  return std::ranges::any_of(config.pipelines, [&](const PipelineConfig& pipeline) {
    return pipeline.source.name == source && std::ranges::any_of(pipeline.steps, issues);
  });
}

Result<Connector*> issuer_for(const Config& config, const ConnectorSet& connectors, const std::string& source,
                              const std::string& name) {
  const auto refuse = [&](const std::string& why) {
    return fail(
        Outcome::Rejected, kCode,
        "the RA of connector \"" + source + "\" can't be certified by \"" + name + "\", which " + why);
  };
  if (!issues_for(config, source, name)) return refuse("is no issuer of its pipelines");
  Connector* issuer = connectors.find(name);
  if (issuer == nullptr) return refuse("is not running");
  if (!offers_action(*issuer, kCertify)) return refuse("certifies no RA (it has no action certify_ra)");
  return issuer;
}

/// When this one has to be asked again.
Result<AskAgain> certify_ra_of(Connector& source, const Config& config, const ConnectorSet& connectors,
                               Log& log) {
  CERTSPAN_TRY(const auto wanted, have_run(source, kRequest, nlohmann::json::object(), kCode));
  if (!wanted.contains("csr")) return due_in(wanted);
  const std::string name = wanted.value("issuer", std::string());
  CERTSPAN_TRY(Connector* const issuer, issuer_for(config, connectors, source.name(), name));
  CERTSPAN_TRY(const auto made,
               have_run(*issuer, kCertify,
                        {{"csr", wanted.at("csr")}, {"validity", wanted.value("validity", "365d")}}, kCode));
  CERTSPAN_CHECK(have_run(source, kTake, {{"certificate", made.value("certificate", std::string())}}, kCode));
  log.write(LogLevel::Info, "RA certified",
            {{"connector", source.name()},
             {"issuer", name},
             {"subject", made.value("subject", std::string())},
             {"not_after", made.value("not_after", std::string())}});
  CERTSPAN_TRY(const auto next, have_run(source, kRequest, nlohmann::json::object(), kCode));
  return due_in(next);
}

/// What a plugin prints may be of any kind.
Result<AskAgain> asked_for_ra(Connector& source, const Config& config, const ConnectorSet& connectors,
                              Log& log) try {
  return certify_ra_of(source, config, connectors, log);
} catch (const nlohmann::json::exception& fault) {
  return fail(Outcome::Internal, kCode, "connector \"" + source.name() + "\": " + fault.what());
}

}  // namespace

AskAgain certify_ras(const Config& config, const ConnectorSet& connectors, Log& log) {
  AskAgain first;
  for (const auto& [name, station] : connectors.all()) {
    Connector& source = *station.connector;
    if (!offers_action(source, kRequest) || !offers_action(source, kTake)) continue;
    auto again = asked_for_ra(source, config, connectors, log);
    if (!again) {
      log.write(LogLevel::Error, "RA can't be certified",
                {{"connector", name}, {"code", again.error().code}, {"reason", again.error().message}});
      again = kAfterAFault;
    }
    first = sooner(first, *again);
  }
  return first;
}

}  // namespace certspan
