#pragma once

#include <functional>
#include <string>

#include "host/base/result.hpp"
#include "host/pipeline/outcome_rules.hpp"
#include "host/pipeline/reply_desk.hpp"
#include "host/pipeline/runtime.hpp"

namespace certspan {

/// What a person says of a held item.
struct Resolution {
  enum class Kind : std::uint8_t {
    Issued,   ///< the CA has issued `certificate`
    NotDone,  ///< the CA has issued nothing and will not: ask again
    Abandon,  ///< whatever the CA did: this item ends here
  };
  Kind kind = Kind::NotDone;
  Bytes certificate;  ///< Issued: DER
};

/// Takes an item along its steps to an end: calls validators, the fence and issuers, makes each change of
/// state durable before its effect is seen outside, and decides by outcomes (outcome_rules.hpp) what comes
/// next. Steps stand in item_runner.cpp, what an issuer may answer in issuing.cpp, what an order of
/// revocation leads to in revoking.cpp, who is told in delivering.cpp, durable points in item_commit.cpp.
///
/// Thread-safe; each item is worked on by one thread at a time: whoever holds its baton. An item that waits
/// is parked, and its baton is there to be taken, by its timer or by a person.
class ItemRunner {
 public:
  ItemRunner(Runtime& runtime, ReplyDesk& desk) : runtime_(runtime), desk_(desk) {}

  /// Starts a new item, on a thread of the cpu pool.
  void start(const OpenItemPtr& open);
  /// Makes a new item durable, which nobody waits for, and starts it. Blocks for the disk. False: it could
  /// not be kept, and is forgotten.
  bool keep(const OpenItemPtr& open);
  /// Takes up an item that the journal held when the host started.
  void resume(const OpenItemPtr& open);

  // A person's word. Errors: work.busy (a call is under way), work.held and work.not_held (the other command
  // is meant), work.issued (only the telling of it is left), work.no_certificate, and what the fence says of
  // a certificate. Called on the control thread; `resolve` may block as the fence does.

  /// Goes on at once with an item that waits for its time.
  Result<void> hurry(const OpenItemPtr& open);
  /// Ends an item that is certainly not done; an order that is pending is taken back at its CA first.
  Result<void> cancel(const OpenItemPtr& open, std::string_view who);
  /// Ends what nobody could tell.
  Result<void> resolve(const OpenItemPtr& open, Resolution resolution, std::string_view who);
  /// Makes it a dead letter. False: somebody works on it just now.
  bool strand(const OpenItemPtr& open, std::string_view who);

  /// A person's yes or no in the place of a validator's that asks for it; `reason` says why. Errors:
  /// work.not_waiting.
  Result<void> decide(const OpenItemPtr& open, bool approved, std::string_view who, std::string_view reason);

  /// Items whose call is inside a connector now.
  std::size_t inside() const { return inside_.load(); }

 private:
  using Next = std::function<void()>;

  // Steps.
  void step(const OpenItemPtr& open);
  bool validate(const OpenItemPtr& open, const Step& step);
  bool fence_request(const OpenItemPtr& open, Connector& issuer);
  Answer fence_certificate(const OpenItemPtr& open, const std::string& issuer, BytesView certificate);
  bool checked(const OpenItemPtr& open, const Answer& answer);
  Answer judge_key(const WorkItem& item) const;
  void wait_for_person(const OpenItemPtr& open, const Answer& answer);
  bool put_off(const OpenItemPtr& open, const Answer& answer);
  void repeat_later(const OpenItemPtr& open, const Answer& answer);
  void refuse(const OpenItemPtr& open, const Answer& answer);
  void give_up(const OpenItemPtr& open, std::string_view code, std::string_view why);
  void finish(const OpenItemPtr& open, ItemState state, Outcome outcome, std::string_view code,
              std::string_view reason);
  void log_end(const WorkItem& item);
  bool out_of_time(const OpenItemPtr& open) const;
  static Answer not_running(const std::string& connector);

