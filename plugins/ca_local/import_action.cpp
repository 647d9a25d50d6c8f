#include "plugins/ca_local/import_action.hpp"

#include "plugins/common/pki/base64.hpp"

namespace certspan::ca_local {

std::optional<nlohmann::json> import_outside(const Arguments& arguments, const OutsideCas& outside,
                                             std::int64_t now) {
  if (!outside.counts_at(now)) {
    arguments.fault("", outside.ended_at(now)
                            ? "`renew_from` of this CA has ended: nothing renews by it"
                            : "this CA has no `renew_from`: it names whose certificates count");
    return std::nullopt;
  }
  const std::vector<std::string> texts = arguments.texts("certificates");
  if (texts.size() > OutsideCas::kMostAtOnce) {
    arguments.fault("certificates", "are too many at once");
    return std::nullopt;
  }
  std::vector<pki::Bytes> ders;
  ders.reserve(texts.size());
  // What is no base64 is no certificate either.
  for (const std::string& text : texts) ders.push_back(pki::base64_decode(text).value_or(pki::Bytes()));
  const auto as = arguments.flag("revoked") ? CertificateState::Revoked : CertificateState::Good;
  std::vector<Imported> results;
  switch (outside.import(ders, as, arguments.flag("dry_run"), now, results)) {
    case sdk::Outcome::Ok:
      break;
    case sdk::Outcome::Rejected:
      arguments.fault("", "another import wrote the same certificates meanwhile: run this one again");
      return std::nullopt;
    default:
      arguments.fault("", "the connector's store can't be used now; of these, nothing was imported");
      return std::nullopt;
  }
  nlohmann::json words = nlohmann::json::array();
  for (const Imported result : results) words.push_back(to_string(result));
  return nlohmann::json{{"results", std::move(words)}};
}

}  // namespace certspan::ca_local
