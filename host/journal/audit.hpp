#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "host/base/bytes.hpp"
#include "host/base/clock.hpp"
#include "host/base/outcome.hpp"
#include "host/journal/erasure.hpp"
#include "host/journal/work_item.hpp"

namespace certspan {

/// A SHA-256.
using AuditHash = std::array<std::uint8_t, 32>;

/// Where the audit chain ends: every finished item has a number, 1, 2, 3 and so on in the order in which they
/// finished, and a hash over its content and the hash of the one before. The record of an erasure has its
/// place among them. The first one's `before` is zero.
struct AuditHead {
  std::uint64_t number = 0;   ///< of the newest in the chain; 0: there is none
  AuditHash hash{};           ///< its hash
  std::uint64_t removed = 0;  ///< items of the chain that retention or a person has removed so far

  bool operator==(const AuditHead&) const = default;
};

/// A finished item as the chain sees it, or the record of an erasure. Tells nothing about persons.
struct AuditRecord {
  std::uint64_t number = 0;  ///< 0: finished before there was a chain
  AuditHash before{};        ///< hash of the item before, as the row has it
  AuditHash digest{};        ///< of the row's content, as it is now
  WorkId id{};
  ItemState state = ItemState::Done;
  bool readable = true;  ///< false: the fields below could not be read
  Outcome outcome = Outcome::Ok;
  std::string code;
  WallMs accepted_at = 0;
  WallMs finished_at = 0;
  std::string pipeline;
  std::string issuer;
  std::string serial;
  ItemKey request_digest{};
  std::optional<Erasure> erasure;  ///< this is no item: of the fields above it has number, hashes and time
};

/// Items in a row that retention or a person has removed, by their numbers, and the hashes around them.
struct AuditGap {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  AuditHash before{};  ///< hash of number first - 1
  AuditHash after{};   ///< hash of number last

  bool operator==(const AuditGap&) const = default;
};

/// A part of the finished items, by their ids.
struct AuditPage {
  std::vector<AuditRecord> records;
  WorkId last{};  ///< looked at
  bool more = false;
};

/// What a finished row is hashed by: everything in it but its place in the chain, and but a dead letter's
/// sealed request, whose digest is in the body.
struct AuditedRow {
  WorkId id{};
  std::uint32_t epoch = 0;
  std::uint8_t state = 0;
  BytesView key;
  BytesView body;
};

/// nullopt: the cryptographic library fails. Thread-safe, all.
std::optional<AuditHash> audit_digest(const AuditedRow& row);
/// Of the record of an erasure.
std::optional<AuditHash> audit_erasure_digest(BytesView body);
/// The hash of item `number`, whose content has `digest`, after one that has the hash `before`.
std::optional<AuditHash> audit_link(const AuditHash& before, std::uint64_t number, const AuditHash& digest);

}  // namespace certspan
