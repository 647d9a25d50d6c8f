#include "plugins/ca_local/local_ca.hpp"

#include <chrono>
#include <string>
#include <utility>

#include "plugins/ca_local/issuance.hpp"
#include "plugins/common/connector/duration.hpp"
#include "plugins/common/connector/fault_list.hpp"
#include "plugins/common/connector/refusal.hpp"
#include "plugins/common/pki/certificate_request.hpp"
#include "plugins/common/pki/name.hpp"

namespace certspan::ca_local {

namespace {

using sdk::Answer;
using sdk::Outcome;

constexpr std::string_view kPlugin = "ca_local";
constexpr std::size_t kItemKeySize = 32;
constexpr std::int64_t kExpiryNotice = 30LL * 86'400;

std::int64_t unix_seconds(std::chrono::system_clock::time_point time) {
  return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
}

/// Reads the CA's certificates; nothing, after a fault, if they can't be used.
std::optional<std::vector<pki::Certificate>> load_chain(const Settings& settings, std::int64_t now,
                                                        sdk::Faults& faults) {
  const std::optional<std::string> pem = read_certificate_file(settings, faults);
  if (!pem) return std::nullopt;
  auto chain = read_chain(*pem, now);
  if (!chain) {
    faults.add("/certificate_file", settings.certificate_file + ": " + chain.error().message);
    return std::nullopt;
  }
  return std::move(*chain);
}

std::optional<Authority> load_authority(const sdk::Host& host, const Settings& settings, std::int64_t now,
                                        sdk::Faults& faults) {
  auto chain = load_chain(settings, now, faults);
  if (!chain) return std::nullopt;
  const auto pem = host.open_secret(settings.key_token);
  if (!pem) {
    faults.add("/key", "the key can't be opened: give it as ${file:...} or ${credential:...}");
    return std::nullopt;
  }
  auto key = pki::load_private_key(pem->reveal());
  if (!key) {
    faults.add("/key", "is no private key that can be used: " + key.error().message);
    return std::nullopt;
  }
  auto authority = Authority::make(std::move(*chain), std::move(*key));
  if (!authority) {
    faults.add("/key", authority.error().message);
    return std::nullopt;
  }
  return std::move(*authority);
}

/// What the store could not do. With local effects nothing of the call remains, so "not done" is certain.
Answer ledger_failed(Outcome outcome) {
  if (outcome == Outcome::Internal) {
    return Answer::unavailable("ca_local.ledger_damaged", "a record of the ledger can't be read");
  }
  return Answer::unavailable("ca_local.ledger_unavailable", "the ledger can't be read or written now");
}

Answer hand_out(const LedgerRecord& record) {
  if (record.state == CertificateState::Revoked) {
    return Answer::rejected("ca_local.revoked", "the certificate of this request has been revoked");
  }
  return Answer::ok(record.certificate);
}

}  // namespace

bool LocalCa::validate_settings(std::string_view text, sdk::Faults& faults) {
  const Settings settings = read_own_settings(text, faults);
  if (!settings.certificate_file.empty()) {
    load_chain(settings, unix_seconds(std::chrono::system_clock::now()), faults);
  }
  return !faults.any();
}

LocalCa::LocalCa(sdk::Host host, std::string_view /*name*/, std::string_view settings)
    : host_(host), ledger_(host.store()) {
  connector::FaultList list;
  sdk::Faults faults = list.faults();
  settings_ = read_settings(settings, faults);
  list.throw_first();
  authority_ = load_authority(host_, settings_, now(), faults);
  crls_.emplace(ledger_, settings_.crl);
  list.throw_first();
  for (const pki::Certificate& certificate : authority_->chain()) {
    // What was parsed in full has an outline.
    static_cast<void>(own_identity_.add(certificate.der()));
  }
  host_.log(sdk::LogLevel::Info, "ca loaded",
            {{"subject", pki::printable_name(authority_->certificate().subject())},
             {"not_after", connector::format_utc(authority_->certificate().not_after())},
             {"profiles", settings_.profiles.size()}});
}

std::int64_t LocalCa::now() const {
  return unix_seconds(host_.wall_now());
}

Answer LocalCa::issue(const sdk::Item& item) {
  if (item.key().size() != kItemKeySize) {
    return Answer::invalid("ca_local.bad_key", "the item's key does not have 32 bytes");
  }
  LedgerRecord record;
  switch (const Outcome known = ledger_.find_by_key(item.key(), record)) {
    case Outcome::Ok:
      return hand_out(record);
    case Outcome::Rejected:
      break;
    default:
      return ledger_failed(known);
  }
  if (item.profile().empty()) {
    return Answer::rejected("ca_local.no_profile",
                            "the issue step names no profile, and none is issued without");
  }
  const auto profile = settings_.profiles.find(item.profile());
  if (profile == settings_.profiles.end()) {
    return Answer::rejected("ca_local.unknown_profile",
                            "there is no profile \"" + std::string(item.profile()) + "\"");
  }
  return issue_new(item, profile->second);
}

Answer LocalCa::issue_new(const sdk::Item& item, const pki::Profile& profile) {
  const auto request = pki::parse_certificate_request(item.request());
  if (!request) return connector::refuse_request(kPlugin, request.error());
  if (const auto violation = own_identity_.check_request(profile, *request)) {
    return connector::refuse_request(kPlugin, *violation);
  }
  const auto record = issue_certificate(*authority_, settings_.rules, profile, *request, now());
  if (record) return enter_in_ledger(item, *record);
  switch (record.error().kind) {
    case pki::FaultKind::UnsupportedAlgorithm:
      return connector::refuse_request(kPlugin, record.error());
    case pki::FaultKind::TooLarge:
      return Answer::invalid("ca_local.validity_too_short", record.error().message);
    case pki::FaultKind::Policy:
      return Answer::unavailable("ca_local.ca_expired", record.error().message);
    default:
      return Answer::unavailable("ca_local.signing_failed", record.error().message);
  }
}

Answer LocalCa::enter_in_ledger(const sdk::Item& item, const LedgerRecord& record) {
  const Outcome entered = ledger_.add(item.key(), record);
  if (entered == Outcome::Ok) return Answer::ok(record.certificate);
  if (entered != Outcome::Rejected) return ledger_failed(entered);
  // Another call for the same item was faster: its certificate is the one.
  LedgerRecord first;
  const Outcome known = ledger_.find_by_key(item.key(), first);
  return known == Outcome::Ok ? hand_out(first) : ledger_failed(known);
}

Answer LocalCa::lookup(const sdk::Item& item) {
  LedgerRecord record;
  switch (const Outcome known = ledger_.find_by_key(item.key(), record)) {
    case Outcome::Ok:
      return hand_out(record);
    // The ledger is written in the transaction that lets a certificate out, and no call is under way when the
    // host asks: what is not in it was not done and never will be.
    case Outcome::Rejected:
      return Answer::cancelled("ca_local.not_issued", "nothing was issued for this request");
    default:
      return ledger_failed(known);
  }
}

Outcome LocalCa::find(const sdk::FindRequest& request, sdk::FindSink& sink) {
  if (!pki::names_equal(request.issuer, authority_->certificate().subject())) return Outcome::Rejected;
  LedgerRecord record;
  const Outcome outcome = ledger_.find_by_serial(request.serial, record);
  if (outcome == Outcome::Rejected) return outcome;
  if (outcome != Outcome::Ok) return Outcome::Unavailable;
  if (record.state == CertificateState::Revoked) {
    sink.revoked(record.certificate);
  } else {
    sink.good(record.certificate);
  }
  return Outcome::Ok;
}

Outcome LocalCa::crl(const sdk::CrlRequest& request, sdk::BytesSink& sink) {
  const Authority& authority = *authority_;
  const bool named =
      request.issuer.empty() || pki::names_equal(request.issuer, authority.certificate().subject());
  const bool keyed =
      request.authority_key_id.empty() || pki::equal(request.authority_key_id, authority.key_identifier());
  if (!named || !keyed) return Outcome::Rejected;
  Crl crl;
  const Outcome outcome = crls_->current(authority, now(), crl);
  if (outcome == Outcome::Ok) sink.put(*crl);
  return outcome;
}

Outcome LocalCa::chain(sdk::ChainSink& sink) {
  for (const pki::Certificate& certificate : authority_->chain()) sink.add(certificate.der());
  return Outcome::Ok;
}

Outcome LocalCa::ping(sdk::Faults& faults) {
  Outcome outcome = Outcome::Ok;
  for (const pki::Certificate& certificate : authority_->chain()) {
    const std::int64_t left = certificate.not_after() - now();
    if (left > kExpiryNotice) continue;
    if (left < 0) outcome = Outcome::Unavailable;
    faults.add("/certificate_file", "the certificate of \"" + pki::printable_name(certificate.subject()) +
                                        "\" " + (left < 0 ? "expired" : "expires") + " at " +
                                        connector::format_utc(certificate.not_after()) + ": renew it");
  }
  return outcome;
}

std::optional<std::string> LocalCa::run_offline(std::string_view name, std::string_view arguments,
                                                sdk::Faults& faults) {
  return ca_local::run_action(name, arguments, unix_seconds(std::chrono::system_clock::now()), nullptr,
                              faults);
}

std::optional<std::string> LocalCa::run_action(std::string_view name, std::string_view arguments,
                                               sdk::Faults& faults) {
  const RunningCa running{*authority_, settings_.rules, settings_.profiles};
  return ca_local::run_action(name, arguments, now(), &running, faults);
}

}  // namespace certspan::ca_local
