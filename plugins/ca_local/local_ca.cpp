#include "plugins/ca_local/local_ca.hpp"

#include <algorithm>
#include <chrono>
#include <span>
#include <string>
#include <utility>

#include <nlohmann/json.hpp>

#include "plugins/ca_local/issuance.hpp"
#include "plugins/ca_local/load_authorities.hpp"
#include "plugins/ca_local/ocsp_status.hpp"
#include "plugins/common/connector/duration.hpp"
#include "plugins/common/connector/fault_list.hpp"
#include "plugins/common/connector/own_status.hpp"
#include "plugins/common/connector/refusal.hpp"
#include "plugins/common/connector/vouched.hpp"
#include "plugins/common/pki/certificate_request.hpp"
#include "plugins/common/pki/name.hpp"
#include "plugins/common/pki/signed_data.hpp"

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

/// What the store could not do. With local effects nothing of the call remains, so "not done" is certain.
Answer ledger_failed(Outcome outcome) {
  if (outcome == Outcome::Internal) {
    return Answer::unavailable("ca_local.ledger_damaged", "a record of the ledger can't be read");
  }
  return Answer::unavailable("ca_local.ledger_unavailable", "the ledger can't be read or written now");
}

nlohmann::json describe_crl(const Authority& authority, const CrlKind& kind) {
  const std::string key_id = pki::to_hex(authority.key_identifier());
  const Partition& part = kind.partition;
  const std::string name =
      part.count == 0 ? key_id
                      : key_id + "/" + std::to_string(part.number) + "-of-" + std::to_string(part.count);
  return {{"file", name + (kind.delta ? "-delta.crl" : ".crl")},
          {"key_id", key_id},
          {"delta", kind.delta},
          {"partition", part.number},
          {"partitions", part.count}};
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
  check_certificate_files(settings, unix_seconds(std::chrono::system_clock::now()), faults);
  load_outside(settings.renew_from, faults);
  return !faults.any();
}

LocalCa::LocalCa(sdk::Host host, std::string_view /*name*/, std::string_view settings)
    : host_(host), ledger_(host.store()) {
  connector::FaultList list;
  sdk::Faults faults = list.faults();
  settings_ = read_settings(settings, faults);
  list.throw_first();
  authority_ = load_issuing(host_, settings_, now(), tokens_, faults);
  previous_ = load_previous(host_, settings_, now(), tokens_, faults);
  next_ = load_next(settings_, now(), faults);
  outside_.emplace(host_.store(), settings_.renew_from, faults);
  crls_.emplace(RevocationList(host_.store()), settings_.crl);
  list.throw_first();
  const auto guard = [&](std::span<const pki::Certificate> chain) {
    // What was parsed in full has an outline.
    for (const pki::Certificate& each : chain) static_cast<void>(own_identity_.add(each.der()));
  };
  guard(authority_->chain());
  for (const Authority& previous : previous_) guard(previous.chain());
  guard(next_);
  guard(outside_->certificates());
  host_.log(sdk::LogLevel::Info, "ca loaded",
            {{"subject", pki::printable_name(authority_->certificate().subject())},
             {"not_after", connector::format_utc(authority_->certificate().not_after())},
             {"profiles", settings_.profiles.size()}});
}

bool LocalCa::start(sdk::Faults& /*faults*/) {
  crls_->note_parts();
  // Who can't tell looks each time.
  knows_compromised_ = ledger_.find_any_compromised() != Outcome::Rejected;
  tokens_.start_watching();
  return true;
}

