#pragma once

#include "host/journal/audit.hpp"
#include "host/journal/sqlite.hpp"

namespace certspan {

/// Writes down that a person had finished items taken out of the journal, as a link of the audit chain. For
/// one thread at a time, inside a transaction that its owner begins and ends.
class AuditErasures {
 public:
  AuditErasures() = default;
  /// `database` outlives this.
  static sql::Tried<AuditErasures> create(sql::Database& database);

  /// Moves `head` to the record's place.
  sql::Tried<void> add(const Erasure& erasure, AuditHead& head);

 private:
  sql::Statement insert_;
};

/// The record at a row of kErasureColumns. What can't be read leaves the rest told. nullopt: it can't be
/// hashed.
std::optional<AuditRecord> erasure_record(const sql::Statement& row);
inline constexpr std::string_view kErasureColumns = "SELECT number, before, body FROM audit_erasures ";

}  // namespace certspan
