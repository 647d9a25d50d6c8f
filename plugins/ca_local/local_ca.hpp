// The embedded certificate authority as a connector.
#pragma once

#include <atomic>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <certspan/actions.hpp>
#include <certspan/connector.hpp>

#include "plugins/ca_local/actions.hpp"
#include "plugins/ca_local/authority.hpp"
#include "plugins/ca_local/crl_book.hpp"
#include "plugins/ca_local/ledger.hpp"
#include "plugins/ca_local/outside_cas.hpp"
#include "plugins/ca_local/settings.hpp"
#include "plugins/common/connector/own_identity.hpp"

namespace certspan::ca_local {

/// Issues with a key of its own and keeps a ledger of what it issued. It judges every request by its own copy
/// of the profile, since the rule belongs where the key is: a host that skipped its fence still gets nothing
/// signed that the profile does not allow.
///
/// Everything that a call needs is loaded once, by the constructor; calls share it without a lock. The ledger
/// is written through the host's store, staged with the item's transition (CERTSPAN_ISSUER_LOCAL_EFFECTS):
/// what the ledger does not hold was never handed out.
class LocalCa final : public sdk::Issuer, public sdk::Revoker, public sdk::Actions {
 public:
  static constexpr const char* kName = "ca";
  static constexpr const char* kSummary =
      "An embedded certificate authority with its key in a file or a token.";
  static constexpr const char* kSettingsSchema = ca_local::kSettingsSchema;
  static constexpr std::uint32_t kFlags = CERTSPAN_TYPE_HOLDS_CA_KEY;
  static constexpr std::uint32_t kIssuerFlags = CERTSPAN_ISSUER_LOCAL_EFFECTS | CERTSPAN_ISSUER_IDEMPOTENT;
  static constexpr auto& kActions = kActionSpecs;

  /// Everything but the key, which only a connector can open.
  static bool validate_settings(std::string_view text, sdk::Faults& faults);
  static std::optional<std::string> run_offline(std::string_view name, std::string_view arguments,
                                                sdk::Faults& faults);

  LocalCa(sdk::Host host, std::string_view name, std::string_view settings);

  bool start(sdk::Faults& faults) override;
  void stop() override;

  sdk::Answer issue(const sdk::Item& item) override;
  sdk::Answer lookup(const sdk::Item& item) override;
  sdk::Answer revoke(const sdk::Item& item, const sdk::Revocation& revocation) override;
  sdk::Outcome find(const sdk::FindRequest& request, sdk::FindSink& sink) override;
  sdk::Outcome chain(sdk::ChainSink& sink) override;
  sdk::Outcome crl(const sdk::CrlRequest& request, sdk::BytesSink& sink) override;
  sdk::Outcome next_ca(sdk::BytesSink& sink) override;
  sdk::Outcome certificate_status(sdk::Bytes cert_id, sdk::BytesSink& sink) override;
  sdk::Outcome ping(sdk::Faults& faults) override;
  std::optional<std::string> run_action(std::string_view name, std::string_view arguments,
                                        sdk::Faults& faults) override;

 private:
  std::string status() const;
  std::optional<std::string> list_crls(sdk::Faults& faults);
  sdk::Outcome find_record(const sdk::FindRequest& request, LedgerRecord& record) const;
  std::int64_t now() const;
  /// The CA of now first, then those before it.
  template <class Wanted>
  const Authority* authority_where(const Wanted& wanted) const;
  pki::Result<pki::Bytes> make_next_ca() const;
  std::optional<sdk::Answer> refuse_compromised(pki::BytesView spki) const;
  sdk::Answer issue_new(const sdk::Item& item, const pki::Profile& profile);
  sdk::Answer enter_in_ledger(const sdk::Item& item, const LedgerRecord& record);

  sdk::Host host_;
  Settings settings_;
  Ledger ledger_;
  pkcs11::TokenKeys tokens_;
  std::optional<Authority> authority_;
  connector::OwnIdentity own_identity_;
  std::vector<Authority> previous_;
  std::optional<OutsideCas> outside_;
  std::vector<pki::Certificate> next_;  // the chain of the CA that comes, empty if none is prepared
  std::optional<CrlBook> crls_;
  std::atomic<bool> knows_compromised_{false};  // some key is in other hands
  std::mutex next_mutex_;                       // guards next_message_
  pki::Bytes next_message_;                     // made when it is asked for first
};

}  // namespace certspan::ca_local
