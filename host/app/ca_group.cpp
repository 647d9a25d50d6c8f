#include "host/app/ca_group.hpp"

#include <memory>

#include <fmt/format.h>
#include <openssl/x509.h>

namespace certspan {
namespace {

/// The name of the root above a chain: who issued its last certificate, itself if that is the root. Empty if
/// it can't be told.
Bytes root_name(const std::vector<Bytes>& chain) {
  if (chain.empty()) return {};
  const unsigned char* at = chain.back().data();
  const std::unique_ptr<X509, decltype(&X509_free)> last(
      d2i_X509(nullptr, &at, static_cast<long>(chain.back().size())), &X509_free);
  if (!last) return {};
  unsigned char* der = nullptr;
  const int size = i2d_X509_NAME(X509_get_issuer_name(last.get()), &der);
  if (size <= 0) return {};
  Bytes name(der, der + size);
  OPENSSL_free(der);
  return name;
}

void check_step(const PipelineConfig& pipeline, const StepConfig& step, const RunningConfig& running,
                Faults& faults) {
  const Named* first = nullptr;
  Bytes group;
  for (const Named& each : step.connectors) {
    Connector* issuer = running.connectors.find(each.name);
    const auto chain = issuer == nullptr ? nullptr : running.chains.get(*issuer);
    Bytes name = chain == nullptr ? Bytes() : root_name(*chain);
    if (name.empty()) continue;
    if (first == nullptr) {
      first = &each;
      group = std::move(name);
    } else if (name != group) {
      faults.error(
          FaultCode::MixedChains, each.mark,
          fmt::format("CA \"{}\" stands under another root than \"{}\": who trusts the one does not trust "
                      "certificates of the other",
                      each.name, first->name),
          fmt::format("name CAs of one root, or say `danger_mixed_chains: true` in pipeline \"{}\"",
                      pipeline.name.name));
    }
  }
}

}  // namespace

void check_ca_groups(const Config& config, const RunningConfig& running, Faults& faults) {
  for (const PipelineConfig& pipeline : config.pipelines) {
    if (pipeline.danger_mixed_chains) continue;
    for (const StepConfig& step : pipeline.steps) {
      if (step.kind == StepKind::Issue && step.connectors.size() > 1)
        check_step(pipeline, step, running, faults);
    }
  }
}

}  // namespace certspan
