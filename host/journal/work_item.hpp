#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "host/base/bytes.hpp"
#include "host/base/clock.hpp"
#include "host/base/outcome.hpp"
#include "host/base/step.hpp"

namespace certspan {

/// An item's number, rising with time and unique in one journal. People see it as "w-" and 13 characters.
enum class WorkId : std::uint64_t {};

std::string to_string(WorkId id);
std::optional<WorkId> work_id_from_string(std::string_view text);

/// Where an item stands.
enum class ItemState : std::uint8_t {
  Ready,    ///< open: its step may be run from `next_at` on
  Calling,  ///< open: an issuer is being asked, or was when the host ended; may have been done
  Pending,  ///< open: the CA took the order; poll from `next_at` on
  Held,     ///< open: may have been done and nobody can tell; waits for a person
  Done,     ///< finished: certificate issued
  Failed,   ///< finished: a final answer, told to the client
  Dead,     ///< finished: attempts or time used up; a dead letter
};

std::string_view to_string(ItemState state);
inline bool is_open(ItemState state) {
  return state <= ItemState::Held;
}
/// Whether the journal keeps the request and who vouches for it: what may still be asked for.
inline bool keeps_request(ItemState state) {
  return is_open(state) || state == ItemState::Dead;
}

/// One call that was made for an item, for `why` and for dead letters.
struct Attempt {
  std::uint32_t step = 0;
  std::string call;  ///< "validate", "check_request", "issue", "poll", "lookup", "check_certificate",
                     ///< "deliver"; "resolve": a person said that the issuer did nothing
  std::string connector;
  std::string version;  ///< of the plugin
  Outcome outcome = Outcome::Internal;
  std::string code;
  std::string message;
  WallMs at = 0;
  std::uint32_t took_ms = 0;

  bool operator==(const Attempt&) const = default;
};

/// One unit of routed work. One item is one row; the journal writes it whole at each transition.
struct WorkItem {
  WorkId id{};
  std::uint32_t epoch = 0;  ///< raised by each claim; a transition with an older one is refused

  ItemKey key{};
  /// Tells it from other items with this key (host/pipeline/turn.hpp); 0: from an older certspan, which told
  /// them by their ids.
  std::uint64_t turn = 0;
  std::optional<ItemKey> poll_key;
  std::string source;
  std::string pipeline;
  std::string message;  ///< "enrolment" or "renewal"
  std::string transaction_id;
  Bytes request;  ///< PKCS #10; secret: sealed, dropped when the item is done or failed
  ItemKey request_digest{};
  Bytes signer;  ///< renewal: the certificate that vouches
  Labels labels;

  std::vector<Step> steps;
  std::uint32_t step = 0;       ///< index into steps
  std::uint32_t connector = 0;  ///< issue: index into steps[step].connectors
  std::uint32_t tries = 0;      ///< calls made at this connector for this step
  Bytes handle;                 ///< of a pending order; sealed, dropped when the item finishes
  Bytes note;

  ItemState state = ItemState::Ready;
  WallMs accepted_at = 0;
  WallMs changed_at = 0;
  WallMs next_at = 0;
  WallMs deadline = 0;

  Outcome outcome = Outcome::Pending;  ///< finished: how
  std::string code;
  std::string reason;  ///< for people
  std::string issuer;  ///< connector that issued
  /// Open: issued, and somebody is to be told of it first. Failed: issued, and handed to nobody. Done: the
  /// certificate; empty when the issuer keeps it in its own store (local effects) and is asked by
  /// `lookup`.
  Bytes certificate;
  std::vector<Attempt> attempts;  ///< the newest kMostAttempts

  static constexpr std::size_t kMostAttempts = 32;

  std::string_view label(std::string_view name) const;
  /// Sets a label, replacing an earlier value.
  void set_label(std::string_view name, std::string_view value);
  /// The oldest one makes room.
  void add_attempt(Attempt attempt);
};

}  // namespace certspan
