// The CRLs of a connector's keys: made when they are due, kept in memory meanwhile.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <tuple>
#include <vector>

#include <certspan/types.hpp>

#include "plugins/ca_local/authority.hpp"
#include "plugins/ca_local/crl_address.hpp"
#include "plugins/ca_local/revocation_list.hpp"
#include "plugins/ca_local/settings.hpp"

namespace certspan::ca_local {

using Crl = std::shared_ptr<const pki::Bytes>;  // shared: a new one may be made while this one is handed out

/// Which of a key's CRLs.
struct CrlKind {
  Partition partition;
  bool delta = false;

  friend bool operator<(const CrlKind& a, const CrlKind& b) {
    return std::tie(a.partition, a.delta) < std::tie(b.partition, b.delta);
  }
};

/// Thread-safe. Every start of a connector makes new ones. Their numbers, one sequence for each key, stand in
/// the ledger and are never below the time, so that a ledger which was put back from a backup repeats none.
/// What is revoked stands in the CRL that is asked for next, or in the next delta where there are deltas;
/// making them takes no more than a tenth of the time.
class CrlBook {
 public:
  CrlBook(RevocationList list, CrlRules rules) : list_(list), rules_(std::move(rules)) {}

  /// Notes into how many parts the CRL is parted, before a certificate names one; done later if it can't be
  /// now.
  void note_parts();

  /// All that certificates of each key may name: the whole one, parts, and their deltas. Ok, Unavailable.
  sdk::Outcome kinds(std::vector<CrlKind>& all);

  /// The CRL that counts at `now` (seconds since 1970). Ok; Rejected: the key may sign none, or there is none
  /// of this kind; Unavailable: the ledger or the key can't be used now.
  sdk::Outcome current(const Authority& authority, const CrlKind& kind, std::int64_t now, Crl& crl);

 private:
  struct Entry {
    Crl crl;
    std::uint64_t number = 0;
    std::uint64_t base = 0;  // of a delta: the number of the list that it goes with
    std::int64_t made = 0;
    std::uint64_t mark = 0;        // of what stood revoked then
    std::chrono::seconds took{0};  // rounded up
  };
  struct Wanted {
    const Authority& authority;
    const CrlKind& kind;
    std::int64_t now;
    const Entry* base;  // of a delta
  };

  sdk::Outcome look_for_parts();
  bool has(const CrlKind& kind) const;
  sdk::Outcome renew(const Wanted& wanted, Entry& entry) const;
  sdk::Outcome make(const Wanted& wanted, Entry& entry) const;
  sdk::Outcome collect(const Wanted& wanted, std::int64_t last, pki::CrlEntries& entries) const;
  bool is_due(const Wanted& wanted, const Entry& entry, std::uint64_t mark) const;

  RevocationList list_;
  CrlRules rules_;
  std::mutex mutex_;  // guards what follows; held while one is made, so that nobody makes a second
  bool knows_parts_ = false;
  std::vector<std::uint32_t> partition_counts_;              // of parts that certificates may name
  std::map<std::pair<pki::Bytes, CrlKind>, Entry> entries_;  // by key identifier and kind
};

}  // namespace certspan::ca_local
