#include "host/pipeline/revocations.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include <certspan/abi/role_revoker.h>

#include "host/journal/index_keys.hpp"

namespace certspan {
namespace {

/// No connector has such a name.
constexpr std::string_view kStore = "/revocations";
constexpr std::uint8_t kRevoked = 'r';
constexpr std::uint8_t kOwed = 'o';
constexpr WallMs kHour = 60LL * 60 * 1000;
constexpr std::size_t kMostOwed = 10'000;
/// More items with one serial number are as ambiguous as these.
constexpr std::size_t kLookedAt = 256;

constexpr std::array<std::string_view, 11> kReasons = {
    "unspecified",     "key_compromise",         "ca_compromise",    "affiliation_changed",
    "superseded",      "cessation_of_operation", "certificate_hold", "",
    "remove_from_crl", "privilege_withdrawn",    "aa_compromise"};

Bytes key_of(std::uint8_t kind, WorkId item) {
  Bytes key = {kind};
  const std::string text = to_string(item);
  key.insert(key.end(), text.begin(), text.end());
  return key;
}

bool is_in(const std::vector<std::string>& names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

bool may_name(const Step& step, const WorkItem& item) {
  return step.revokes_foreign || is_in(step.sources, item.source);
}

/// Of one that is being told of nobody can say yet how it ends.
bool has_certificate(const WorkItem& item) {
  if (item.issuer.empty() || item.message == kRevocation) return false;
  if (item.state == ItemState::Done) return true;
  const bool is_failing = is_open(item.state) && item.step < item.steps.size() &&
                          item.steps[item.step].kind == StepKind::DeliverFailure;
  return !item.certificate.empty() && (is_failing || item.state == ItemState::Failed);
}

}  // namespace

std::string_view reason_name(std::uint32_t reason) {
  return reason < kReasons.size() ? kReasons.at(reason) : std::string_view();
}

std::optional<std::uint32_t> reason_of(std::string_view name) {
  const auto* const found = std::ranges::find(kReasons, name);
  if (name.empty() || found == kReasons.end()) return std::nullopt;
  return static_cast<std::uint32_t>(found - kReasons.begin());
}

std::vector<std::string_view> reason_names() {
  std::vector<std::string_view> names(kReasons.begin(), kReasons.end());
  std::erase(names, "");
  return names;
}

Result<bool> Revocations::is_revoked(WorkId item) const {
  CERTSPAN_TRY(const auto record, journal_.store_get(kStore, key_of(kRevoked, item)));
  return record.has_value();
}

Result<std::optional<Revocations::Standing>> Revocations::standing(WorkId item) const {
  CERTSPAN_TRY(const auto record, journal_.store_get(kStore, key_of(kRevoked, item)));
  if (!record) return std::optional<Standing>();
  const std::string_view text = as_text(record->value);
  Standing standing{std::string(text.substr(0, text.find(' '))), 0};
  const std::string_view at = text.substr(std::min(text.size(), standing.reason.size() + 1));
  std::from_chars(at.data(), at.data() + at.size(), standing.since);
  return std::optional<Standing>(std::move(standing));
}

StoreWrite Revocations::write(WorkId item, std::uint32_t reason, WallMs at) {
  StoreWrite write{std::string(kStore), key_of(kRevoked, item), StoreWrite::kAnyRevision, std::nullopt};
  if (reason != CERTSPAN_REASON_REMOVE_FROM_CRL) {
    const std::string said = std::string(reason_name(reason)) + " " + std::to_string(at);
    write.value = Bytes(said.begin(), said.end());
  }
  return write;
}

StoreWrite Revocations::owe(WorkId item, std::string_view why) {
  in_debt_ = true;
  return {std::string(kStore), key_of(kOwed, item), StoreWrite::kAnyRevision, Bytes(why.begin(), why.end())};
}

StoreWrite Revocations::paid(WorkId item) {
  return {std::string(kStore), key_of(kOwed, item), StoreWrite::kAnyRevision, std::nullopt};
}

Result<std::vector<Revocations::Owed>> Revocations::owed() const {
  std::vector<Owed> owed;
  const Bytes prefix = {kOwed};
  CERTSPAN_CHECK(journal_.store_scan(kStore, prefix, {}, kMostOwed, [&](const StoreRecord& record) {
    const auto item = work_id_from_string(as_text(BytesView(record.key).subspan(1)));
    if (item) owed.push_back({*item, std::string(as_text(record.value))});
    return true;
  }));
  return owed;
}

Result<WorkItem> Revocations::issued(WorkId item) const {
  CERTSPAN_TRY(auto found, journal_.find(item));
  if (!found) {
    return fail(Outcome::Rejected, "revocation.not_found",
                "the journal does not know " + to_string(item) + " (any more)");
  }
  if (!has_certificate(*found)) {
    return fail(Outcome::Rejected, "revocation.not_issued",
                "no certificate was issued for " + to_string(item));
  }
  return std::move(*found);
}

Result<WorkItem> Revocations::target_of(const WorkItem& order, const Step& step) const {
  const std::string_view named = order.label(revocation_label::kItem);
  if (named.empty()) return by_serial(order, step);
  const auto id = work_id_from_string(named);
  if (!id) return fail(Outcome::Rejected, "revocation.not_found", "there is no work item of that name");
  CERTSPAN_TRY(WorkItem found, issued(*id));
  if (!is_in(step.connectors, found.issuer) || !may_name(step, found)) {
    return fail(Outcome::Rejected, "revocation.foreign",
                to_string(*id) + " is of a source or of a CA whose certificates this order may not name");
  }
  const std::string said = normal_serial(order.label(revocation_label::kSerial));
  if (!said.empty() && said != normal_serial(found.label(revocation_label::kSerial))) {
    return fail(Outcome::Rejected, "revocation.wrong_serial",
                "the certificate of " + to_string(*id) + " has another serial number than the order says");
  }
  return found;
}

/// Serial numbers are unique for one CA only, so just one item may fit.
Result<WorkItem> Revocations::by_serial(const WorkItem& order, const Step& step) const {
  const std::string serial = normal_serial(order.label(revocation_label::kSerial));
  if (serial.empty()) {
    return fail(Outcome::Rejected, "revocation.not_found", "the order names no certificate");
  }
  CERTSPAN_TRY(auto found, journal_.search(serial, kLookedAt));
  std::erase_if(found, [&](const WorkItem& item) {
    return !has_certificate(item) || normal_serial(item.label(revocation_label::kSerial)) != serial ||
           !is_in(step.connectors, item.issuer) || !may_name(step, item);
  });
  if (found.empty()) {
    return fail(Outcome::Rejected, "revocation.not_found",
                "no certificate with this serial number was issued for a source that the order may name");
  }
  if (found.size() > 1) {
    return fail(Outcome::Rejected, "revocation.ambiguous",
                "several certificates have this serial number; `certspan revoke` takes a work id");
  }
  return std::move(found.front());
}

bool Revocations::admit(const RevocationGuard& guard, WallMs now) {
  const auto counts = journal_.counts();
  const std::uint64_t share = counts ? counts->finished * guard.percent / 100 : 0;
  const std::uint64_t most =
      std::min<std::uint64_t>(guard.orders, std::max(share, RevocationGuard::kSmallest));
  const MutexLock lock(mutex_);
  while (!lately_.empty() && (lately_.front() <= now - kHour || lately_.front() > now)) lately_.pop_front();
  if (lately_.size() >= most) return false;
  lately_.push_back(now);
  return true;
}

}  // namespace certspan
