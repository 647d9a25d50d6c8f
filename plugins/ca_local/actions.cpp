#include "plugins/ca_local/actions.hpp"

#include <nlohmann/json.hpp>

#include "plugins/ca_local/arguments.hpp"
#include "plugins/ca_local/certify_actions.hpp"
#include "plugins/ca_local/create_actions.hpp"
#include "plugins/ca_local/import_action.hpp"

namespace certspan::ca_local {

namespace {

using nlohmann::json;

std::optional<json> dispatch(std::string_view name, const Arguments& arguments, std::int64_t now,
                             const RunningCa* running) {
  if (name == "create_ca") return create_ca(arguments, now);
  if (name == "ca_csr") return make_ca_request(arguments);
  if (name == "ca_import") return import_ca(arguments, now);
  if (name == "certify_ra") return certify_ra(arguments, now, running);
  if (name == "certify_tls") return certify_tls(arguments, now, running);
  if (name == "certify_ocsp" && running != nullptr) return certify_ocsp(arguments, now, *running);
  if (name == "import_certificates" && running != nullptr) {
    return import_outside(arguments, running->outside, now);
  }
  arguments.fault("", "ca_local has no action \"" + std::string(name) + "\"");
  return std::nullopt;
}

}  // namespace

std::optional<std::string> run_action(std::string_view name, std::string_view arguments, std::int64_t now,
                                      const RunningCa* running, sdk::Faults& faults) {
  const json document = json::parse(arguments, nullptr, /*allow_exceptions=*/false);
  if (!document.is_object()) {
    faults.add("", "the arguments must be a JSON object");
    return std::nullopt;
  }
  const std::optional<json> result = dispatch(name, Arguments(document, faults), now, running);
  if (!result || faults.any()) return std::nullopt;
  return result->dump();
}

}  // namespace certspan::ca_local
