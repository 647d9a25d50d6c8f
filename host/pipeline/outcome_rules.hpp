#pragma once

#include <chrono>
#include <cstdint>

#include "host/base/outcome.hpp"
#include "host/journal/work_item.hpp"

namespace certspan {

/// What the engine does after a call. Decided here and nowhere else, from outcomes alone.
enum class Action : std::uint8_t {
  GoOn,    ///< next step, or the item is done
  Wait,    ///< the order is pending: poll later
  Repeat,  ///< the same call later
  NextCa,  ///< certainly not done here: the next connector of the list, or the first again after a back-off
  LookUp,  ///< may have been done: ask the CA what came of it
  Hold,    ///< may have been done and nobody can tell: a person decides
  Refuse,  ///< a final answer
};

/// What an issuer can do about an `unknown`.
struct IssuerTraits {
  bool local_effects = false;
  bool idempotent = false;
  bool has_lookup = false;
  /// An earlier call for the same item at the same issuer may have been done.
  bool unsure = false;
};

Action after_issue_call(Outcome outcome, const IssuerTraits& traits);
/// After `poll`: an order stands as before until its CA gives a final answer; a poll that went wrong says
/// nothing about it.
Action after_poll(Outcome outcome);
/// After `lookup`: only `cancelled` is a promise that lets another attempt or another CA be asked.
Action after_lookup(Outcome outcome);
/// After a validator, the fence or a deliverer: what is not a clear answer is asked again, and the item does
/// not go on meanwhile.
Action after_check(Outcome outcome);

/// How long to wait before try number `tries` + 1: full jitter between zero and the doubling bound, never
/// before `ask_again_after`. `random` is uniform in [0, 1).
std::chrono::milliseconds back_off(const RetryPolicy& policy, std::uint32_t tries,
                                   std::chrono::milliseconds ask_again_after, double random);

}  // namespace certspan
