#include "host/app/ca_group.hpp"

#include <fmt/format.h>
#include <openssl/x509v3.h>

#include "host/base/x509.hpp"

namespace certspan {
namespace {

/// The root above a chain: name and key identifier of who issued its last certificate, itself if that is the
/// root.
struct Root {
  Bytes name;    ///< DER; empty if it can't be told
  Bytes key_id;  ///< empty if no certificate says it

  bool differs(const Root& other) const {
    return name != other.name || (!key_id.empty() && !other.key_id.empty() && key_id != other.key_id);
  }
};

Root root_above(const std::vector<Bytes>& chain) {
  if (chain.empty()) return {};
  const X509Ptr last = parse_x509(chain.back());
  if (!last) return {};
  Root root{encode_x509_name(X509_get_issuer_name(last.get())), {}};
  if (root.name.empty()) return {};
  const bool is_root =
      X509_NAME_cmp(X509_get_subject_name(last.get()), X509_get_issuer_name(last.get())) == 0;
  const ASN1_OCTET_STRING* id =
      is_root ? X509_get0_subject_key_id(last.get()) : X509_get0_authority_key_id(last.get());
  if (id != nullptr) {
    const unsigned char* octets = ASN1_STRING_get0_data(id);
    root.key_id.assign(octets, octets + ASN1_STRING_length(id));
  }
  return root;
}

void check_step(const PipelineConfig& pipeline, const StepConfig& step, const RunningConfig& running,
                Faults& faults) {
  const Named* first = nullptr;
  Root group;
  for (const Named& each : step.connectors) {
    Connector* issuer = running.connectors.find(each.name);
    const auto chain = issuer == nullptr ? nullptr : running.chains.get(*issuer);
    Root root = chain == nullptr ? Root() : root_above(*chain);
    if (root.name.empty()) continue;
    if (first == nullptr) {
      first = &each;
      group = std::move(root);
    } else if (root.differs(group)) {
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
