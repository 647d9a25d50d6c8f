// The CRLs of a connector's keys: made when they are due, kept in memory meanwhile.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>

#include <certspan/types.hpp>

#include "plugins/ca_local/authority.hpp"
#include "plugins/ca_local/ledger.hpp"
#include "plugins/ca_local/settings.hpp"

namespace certspan::ca_local {

using Crl = std::shared_ptr<const pki::Bytes>;  // shared: a new one may be made while this one is handed out

/// Thread-safe. Every start of a connector makes new ones. Their numbers stand in the ledger and are never
/// below the time, so that a ledger which was put back from a backup repeats none. What is revoked stands in
/// the CRL that is asked for next; making them takes no more than a tenth of the time.
class CrlBook {
 public:
  CrlBook(Ledger ledger, const CrlRules& rules) : ledger_(ledger), rules_(rules) {}

  /// The CRL that counts at `now` (seconds since 1970). Ok; Rejected: the key may sign none; Unavailable: the
  /// ledger or the key can't be used now.
  sdk::Outcome current(const Authority& authority, std::int64_t now, Crl& crl);

 private:
  struct Entry {
    Crl crl;
    std::int64_t made = 0;
    std::uint64_t mark = 0;        // of what stood revoked then
    std::chrono::seconds took{0};  // rounded up
  };

  sdk::Outcome make(const Authority& authority, std::int64_t now, Crl& crl) const;
  bool is_due(const Entry& entry, std::int64_t now, std::uint64_t mark) const;

  Ledger ledger_;
  CrlRules rules_;
  std::mutex mutex_;  // guards entries_; held while one is made, so that nobody makes a second
  std::map<pki::Bytes, Entry> entries_;  // by key identifier
};

}  // namespace certspan::ca_local
