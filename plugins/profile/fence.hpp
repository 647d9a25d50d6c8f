// The fence that stands before and after every issuer.
#pragma once

#include <string_view>

#include <certspan/connector.hpp>
#include <tl/expected.hpp>

#include "plugins/common/connector/profiles.hpp"
#include "plugins/common/connector/schema.hpp"
#include "plugins/common/pki/profile_schema.hpp"
#include "plugins/profile/known_chains.hpp"

namespace certspan::profile {

inline constexpr auto kSettingsSchema = connector::join_texts(R"({
  "type": "object", "additionalProperties": false,
  "description": "The fence before and after every issuer. The host makes it by itself.",
  "properties": {
    "profiles": {"type": "object", "x-certspan-profiles": true,
      "description": "What certificates must look like, by the name that the issue steps use.",
      "additionalProperties": )",
                                                              pki::kProfileSchema, R"(}
  }
})");

/// Refuses a request that asks for more than its profile before any CA sees it, since nothing can be cut out
/// of bytes that a device has signed; and compares what the CA gave with request and profile, since a CA may
/// add what nobody asked for. Calls may come from several threads.
class Fence final : public sdk::Processor {
 public:
  static constexpr const char* kName = "fence";
  static constexpr const char* kSummary = "Holds requests and issued certificates to their profile.";
  static constexpr const char* kSettingsSchema = profile::kSettingsSchema.data();

  static bool validate_settings(std::string_view settings, sdk::Faults& faults);

  Fence(sdk::Host host, std::string_view name, std::string_view settings);

  /// Codes: "profile.none" and "profile.unknown" for the step's profile, those of connector::refuse_request
  /// for the request, "profile.bad_ca_certificate" if the issuer's chain can't be read.
  sdk::Answer before_issue(const sdk::Item& item, const sdk::Issued& issuers) override;
  /// Ok carries the labels serial (upper-case hexadecimal, even length), issuer, subject (RFC 4514) and
  /// not_after (RFC 3339, UTC). Code on a mismatch: "profile.certificate_mismatch".
  sdk::Answer after_issue(const sdk::Item& item, const sdk::Issued& issued) override;

 private:
  tl::expected<const pki::Profile*, sdk::Answer> find_profile(const sdk::Item& item) const;

  sdk::Host host_;
  connector::ProfileMap profiles_;
  KnownChains chains_;
};

}  // namespace certspan::profile
