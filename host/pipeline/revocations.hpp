#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/base/mutex.hpp"
#include "host/base/result.hpp"
#include "host/journal/journal.hpp"

namespace certspan {

/// How many orders of a source are carried out without a person: a device-management service that was set up
/// wrongly asks for the end of a whole fleet.
struct RevocationGuard {
  std::uint32_t orders = 200;  ///< in an hour
  std::uint32_t percent = 5;   ///< in an hour, of all finished items; never less than kSmallest

  static constexpr std::uint64_t kSmallest = 10;
};

/// `message` of items that revoke.
inline constexpr std::string_view kRevocation = "revocation";

/// Labels of such an item.
namespace revocation_label {
inline constexpr std::string_view kItem = "revokes";  ///< work id of the item that issued the certificate
inline constexpr std::string_view kSerial = "serial";
inline constexpr std::string_view kReason = "reason";  ///< CRLReason's name; the step's own if there is none
inline constexpr std::string_view kBy = "ordered_by";  ///< a person, in whose order no guard interferes
inline constexpr std::string_view kWhy = "why";
}  // namespace revocation_label

/// Labels of an item that has waited for a person.
namespace decision_label {
inline constexpr std::string_view kApprovedBy = "approved_by";
inline constexpr std::string_view kRefusedBy = "refused_by";
inline constexpr std::string_view kReason = "decision_reason";
}  // namespace decision_label

/// "cessation_of_operation": the name of a CRLReason, "" if there is none of that number; and the way back.
std::string_view reason_name(std::uint32_t reason);
std::optional<std::uint32_t> reason_of(std::string_view name);
/// All names, in the order of their numbers.
std::vector<std::string_view> reason_names();

/// What the host itself knows of revoked certificates, in the journal beside the connectors' stores; and how
/// many were ordered lately. Thread-safe.
class Revocations {
 public:
  explicit Revocations(Journal& journal) : journal_(journal) {}

  /// Whether the certificate of this item is revoked, or on hold.
  Result<bool> is_revoked(WorkId item) const;
  struct Standing {
    std::string reason;
    WallMs since = 0;
  };
  /// Why and since when; nothing if it is not.
  Result<std::optional<Standing>> standing(WorkId item) const;
  /// What makes it so, or takes it back, with the transition of the item that revoked it.
  static StoreWrite write(WorkId item, std::uint32_t reason, WallMs at);

  /// A certificate that nobody may have: its revocation is owed until an item for it stands in the journal.
  StoreWrite owe(WorkId item, std::string_view why);
  static StoreWrite paid(WorkId item);
  struct Owed {
    WorkId item{};
    std::string why;
  };
  Result<std::vector<Owed>> owed() const;
  /// Whether something may be owed; asked once, it is for the caller to look.
  bool take_debt() { return in_debt_.exchange(false); }
  void still_in_debt() { in_debt_ = true; }

  /// The item, if a certificate was issued for it. Errors: revocation.not_found, .not_issued.
  Result<WorkItem> issued(WorkId item) const;

  /// The item that `order` names: one of `step`'s sources and issuers, with the serial number that it says.
  /// Errors: revocation.not_found, .ambiguous, .wrong_serial, .foreign (not one of `step`'s), .not_issued,
  /// and those of reading.
  Result<WorkItem> target_of(const WorkItem& order, const Step& step) const;

  /// Counts an order. False: it is one too many for this hour, and a person has to say yes.
  bool admit(const RevocationGuard& guard, WallMs now);

 private:
  Result<WorkItem> by_serial(const WorkItem& order, const Step& step) const;

  Journal& journal_;
  std::atomic<bool> in_debt_{true};
  Mutex mutex_;
  std::deque<WallMs> lately_ CERTSPAN_GUARDED_BY(mutex_);  ///< when orders of the last hour were admitted
};

}  // namespace certspan
