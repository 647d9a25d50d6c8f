#pragma once

#include <atomic>
#include <optional>
#include <string_view>
#include <vector>

#include "host/pipeline/item_runner.hpp"
#include "host/pipeline/reply_desk.hpp"
#include "host/services/interfaces.hpp"

namespace certspan {

/// How long finished items answer repeats, and how much is under way at a time.
struct IntakePolicy {
  std::chrono::milliseconds repeat_window{std::chrono::hours(24)};
  std::chrono::milliseconds failure_window{std::chrono::seconds(60)};
};

/// Takes work from sources: finds repeats among the open items and in the journal, makes new items, and
/// answers polls. What is new starts on the calling thread once the source's `handle` has returned
/// (`run_accepted`). Thread-safe.
class Intake final : public Submitter {
 public:
  Intake(Runtime& runtime, ReplyDesk& desk, ItemRunner& runner, IntakePolicy policy)
      : runtime_(runtime), desk_(desk), runner_(runner), policy_(policy) {}

  void submit(Submission submission, HttpExchangePtr exchange, Bytes reply_context) override;
  void poll(std::string_view source, const ItemKey& poll_key, std::string_view transaction_id,
            HttpExchangePtr exchange, Bytes reply_context) override;

  Outcome bring(Submission submission) override;

  /// A person, or the host itself, has a certificate revoked.
  struct RevocationOrder {
    WorkId item{};
    std::uint32_t reason = 0;  ///< CRLReason
    std::string who;
    std::string why;
    bool pays = false;  ///< it was owed
  };
  /// The item that will do so; the same order twice is one while it is open. Errors: revocation.not_found,
  /// .not_issued, .cannot (its CA can't), submit.closed, submit.full.
  Result<WorkId> order(const RevocationOrder& order);
  /// Orders what is owed.
  void pay_debts();

  /// A new item for a dead letter that still has its request, ready to be started. Errors: work.asked_again
  /// (its device has, so that one counts), pipeline.no_match, submit.closed, submit.full.
  Result<OpenItemPtr> revive(const WorkItem& dead);

  /// While it lives, what this thread submits comes from `config`'s source, whatever runs meanwhile.
  class Handling {
   public:
    explicit Handling(const std::shared_ptr<const RunningConfig>& config);
    ~Handling();
    Handling(const Handling&) = delete;
    Handling& operator=(const Handling&) = delete;
  };

  /// Goes on with what this thread submitted since the last call.
  void run_accepted();

  void open() { accepting_ = true; }
  /// From now on every submission is told "try later".
  void close() { accepting_ = false; }
  bool accepting() const { return accepting_; }

 private:
  Waiter make_waiter(std::string_view source, std::string_view transaction_id, HttpExchangePtr exchange,
                     Bytes context, std::chrono::milliseconds within) const;
  void accept(const OpenItemPtr& open, Submission submission, const Pipeline& pipeline);
  static void fill(OpenItem& open, Submission submission);
  void begin(OpenItem& open, const Pipeline& pipeline, const std::optional<WorkItem>& before);
  bool answer_from(const WorkItem& known, const OpenItemPtr& open);
  bool still_answers(const WorkItem& item) const;
  void tell_finished(const WorkItem& item, std::vector<Waiter> waiters);
  void turn_away(Waiter waiter, Outcome outcome, std::string_view code);

  Runtime& runtime_;
  ReplyDesk& desk_;
  ItemRunner& runner_;
  const IntakePolicy policy_;
  std::atomic<bool> accepting_{false};
};

}  // namespace certspan
