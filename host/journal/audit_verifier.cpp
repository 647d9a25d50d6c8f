#include "host/journal/audit_verifier.hpp"

#include <algorithm>
#include <utility>

namespace certspan {
namespace {

constexpr std::size_t kMostFaults = 100;

std::string named(const AuditRecord& record) {
  if (record.erasure) return "the record of an erasure (audit number " + std::to_string(record.number) + ")";
  return "work item " + to_string(record.id) + " (audit number " + std::to_string(record.number) + ")";
}

std::string numbers(std::uint64_t first, std::uint64_t last) {
  return first == last ? "audit number " + std::to_string(first)
                       : "audit numbers " + std::to_string(first) + " to " + std::to_string(last);
}

}  // namespace

AuditVerifier::AuditVerifier(const AuditHead& head, const std::vector<AuditGap>& gaps,
                             std::vector<SignedHead> kept)
    : head_(head) {
  hold_gaps(gaps);
  for (SignedHead& each : kept) kept_.emplace(each.head.number, std::move(each));
  // Before the first item there is nothing to compare.
  kept_.erase(0);
}

void AuditVerifier::listen(InOrder in_order, AtGap at_gap) {
  in_order_ = std::move(in_order);
  at_gap_ = std::move(at_gap);
}

void AuditVerifier::hold_gaps(const std::vector<AuditGap>& gaps) {
  gaps_.clear();
  for (const AuditGap& gap : gaps) gaps_.emplace(gap.first, gap);
}

void AuditVerifier::take(AuditRecord record) {
  if (record.number == 0) {
    ++verdict_.unchained;
    return;
  }
  if (record.number > head_.number) return;
  const std::uint64_t number = record.number;
  std::string name = named(record);
  if (number < next_ || !waiting_.emplace(number, std::move(record)).second) {
    return fault(name + " has a number that another one has, or that was removed");
  }
  drain();
}

void AuditVerifier::drain() {
  while (next_ <= head_.number) {
    const auto found = waiting_.find(next_);
    if (found != waiting_.end()) {
      pass(found->second);
      waiting_.erase(found);
    } else if (!pass_gap()) {
      return;
    }
  }
}

/// A gap that has grown since it was read may begin before the number that is next.
bool AuditVerifier::pass_gap() {
  auto after = gaps_.upper_bound(next_);
  if (after == gaps_.begin()) return false;
  const AuditGap& gap = std::prev(after)->second;
  if (gap.last < next_) return false;
  if (gap.first == next_) expect(gap.before, last_);
  verdict_.removed += gap.last - next_ + 1;
  for (auto head = kept_.lower_bound(next_); head != kept_.end() && head->first < gap.last;) {
    ++verdict_.old_heads;
    head = kept_.erase(head);
  }
  compare_kept(gap.last, gap.after);
  hash_ = gap.after;
  known_ = true;
  counted_ = false;
  last_ = "what was removed before " + numbers(gap.last + 1, gap.last + 1);
  next_ = gap.last + 1;
  // Read before retention took them.
  waiting_.erase(waiting_.begin(), waiting_.lower_bound(next_));
  if (at_gap_) at_gap_(gap);
  return true;
}

void AuditVerifier::pass(const AuditRecord& record) {
  expect(record.before, last_);
  // The chain is followed by what the row says came before it; whether that is true was looked at above.
  const auto hash = audit_link(record.before, record.number, record.digest);
  if (!record.readable) fault(named(record) + " can't be read");
  known_ = hash.has_value();
  hash_ = hash.value_or(AuditHash{});
  last_ = named(record);
  ++next_;
  counted_ = !record.erasure;
  if (counted_) ++verdict_.verified;
  if (record.erasure) verdict_.erasures.push_back(*record.erasure);
  if (known_) compare_kept(record.number, hash_);
  if (in_order_) in_order_(record, hash_);
}

void AuditVerifier::expect(const AuditHash& before, const std::string& blamed) {
  if (!known_ || before == hash_) return;
  if (counted_) --verdict_.verified;
  fault(blamed + " is not as it was when it finished: it, or the record after it, was changed");
}

/// What is next is not there: goes on behind it.
void AuditVerifier::jump() {
  std::uint64_t there = head_.number + 1;
  if (!waiting_.empty()) there = waiting_.begin()->first;
  const auto gap = gaps_.lower_bound(next_);
  if (gap != gaps_.end()) there = std::min(there, gap->first);
  const bool tail = there > head_.number;
  fault("the record of " + numbers(next_, there - 1) +
        (tail ? " is missing: the newest ones were taken away" : " is missing: it was taken away"));
  next_ = there;
  known_ = false;
}

AuditVerifier::Verdict AuditVerifier::finish(const std::vector<AuditGap>& gaps) {
  hold_gaps(gaps);
  drain();
  while (next_ <= head_.number) {
    jump();
    drain();
  }
  if (head_.number > 0) expect(head_.hash, last_);
  compare_beyond();
  judge_erasures();
  return std::move(verdict_);
}

void AuditVerifier::compare_kept(std::uint64_t number, const AuditHash& hash) {
  const auto [begin, end] = kept_.equal_range(number);
  for (auto kept = begin; kept != end; ++kept) {
    if (kept->second.head.hash == hash) {
      ++verdict_.heads;
    } else {
      fault("at " + numbers(number, number) +
            " the chain is another one than what was told outside: it was written anew");
    }
  }
  kept_.erase(begin, end);
}

/// What is left was told of items that are not there.
void AuditVerifier::compare_beyond() {
  if (kept_.empty()) return;
  const std::uint64_t told = kept_.rbegin()->first;
  if (told > head_.number) {
    fault("the chain ends at number " + std::to_string(head_.number) + ", but number " +
          std::to_string(told) +
          " was told outside: the newest records are gone, or an older journal was put back");
  }
}

void AuditVerifier::judge_erasures() {
  for (const Erasure& erasure : verdict_.erasures) {
    for (const NumberRange& range : erasure.numbers) {
      if (!is_gone(range)) {
        fault("an erasure by " + erasure.who + " names " + numbers(range.first, range.last) +
              ", which nothing says was removed: the record, or what it tells of, was changed");
        continue;
      }
      verdict_.erased += range.last - range.first + 1;
    }
  }
  verdict_.erased = std::min(verdict_.erased, verdict_.removed);
  verdict_.removed -= verdict_.erased;
}

bool AuditVerifier::is_gone(const NumberRange& range) const {
  for (std::uint64_t number = range.first; number <= range.last;) {
    const auto after = gaps_.upper_bound(number);
    if (after == gaps_.begin() || std::prev(after)->second.last < number) return false;
    number = std::prev(after)->second.last + 1;
  }
  return true;
}

void AuditVerifier::fault(std::string text) {
  if (verdict_.faults.size() < kMostFaults) verdict_.faults.push_back(std::move(text));
}

}  // namespace certspan
