#pragma once

#include <optional>

#include "host/journal/audit.hpp"
#include "host/journal/sqlite.hpp"

namespace certspan {

/// Writes down what retention takes out of the audit chain, neighbours as one, so that what remains can be
/// verified. For one thread at a time, inside a transaction that its owner begins and ends.
class AuditGaps {
 public:
  AuditGaps() = default;
  /// `database` outlives this.
  static sql::Tried<AuditGaps> create(sql::Database& database);

  sql::Tried<void> add(AuditGap gap);

 private:
  sql::Tried<std::optional<AuditGap>> find(sql::Statement& statement, std::uint64_t number);
  sql::Tried<void> put(const AuditGap& gap);
  sql::Tried<void> remove(const AuditGap& gap);

  sql::Statement before_;
  sql::Statement at_;
  sql::Statement put_;
  sql::Statement remove_;
};

}  // namespace certspan
