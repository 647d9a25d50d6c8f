// Sinks that keep what a plugin says, and an item to call it with. For tests of plugins.
#pragma once

#include <chrono>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include <certspan/abi/role_issuer.h>
#include <certspan/abi/work_item.h>
#include <certspan/types.hpp>

namespace certspan::sdk::testing {

[[nodiscard]] inline ByteBuffer copy_of(certspan_bytes_view view) {
  const Bytes bytes = from_abi(view);
  return {bytes.begin(), bytes.end()};
}

[[nodiscard]] inline std::vector<Label> copy_of(const certspan_label* labels, std::uint64_t count) {
  std::vector<Label> copies;
  for (std::uint64_t i = 0; i < count; ++i) {
    copies.push_back({std::string(from_abi(labels[i].name)), std::string(from_abi(labels[i].value))});
  }
  return copies;
}

/// A fault that a plugin reported.
struct RecordedFault {
  std::string pointer;
  std::string message;
};

/// Keeps faults in the order in which they came. The address of the recorder must not change while it is in
/// use.
class FaultRecorder {
 public:
  [[nodiscard]] const certspan_fault_sink* sink() noexcept { return &sink_; }
  [[nodiscard]] const std::vector<RecordedFault>& faults() const noexcept { return faults_; }

 private:
  static void add(void* context, certspan_string_view pointer, certspan_string_view message) noexcept {
    static_cast<FaultRecorder*>(context)->faults_.push_back(
        {std::string(from_abi(pointer)), std::string(from_abi(message))});
  }

  std::vector<RecordedFault> faults_;
  certspan_fault_sink sink_ = {sizeof(certspan_fault_sink), 0, this, &add};
};

/// An answer that a plugin gave.
struct RecordedAnswer {
  Outcome outcome = Outcome::Internal;
  std::uint32_t retry_after_ms = 0;
  std::string code;
  std::string message;
  ByteBuffer certificate;
  ByteBuffer handle;
  std::vector<Label> labels;

  [[nodiscard]] std::string label(std::string_view name) const {
    for (const Label& candidate : labels) {
      if (candidate.name == name) return candidate.value;
    }
    return {};
  }
};

/// Keeps the answers and notes of one call. A host takes exactly one answer; `only` checks that.
class AnswerRecorder {
 public:
  [[nodiscard]] const certspan_answer_sink* sink() noexcept { return &sink_; }
  [[nodiscard]] const std::vector<RecordedAnswer>& answers() const noexcept { return answers_; }
  [[nodiscard]] const std::vector<ByteBuffer>& notes() const noexcept { return notes_; }
  /// What `note` answers from now on.
  void set_note_outcome(Outcome outcome) noexcept { note_outcome_ = outcome; }

  [[nodiscard]] const RecordedAnswer& only() const {
    if (answers_.size() != 1) {
      throw std::logic_error("the plugin gave " + std::to_string(answers_.size()) +
                             " answers instead of one");
    }
    return answers_.front();
  }

 private:
  static void answer(void* context, const certspan_answer* answer) noexcept {
    static_cast<AnswerRecorder*>(context)->answers_.push_back({
        .outcome = outcome_from_abi(answer->outcome),
        .retry_after_ms = answer->retry_after_ms,
        .code = std::string(from_abi(answer->code)),
        .message = std::string(from_abi(answer->message)),
        .certificate = copy_of(answer->certificate),
        .handle = copy_of(answer->handle),
        .labels = copy_of(answer->labels, answer->label_count),
    });
  }
  static certspan_outcome note(void* context, certspan_bytes_view note) noexcept {
    auto& self = *static_cast<AnswerRecorder*>(context);
    if (self.note_outcome_ == Outcome::Ok) self.notes_.push_back(copy_of(note));
    return to_abi(self.note_outcome_);
  }

  std::vector<RecordedAnswer> answers_;
  std::vector<ByteBuffer> notes_;
  Outcome note_outcome_ = Outcome::Ok;
  certspan_answer_sink sink_ = {sizeof(certspan_answer_sink), 0, this, &answer, &note};
};

/// Keeps the certificates of a chain.
class ChainRecorder {
 public:
  [[nodiscard]] const certspan_chain_sink* sink() noexcept { return &sink_; }
  [[nodiscard]] const std::vector<ByteBuffer>& certificates() const noexcept { return certificates_; }

 private:
  static void add(void* context, certspan_string_view /*issuer*/, certspan_bytes_view certificate) noexcept {
    static_cast<ChainRecorder*>(context)->certificates_.push_back(copy_of(certificate));
  }

  std::vector<ByteBuffer> certificates_;
  certspan_chain_sink sink_ = {sizeof(certspan_chain_sink), 0, this, &add};
};

/// Keeps what `find` found.
class FindRecorder {
 public:
  [[nodiscard]] const certspan_find_sink* sink() noexcept { return &sink_; }
  [[nodiscard]] const ByteBuffer& certificate() const noexcept { return certificate_; }
  /// CERTSPAN_CERTIFICATE_*, 0 if nothing was found.
  [[nodiscard]] std::uint32_t state() const noexcept { return state_; }

 private:
  static void found(void* context, certspan_bytes_view certificate, std::uint32_t state) noexcept {
    auto& self = *static_cast<FindRecorder*>(context);
    self.certificate_ = copy_of(certificate);
    self.state_ = state;
  }

  ByteBuffer certificate_;
  std::uint32_t state_ = 0;
  certspan_find_sink sink_ = {sizeof(certspan_find_sink), 0, this, &found};
};

/// An item with owned values. Change what the test is about and take `view()`, which is valid while the item
/// lives unchanged.
struct FakeItem {
  std::uint32_t attempt = 1;
  std::chrono::nanoseconds time_left = std::chrono::seconds(30);
  std::string id = "W1";
  ByteBuffer key = ByteBuffer(32, 0x11);
  std::string source = "scep";
  std::string pipeline = "device";
  std::string message = "enrolment";
  std::string transaction_id = "T1";
  ByteBuffer request;
  ByteBuffer signer;
  std::string profile;
  ByteBuffer handle;
  ByteBuffer note;
  std::vector<Label> labels;

  [[nodiscard]] certspan_item view() {
    label_views_ = to_abi(std::span<const Label>(labels));
    const auto deadline = std::chrono::steady_clock::now().time_since_epoch() + time_left;
    return {
        .struct_size = sizeof(certspan_item),
        .attempt = attempt,
        .deadline_ns = static_cast<std::uint64_t>(deadline.count()),
        .id = to_abi(id),
        .key = to_abi(key),
        .source = to_abi(source),
        .pipeline = to_abi(pipeline),
        .message = to_abi(message),
        .transaction_id = to_abi(transaction_id),
        .request = to_abi(request),
        .signer = to_abi(signer),
        .profile = to_abi(profile),
        .handle = to_abi(handle),
        .note = to_abi(note),
        .labels = label_views_.data(),
        .label_count = label_views_.size(),
    };
  }

 private:
  std::vector<certspan_label> label_views_;
};

}  // namespace certspan::sdk::testing