void LocalCa::stop() {
  tokens_.stop_watching();
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

/// A final no only where it is certain: a store that fails says nothing about the key.
std::optional<Answer> LocalCa::refuse_compromised(pki::BytesView spki) const {
  const Outcome found = knows_compromised_ ? ledger_.find_compromised(spki) : Outcome::Rejected;
  if (found == Outcome::Rejected) return std::nullopt;
  if (found != Outcome::Ok) return ledger_failed(found);
  return Answer::rejected("ca_local.key_compromised",
                          "a certificate with this key was revoked because the key is in other hands");
}

Answer LocalCa::issue_new(const sdk::Item& item, const pki::Profile& profile) {
  const auto request = pki::parse_certificate_request(item.request());
  if (!request) return connector::refuse_request(kPlugin, request.error());
  if (const auto violation = own_identity_.check_request(profile, *request, connector::vouched(item))) {
    return connector::refuse_request(kPlugin, *violation);
  }
  if (const auto refused = refuse_compromised(request->spki())) return *refused;
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

Answer LocalCa::revoke(const sdk::Item& /*item*/, const sdk::Revocation& revocation) {
  Outcome outcome = Outcome::Ok;
  if (revocation.reason() == CERTSPAN_REASON_KEY_COMPROMISE) knows_compromised_ = true;
  // A clock that was ahead when it was ordered revokes nothing in the future.
  const RevocationTimes times = {.at = std::min(unix_seconds(revocation.at()), now()), .now = now()};
  pki::Bytes key = pki::to_bytes(revocation.key());
  if (std::ranges::all_of(key, [](std::uint8_t octet) { return octet == 0; })) {
    outcome = ledger_.find_key(revocation.certificate(), key);
    if (outcome != Outcome::Ok && outcome != Outcome::Rejected) return ledger_failed(outcome);
  }
  switch (ledger_.revoke(key, revocation.reason(), times, outcome)) {
    case Ledger::Revoked::Done:
      return Answer::ok();
    case Ledger::Revoked::Unknown:
      return Answer::rejected("ca_local.not_issued", "nothing was issued for this request");
    case Ledger::Revoked::NoReason:
      return Answer::unsupported("ca_local.bad_reason", "there is no such reason for a revocation");
    case Ledger::Revoked::NotHeld:
      return Answer::rejected(
          "ca_local.not_on_hold",
          "only what is on hold can be released, and this certificate is revoked for good");
    case Ledger::Revoked::Failed:
      break;
  }
  return ledger_failed(outcome);
}

template <class Wanted>
const Authority* LocalCa::authority_where(const Wanted& wanted) const {
  if (wanted(*authority_)) return &*authority_;
  const auto found = std::ranges::find_if(previous_, wanted);
  return found == previous_.end() ? nullptr : &*found;
}

/// One of ours, or one of a CA outside that was imported and may still renew.
Outcome LocalCa::find_record(const sdk::FindRequest& request, LedgerRecord& record) const {
  const Authority* authority = authority_where(
      [&](const Authority& each) { return pki::names_equal(request.issuer, each.certificate().subject()); });
  if (authority != nullptr) {
    const Outcome own = ledger_.find_by_serial(request.serial, record);
    if (own != Outcome::Rejected) return own;
  }
  if (!outside_->counts_at(now())) return Outcome::Rejected;
  return outside_->find(request.issuer, request.serial, record);
}

Outcome LocalCa::find(const sdk::FindRequest& request, sdk::FindSink& sink) {
  LedgerRecord record;
  const Outcome outcome = find_record(request, record);
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
  const Authority* authority = authority_where([&](const Authority& each) {
    const bool named =
        request.issuer.empty() || pki::names_equal(request.issuer, each.certificate().subject());
    return named &&
           (request.authority_key_id.empty() || pki::equal(request.authority_key_id, each.key_identifier()));
  });
  if (authority == nullptr) return Outcome::Rejected;
  Crl crl;
  const CrlKind kind = {.partition = {request.partition, request.partitions}, .delta = request.delta};
  const Outcome outcome = crls_->current(*authority, kind, now(), crl);
  if (outcome == Outcome::Ok) sink.put(*crl);
  return outcome;
}

Outcome LocalCa::next_ca(sdk::BytesSink& sink) {
  if (next_.empty()) return Outcome::Rejected;
  const std::lock_guard lock(next_mutex_);
  if (next_message_.empty()) {
    auto message = make_next_ca();
    if (!message) return Outcome::Unavailable;
    next_message_ = std::move(*message);
  }
  sink.put(next_message_);
  return Outcome::Ok;
}

Outcome LocalCa::certificate_status(sdk::Bytes cert_id, sdk::BytesSink& sink) {
  const auto id = pki::parse_cert_id(cert_id);
  if (!id) return Outcome::Rejected;
  const Authority* authority =
      authority_where([&](const Authority& each) { return each.ocsp_issuer().is_named_by(*id); });
  if (authority == nullptr) return Outcome::Rejected;
  pki::Bytes status;
  const Outcome outcome = ocsp_status(ledger_, *authority, *id, status);
  if (outcome == Outcome::Ok) sink.put(status);
  return outcome;
}

pki::Result<pki::Bytes> LocalCa::make_next_ca() const {
  std::vector<pki::BytesView> certificates;
  for (const pki::Certificate& certificate : next_) certificates.push_back(certificate.der());
  return pki::write_next_ca(certificates, authority_->certificate(), authority_->key(), now());
}

Outcome LocalCa::chain(sdk::ChainSink& sink) {
  for (const pki::Certificate& certificate : authority_->chain()) sink.add(certificate.der());
  return Outcome::Ok;
}

Outcome LocalCa::ping(sdk::Faults& faults) {
  Outcome outcome = Outcome::Ok;
  if (const auto trouble = tokens_.trouble()) {
    outcome = Outcome::Unavailable;
    faults.add("", "a key in a token can't be used now: " + *trouble);
  }
  for (const pki::Certificate& certificate : authority_->chain()) {
    const std::int64_t left = certificate.not_after() - now();
    if (left > kExpiryNotice) continue;
    if (left < 0) outcome = Outcome::Unavailable;
    faults.add("/certificate_file", "the certificate of \"" + pki::printable_name(certificate.subject()) +
                                        "\" " + (left < 0 ? "expired" : "expires") + " at " +
                                        connector::format_utc(certificate.not_after()) + ": renew it");
  }
  if (outside_->ended_at(now())) {
    faults.add("/renew_from/until",
               "has passed: certificates of CAs outside renew no more; take `renew_from` out");
  }
  return outcome;
}

std::string LocalCa::status() const {
  nlohmann::json status = tokens_.status();
  for (const pki::Certificate& certificate : authority_->chain()) {
    connector::watch_end(status, "ca", certificate);
  }
  if (!outside_->certificates().empty()) {
    status["ends"].push_back({{"kind", "renew_from"}, {"name", "renew_from"}, {"at", outside_->until()}});
  }
  return connector::status_text(status);
}

/// Those that certificates name, or may name.
std::optional<std::string> LocalCa::list_crls(sdk::Faults& faults) {
  std::vector<CrlKind> kinds;
  if (crls_->kinds(kinds) != Outcome::Ok) {
    faults.add("", "the ledger can't be read now");
    return std::nullopt;
  }
  nlohmann::json rows = nlohmann::json::array();
  const auto list = [&](const Authority& authority) {
    for (const CrlKind& kind : kinds) {
      if (authority.may_sign_crls()) rows.push_back(describe_crl(authority, kind));
    }
  };
  list(*authority_);
  for (const Authority& previous : previous_) list(previous);
  return nlohmann::json({{"crls", rows}}).dump();
}

std::optional<std::string> LocalCa::run_offline(std::string_view name, std::string_view arguments,
                                                sdk::Faults& faults) {
  return ca_local::run_action(name, arguments, unix_seconds(std::chrono::system_clock::now()), nullptr,
                              faults);
}

std::optional<std::string> LocalCa::run_action(std::string_view name, std::string_view arguments,
                                               sdk::Faults& faults) {
  if (name == pkcs11::kStatusAction) return status();
  if (name == "crls") return list_crls(faults);
  const RunningCa running{*authority_,        previous_, settings_.rules,
                          settings_.profiles, *outside_, settings_.ocsp_responders};
  return ca_local::run_action(name, arguments, now(), &running, faults);
}

}  // namespace certspan::ca_local