  // Delivering.
  void hand_over(const OpenItemPtr& open, std::string reason);
  void answer_early(const OpenItemPtr& open);
  void deliver(const OpenItemPtr& open, const Step& step);
  void deliver_again(const OpenItemPtr& open, const Answer& answer);
  void delivered(const OpenItemPtr& open);
  void undelivered(const OpenItemPtr& open, const Answer& answer);
  bool tell_of_failure(const OpenItemPtr& open, ItemState state);
  void go_on(const OpenItemPtr& open);

  // Issuing.
  void issue(const OpenItemPtr& open, const Step& step);
  void pass_over(const OpenItemPtr& open, std::chrono::milliseconds wait);
  void issue_at_outside_ca(const OpenItemPtr& open);
  void ask_issuer(const OpenItemPtr& open, std::string_view call);
  void tell_health(const std::string& issuer, IssuerHealth::Change change, const Answer& answer);
  Answer call_issuer(const OpenItemPtr& open, Connector& issuer, std::string_view call);
  void after_issuer(const OpenItemPtr& open, std::string_view call, Answer answer);
  IssuerTraits traits_of(const OpenItemPtr& open) const;
  void take_certificate(const OpenItemPtr& open, Answer answer);
  void keep_unjudged(const OpenItemPtr& open, const Answer& verdict, Bytes certificate);
  void tell_that_it_is_pending(const OpenItemPtr& open);
  void wait_for_order(const OpenItemPtr& open, const Answer& answer);
  void next_ca(const OpenItemPtr& open, const Answer& answer);
  void look_up(const OpenItemPtr& open, const Answer& answer);
  void hold(const OpenItemPtr& open, const Answer& answer);
  void take_back_order(const OpenItemPtr& open, std::string_view code, const std::string& why);

  // Revoking.
  void revoke(const OpenItemPtr& open, const Step& step);
  void revoke_at_issuer(const OpenItemPtr& open, const WorkItem& target);
  void revoke_foreign(const OpenItemPtr& open);
  void refuse_key(const OpenItemPtr& open, const WorkItem& target);
  void revoked(const OpenItemPtr& open);
  void after_revoker(const OpenItemPtr& open, const Answer& answer);
  void keep_for_person(const OpenItemPtr& open);
  void wait_on(const OpenItemPtr& open);

  // After a restore (lost_time.cpp).
  bool knows_lost_time(const OpenItemPtr& open, const Step& step);
  void look_back(const OpenItemPtr& open, bool earlier);
  void looked_back(const OpenItemPtr& open);
  void hold_lost(const OpenItemPtr& open);

  // Calls, time and the journal.
  Answer call(const OpenItemPtr& open, Connector& connector, std::string_view name,
              const std::function<Answer(const CallTerms&)>& make);
  void schedule(const OpenItemPtr& open, std::chrono::milliseconds delay, Next next);
  void park_until_due(const OpenItemPtr& open);
  void post(const OpenItemPtr& open, std::string_view connector, Next next);
  bool on_own_pool(const OpenItemPtr& open) const;
  void commit(const OpenItemPtr& open, Next next);
  void committed(const OpenItemPtr& open, CommitResult result, const Next& next);
  void wait_for_room(const OpenItemPtr& open, CommitResult result, const Next& next);
  void end_too_large(const OpenItemPtr& open);
  void start_over(const OpenItemPtr& open);
  void release_admission(const OpenItemPtr& open);
  /// Commits only what is in the journal already: a retry of an item that has no row yet stays in memory.
  void save(const OpenItemPtr& open, Next next);
  void log(LogLevel level, std::string_view event, const WorkItem& item,
           std::initializer_list<LogField> more);

  Runtime& runtime_;
  ReplyDesk& desk_;
  std::atomic<std::size_t> inside_{0};
  std::atomic<std::uint64_t> tickets_{0};
};

}  // namespace certspan
