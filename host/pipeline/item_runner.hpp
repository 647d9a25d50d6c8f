#pragma once

#include <functional>
#include <string>

#include "host/pipeline/outcome_rules.hpp"
#include "host/pipeline/reply_desk.hpp"
#include "host/pipeline/runtime.hpp"

namespace certspan {

/// Takes an item along its steps to an end: calls validators, the fence and issuers, makes each change of
/// state durable before its effect is seen outside, and decides by outcomes (outcome_rules.hpp) what comes
/// next.
///
/// Thread-safe; each item is worked on by one thread at a time.
class ItemRunner {
 public:
  ItemRunner(Runtime& runtime, ReplyDesk& desk) : runtime_(runtime), desk_(desk) {}

  /// Starts a new item, on a thread of the cpu pool.
  void start(const OpenItemPtr& open);
  /// Takes up an item that the journal held when the host started.
  void resume(const OpenItemPtr& open);
  /// A person's word on an item that is held: nothing was done, ask again.
  void retry(const OpenItemPtr& open);

  /// Items whose call is inside a connector now.
  std::size_t inside() const { return inside_.load(); }

 private:
  using Next = std::function<void()>;

  /// Goes on with the item's current step, on a thread that may call its connector.
  void step(const OpenItemPtr& open);
  bool validate(const OpenItemPtr& open, const Step& step);
  void issue(const OpenItemPtr& open, const Step& step);
  bool fence_request(const OpenItemPtr& open, Connector& issuer);
  void issue_at_outside_ca(const OpenItemPtr& open);
  void ask_issuer(const OpenItemPtr& open, std::string_view call);
  void after_issuer(const OpenItemPtr& open, std::string_view call, Answer answer);
  void take_certificate(const OpenItemPtr& open, Answer answer);
  void wait_for_order(const OpenItemPtr& open, const Answer& answer);
  void next_ca(const OpenItemPtr& open, const Answer& answer);
  void repeat_later(const OpenItemPtr& open, const Answer& answer);
  void look_up(const OpenItemPtr& open, const Answer& answer);
  void hold(const OpenItemPtr& open, const Answer& answer);
  void refuse(const OpenItemPtr& open, const Answer& answer);
  void give_up(const OpenItemPtr& open, std::string_view code, std::string_view why);

  Answer call(const OpenItemPtr& open, Connector& connector, std::string_view name,
              const std::function<Answer(const CallTerms&)>& make);
  void schedule(const OpenItemPtr& open, std::chrono::milliseconds delay, Next next);
  void post(const OpenItemPtr& open, std::string_view connector, Next next);
  bool on_own_pool(const OpenItemPtr& open) const;

  /// Makes the item as it stands durable, then goes on.
  void commit(const OpenItemPtr& open, Next next);
  void committed(const OpenItemPtr& open, CommitResult result, const Next& next);
  void wait_for_room(const OpenItemPtr& open, const Next& next);
  void start_over(const OpenItemPtr& open);
  void finish(const OpenItemPtr& open, ItemState state, Outcome outcome, std::string_view code,
              std::string_view reason);
  /// Commits only what is in the journal already: a retry of an item that has no row yet stays in memory.
  void save(const OpenItemPtr& open, Next next);
  void log(LogLevel level, std::string_view event, const WorkItem& item,
           std::initializer_list<LogField> more);

  Runtime& runtime_;
  ReplyDesk& desk_;
  std::atomic<std::size_t> inside_{0};
};

}  // namespace certspan
