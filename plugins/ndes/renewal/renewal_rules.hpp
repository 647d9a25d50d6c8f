// What a renewal must fulfil that no device-management service vouches for.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "plugins/common/pki/certificate.hpp"
#include "plugins/common/pki/certificate_request.hpp"

namespace certspan::scep {

struct RenewalRules {
  // How long before its end a certificate may be renewed; nothing stands for the last 30 % of its lifetime.
  std::optional<std::int64_t> window_s;
  bool any_time = false;  // from its first day on
  bool allow_same_key = false;
};

// The rule that is broken, as an answer's code and message.
struct BrokenRule {
  std::string_view code;
  std::string_view message;
};

// Looks at the two alone: window, expiry, subject, alternative names, key. nullopt: all fulfilled. Whether
// the old certificate is still good at its CA is asked elsewhere. `now` is seconds since 1970.
std::optional<BrokenRule> check_renewal(const RenewalRules& rules, const pki::Certificate& old,
                                        const pki::CertificateRequest& request, std::int64_t now);

}  // namespace certspan::scep
