// What of the ledger CRLs are made of.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include <certspan/store.hpp>

#include "plugins/ca_local/ledger.hpp"
#include "plugins/common/pki/bytes.hpp"

namespace certspan::ca_local {

/// Outcomes are those of the store: Ok; Unavailable: it can't be read or written now; Internal: a record is
/// damaged. Any thread.
class RevocationList {
 public:
  explicit RevocationList(sdk::Store store) : store_(store), ledger_(store) {}

  /// What stands revoked, in the order of the serial numbers, a page at a time in memory.
  sdk::Outcome visit(const std::function<void(const Revocation&)>& take) const;
  /// What has changed since `from` (seconds since 1970), each serial once: how it is revoked, or that it is
  /// so no more (reason removeFromCRL).
  sdk::Outcome visit_changes(std::int64_t from, const std::function<void(const Revocation&)>& take) const;
  /// Forgets some of the changes before `until`; called again and again it forgets all.
  sdk::Outcome forget_changes(std::int64_t until) const;
  /// Differs after each change of what stands revoked.
  sdk::Outcome mark(std::uint64_t& mark) const;

  /// Takes the next CRL number of a key: above every one before, and not below `least`. `before`: the last
  /// one, 0 if there was none.
  sdk::Outcome take_number(pki::BytesView authority_key_id, std::uint64_t least, std::uint64_t& number,
                           std::uint64_t& before) const;

  /// Notes when the list `scope` (a key and a part) was made; `before`: when the one before, 0 if there was
  /// none.
  sdk::Outcome note_made(pki::BytesView scope, std::int64_t at, std::int64_t& before) const;

  /// Into how many parts CRLs were ever parted, this number from now on among them: certificates that
  /// name such a part may be out there. 0 among them: certificates that name none.
  sdk::Outcome partition_counts(std::uint32_t now, std::vector<std::uint32_t>& all) const;

 private:
  sdk::Outcome note_partitions(std::uint32_t count) const;
  sdk::Outcome has_issued(bool& issued) const;
  using Page = std::vector<Revocation>;
  sdk::Outcome read_page(pki::Bytes& after, Page& page) const;
  sdk::Outcome add_ends(Page& page) const;

  sdk::Store store_;
  Ledger ledger_;
};

}  // namespace certspan::ca_local
