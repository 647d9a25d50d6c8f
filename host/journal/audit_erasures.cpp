#include "host/journal/audit_erasures.hpp"

#include <algorithm>
#include <utility>

#include "host/journal/totals.hpp"

namespace certspan {

sql::Tried<AuditErasures> AuditErasures::create(sql::Database& database) {
  AuditErasures erasures;
  CERTSPAN_TRY(erasures.insert_, database.prepare("INSERT INTO audit_erasures VALUES (?1, ?2, ?3)"));
  return erasures;
}

sql::Tried<void> AuditErasures::add(const Erasure& erasure, AuditHead& head) {
  const Bytes body = encode_erasure(erasure);
  const std::uint64_t number = head.number + 1;
  const auto digest = audit_erasure_digest(body);
  const auto hash = digest ? audit_link(head.hash, number, *digest) : std::nullopt;
  if (!hash) return tl::unexpected(sql::Failure{sql::Trouble::Memory, 0, "its audit chain can't be hashed"});
  CERTSPAN_CHECK(insert_.bind(1, static_cast<std::int64_t>(number))
                     .bind(2, BytesView(head.hash))
                     .bind(3, BytesView(body))
                     .run());
  head.number = number;
  head.hash = *hash;
  return {};
}

std::optional<AuditRecord> erasure_record(const sql::Statement& row) {
  AuditRecord record;
  record.number = static_cast<std::uint64_t>(std::max<std::int64_t>(row.integer(0), 0));
  if (!read_hash(row, 1, record.before)) record.before = {};
  const auto digest = audit_erasure_digest(row.blob(2));
  if (!digest) return std::nullopt;
  record.digest = *digest;
  auto erasure = decode_erasure(row.blob(2));
  record.readable = erasure.has_value();
  record.erasure = erasure ? std::move(*erasure) : Erasure{};
  record.finished_at = record.erasure->at;
  return record;
}

}  // namespace certspan
