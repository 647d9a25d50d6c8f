#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "host/journal/audit.hpp"
#include "host/journal/signed_head.hpp"

namespace certspan {

/// Follows the audit chain from its beginning to its head, over what retention has removed and people had
/// erased, and says where it does not hold. Heads that were kept outside the host are held against it.
///
/// For one thread. The records of erasures come first; those of items come by their ids, which is nearly the
/// order of their numbers: what came early is kept until its turn, so that memory stays small where the chain
/// is whole.
class AuditVerifier {
 public:
  /// Hears of every record in the order of the chain, with its hash.
  using InOrder = std::function<void(const AuditRecord&, const AuditHash&)>;
  /// And of what is not there any more.
  using AtGap = std::function<void(const AuditGap&)>;

  struct Verdict {
    std::uint64_t verified = 0;   ///< items whose content is as it was
    std::uint64_t removed = 0;    ///< by retention
    std::uint64_t erased = 0;     ///< at people's word, as the records of that say
    std::uint64_t unchained = 0;  ///< finished before there was a chain
    std::uint64_t heads = 0;      ///< kept outside that were found in the chain
    std::uint64_t old_heads = 0;  ///< kept outside of items that retention has removed: nothing to compare
    std::vector<Erasure> erasures;
    std::vector<std::string> faults;
  };

  /// `head`: where the chain ends, read before the first record. `kept`: what is held against it.
  AuditVerifier(const AuditHead& head, const std::vector<AuditGap>& gaps, std::vector<SignedHead> kept);

  void listen(InOrder in_order, AtGap at_gap);

  /// Records that finished after the head are passed over.
  void take(AuditRecord record);
  /// Nothing comes any more. `gaps`: as they are now, for what retention removed meanwhile.
  Verdict finish(const std::vector<AuditGap>& gaps);

 private:
  void hold_gaps(const std::vector<AuditGap>& gaps);
  /// Goes on as far as the chain is there.
  void drain();
  bool pass_gap();
  void pass(const AuditRecord& record);
  void jump();
  void expect(const AuditHash& before, const std::string& blamed);
  void compare_kept(std::uint64_t number, const AuditHash& hash);
  void compare_beyond();
  /// Tells what was erased from what retention removed; needs the gaps.
  void judge_erasures();
  bool is_gone(const NumberRange& range) const;
  void fault(std::string text);

  const AuditHead head_;
  std::map<std::uint64_t, AuditGap> gaps_;         ///< by their first number
  std::multimap<std::uint64_t, SignedHead> kept_;  ///< by their numbers
  std::map<std::uint64_t, AuditRecord> waiting_;   ///< by their numbers
  InOrder in_order_;
  AtGap at_gap_;

  std::uint64_t next_ = 1;              ///< number that comes next
  AuditHash hash_{};                    ///< of the one before it
  bool known_ = true;                   ///< whether hash_ is
  bool counted_ = false;                ///< what it is of stands in Verdict::verified
  std::string last_ = "the beginning";  ///< what hash_ is of, for messages
  Verdict verdict_;
};

}  // namespace certspan
