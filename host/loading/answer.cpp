#include "host/loading/answer.hpp"

#include <exception>
#include <utility>

#include "host/loading/abi_limits.hpp"
#include "host/loading/abi_text.hpp"

namespace certspan {
namespace {

Answer fault(std::string code, std::string message) {
  Answer answer;
  answer.outcome = Outcome::Internal;
  answer.code = std::move(code);
  answer.message = std::move(message);
  return answer;
}

Answer over_limit(std::string_view what, std::uint64_t size, std::size_t most) {
  return fault("plugin.over_limit", "the plugin's answer has " + std::string(what) + " of size " +
                                        std::to_string(size) + ", at most " + std::to_string(most) +
                                        " is allowed; tell the plugin's vendor");
}

template <typename View>
bool readable(const View& view) {
  return view.data != nullptr || view.size == 0;
}

/// Sizes are looked at before anything is copied.
bool copy_labels(const certspan_answer& from, Answer& to, Answer& refusal) {
  if (from.label_count > abi_limit::kLabels) {
    refusal = over_limit("a number of labels", from.label_count, abi_limit::kLabels);
    return false;
  }
  if (from.labels == nullptr && from.label_count != 0) {
    refusal = fault("plugin.bad_answer", "the plugin's answer has a null list of labels; tell its vendor");
    return false;
  }
  for (std::uint64_t i = 0; i < from.label_count; ++i) {
    const certspan_label& label = from.labels[i];
    if (label.name.size > abi_limit::kLabelName || label.value.size > abi_limit::kLabelValue) {
      refusal = label.name.size > abi_limit::kLabelName
                    ? over_limit("a label name", label.name.size, abi_limit::kLabelName)
                    : over_limit("a value of the label \"" + clean_text(from_abi(label.name), 64) + "\"",
                                 label.value.size, abi_limit::kLabelValue);
      return false;
    }
    to.labels.emplace_back(clean_text(from_abi(label.name), abi_limit::kLabelName),
                           clean_text(from_abi(label.value), abi_limit::kLabelValue));
  }
  return true;
}

Answer answer_from_abi(const certspan_answer* from) {
  if (from == nullptr || from->struct_size < sizeof(certspan_answer) || !readable(from->code) ||
      !readable(from->message) || !readable(from->certificate) || !readable(from->handle)) {
    return fault("plugin.bad_answer",
                 "the plugin's answer is too short for this host's contract or has a null view; it was built "
                 "against another SDK");
  }
  if (from->certificate.size > abi_limit::kCertificate) {
    return over_limit("a certificate", from->certificate.size, abi_limit::kCertificate);
  }
  if (from->handle.size > abi_limit::kHandle) {
    return over_limit("a handle", from->handle.size, abi_limit::kHandle);
  }
  Answer to;
  Answer refusal;
  if (!copy_labels(*from, to, refusal)) return refusal;
  to.outcome = outcome_from_abi(from->outcome);
  to.retry_after = std::chrono::milliseconds(from->retry_after_ms);
  to.code = clean_text(from_abi(from->code), abi_limit::kCode);
  to.message = clean_text(from_abi(from->message), abi_limit::kMessage);
  to.certificate = copy_of(from_abi(from->certificate));
  to.handle = copy_of(from_abi(from->handle));
  return to;
}

}  // namespace

Answer answer_of(const Error& error) {
  Answer answer;
  answer.outcome = error.outcome;
  answer.code = error.code;
  answer.message = error.message;
  return answer;
}

AnswerCollector::AnswerCollector(const NoteFunction& note) : note_(note) {
  sink_.struct_size = sizeof(sink_);
  sink_.context = this;
  sink_.answer = &on_answer;
  sink_.note = &on_note;
}

Answer AnswerCollector::take() {
  if (foreign_thread_.load()) {
    return fault("plugin.wrong_thread",
                 "the plugin used the answer sink on a thread of its own; tell its vendor");
  }
  if (answers_ == 0) {
    return fault("plugin.no_answer", "the plugin returned without an answer; tell its vendor");
  }
  if (answers_ > 1) {
    return fault("plugin.two_answers",
                 "the plugin answered " + std::to_string(answers_) + " times in one call; tell its vendor");
  }
  return std::move(answer_);
}

bool AnswerCollector::on_own_thread() {
  if (std::this_thread::get_id() == thread_) return true;
  foreign_thread_.store(true);
  return false;
}

void AnswerCollector::on_answer(void* context, const certspan_answer* answer) noexcept {
  auto& self = *static_cast<AnswerCollector*>(context);
  if (!self.on_own_thread()) return;
  if (++self.answers_ == 1) self.answer_ = answer_from_abi(answer);
}

certspan_outcome AnswerCollector::on_note(void* context, certspan_bytes_view note) noexcept {
  auto& self = *static_cast<AnswerCollector*>(context);
  if (!self.on_own_thread() || self.answers_ != 0) return CERTSPAN_INTERNAL;
  if (!self.note_) return CERTSPAN_UNSUPPORTED;
  if (!readable(note) || note.size > abi_limit::kNote) return CERTSPAN_INVALID;
  try {
    return static_cast<certspan_outcome>(self.note_(from_abi(note)));
  } catch (const std::exception&) {
    return CERTSPAN_INTERNAL;
  }
}

}  // namespace certspan
