#include "plugins/ndes/renewal/renewal_rules.hpp"

#include <algorithm>
#include <vector>

#include "plugins/common/pki/general_names.hpp"
#include "plugins/common/pki/name.hpp"
#include "plugins/common/pki/oids.hpp"

namespace certspan::scep {
namespace {

constexpr std::int64_t kDefaultWindowPercent = 30;

std::optional<BrokenRule> check_window(const RenewalRules& rules, const pki::Certificate& old,
                                       std::int64_t now) {
  if (now > old.not_after()) {
    return BrokenRule{"renewal.expired", "the old certificate has expired; the device must enrol anew"};
  }
  if (now < old.not_before()) {
    return BrokenRule{"renewal.not_yet_valid", "the old certificate is not valid yet"};
  }
  if (rules.any_time) return std::nullopt;
  const std::int64_t lifetime = old.not_after() - old.not_before();
  const std::int64_t window = rules.window_s.value_or(lifetime / 100 * kDefaultWindowPercent);
  if (now < old.not_after() - window) {
    return BrokenRule{"renewal.too_early", "the old certificate is not in its renewal window yet"};
  }
  return std::nullopt;
}

using Names = std::vector<pki::GeneralName>;

std::optional<Names> names_of(const pki::CertificateRequest& request) {
  const auto* extension = pki::find_extension(request.extensions(), pki::oids::kSubjectAltName);
  if (extension == nullptr) return Names();
  auto names = pki::parse_general_names(extension->value);
  return names ? std::optional(std::move(*names)) : std::nullopt;
}

std::optional<Names> names_of(const pki::Certificate& certificate) {
  auto names = certificate.subject_alt_names();
  if (!names) return std::nullopt;
  return std::move(*names).value_or(Names());
}

bool same_names(const Names& a, const Names& b) {
  return a.size() == b.size() && std::ranges::is_permutation(a, b);
}

}  // namespace

std::optional<BrokenRule> check_renewal(const RenewalRules& rules, const pki::Certificate& old,
                                        const pki::CertificateRequest& request, std::int64_t now) {
  if (auto broken = check_window(rules, old, now)) return broken;
  if (!pki::names_equal(old.subject(), request.subject())) {
    return BrokenRule{"renewal.other_subject",
                      "the request asks for another subject than the old certificate has"};
  }
  const auto old_names = names_of(old);
  const auto new_names = names_of(request);
  if (!old_names || !new_names || !same_names(*old_names, *new_names)) {
    return BrokenRule{"renewal.other_names",
                      "the request asks for other alternative names than the old certificate has"};
  }
  if (!rules.allow_same_key && pki::equal(old.spki(), request.spki())) {
    return BrokenRule{"renewal.same_key", "the request uses the old key again; allow_same_key would let it"};
  }
  return std::nullopt;
}

}  // namespace certspan::scep
