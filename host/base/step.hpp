#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace certspan {

/// How calls of a step are repeated. Back-off has full jitter between zero and the doubling bound.
struct RetryPolicy {
  std::uint32_t attempts = 6;  ///< calls in all; 0: until the item's deadline
  std::chrono::milliseconds first{1000};
  std::chrono::milliseconds most{120000};

  bool operator==(const RetryPolicy&) const = default;
};

enum class StepKind : std::uint8_t {
  Validate,
  Issue,
  Deliver,         ///< tells of the certificate, before its client gets it
  DeliverFailure,  ///< `on_failure`: tells that the item ended without one
  Revoke,          ///< has the certificate revoked that the item names
};

/// One step of a pipeline, as the file says it and as an item carries it from its acceptance on: connectors
/// by name, so that a changed file does not re-route it.
struct Step {
  StepKind kind = StepKind::Validate;
  /// Issue: ordered fail-over; revoke: whose certificates may be named; otherwise one.
  std::vector<std::string> connectors;
  std::string profile;  ///< issue: name in `profiles:`
  std::chrono::milliseconds timeout{20000};
  RetryPolicy retry;
  bool required = true;      ///< deliver: whoever is not told of a certificate keeps it from its client
  bool after_reply = false;  ///< deliver: its client has the certificate by then
  std::vector<std::string> sources;  ///< revoke: whose items issued what may be named
  std::uint32_t reason = 0;          ///< revoke: CRLReason, RFC 5280 5.3.1
  bool revokes_foreign = false;      ///< revoke: also what these CAs issued to others than `sources`

  bool operator==(const Step&) const = default;
};

/// Names and values that an item is searched and routed by.
using Labels = std::vector<std::pair<std::string, std::string>>;

}  // namespace certspan
