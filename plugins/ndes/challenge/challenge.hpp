// The connector type `challenge`: lets a request through if the challengePassword in it is one of ours.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include <certspan/actions.hpp>
#include <certspan/connector.hpp>

#include "plugins/common/pki/certificate_request.hpp"
#include "plugins/ndes/challenge/challenge_actions.hpp"
#include "plugins/ndes/challenge/challenge_book.hpp"
#include "plugins/ndes/challenge/challenge_settings.hpp"
#include "plugins/ndes/challenge/try_limiter.hpp"
#include "plugins/ndes/keyed_hash.hpp"
#include "plugins/ndes/minting/mint_desk.hpp"

namespace certspan::scep {

// A static challenge, one-time challenges (ChallengeBook), or both. The text of a challenge is never logged,
// nor part of an answer. A malformed request spends nothing. With `mint` programs mint one-time challenges
// over HTTP (MintDesk), for which it is a source that brings no work.
class Challenge final : public sdk::Validator, public sdk::Source, public sdk::Actions {
 public:
  static constexpr const char* kName = "challenge";
  static constexpr const char* kSummary = "Checks the challenge password of a SCEP request.";
  static constexpr const char* kSettingsSchema = kChallengeSchema;
  static constexpr std::uint32_t kSourceFlags = CERTSPAN_SOURCE_BRINGS_NO_WORK;
  static constexpr const auto& kActions = kChallengeActions;
  static bool validate_settings(std::string_view settings, sdk::Faults& faults);

  Challenge(sdk::Host host, std::string_view name, std::string_view settings);

  bool start(sdk::Faults& faults) override;
  sdk::Answer validate(const sdk::Item& item) override;
  bool open_intake(sdk::Faults& faults) override;
  void handle(const sdk::HttpRequest& request, sdk::Exchange& exchange) override;
  void reply(const sdk::Reply& reply, sdk::Bytes context, sdk::Exchange& exchange) override;
  std::optional<std::string> run_action(std::string_view name, std::string_view arguments,
                                        sdk::Faults& faults) override;

 private:
  bool is_static(std::string_view challenge) const;
  sdk::Answer judge(std::string_view challenge, const pki::CertificateRequest& request,
                    const sdk::Item& item);

  sdk::Host host_;
  ChallengeSettings settings_;
  HashKey static_key_;
  std::optional<KeyedHashValue> static_hash_;
  std::optional<ChallengeBook> book_;
  std::mutex minting_;  // guards all of book_ but `spend`
  std::unique_ptr<MintDesk> desk_;
  TryLimiter limiter_;
};

}  // namespace certspan::scep
