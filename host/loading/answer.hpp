#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <string>
#include <thread>

#include <certspan/abi/work_item.h>

#include "host/base/bytes.hpp"
#include "host/base/outcome.hpp"
#include "host/base/result.hpp"
#include "host/journal/work_item.hpp"

namespace certspan {

/// What a call came to, copied out of the plugin and held against the limits of the contract. Texts are valid
/// UTF-8 without control characters.
///
/// Codes that the host itself sets, all with Internal: plugin.no_answer, plugin.two_answers,
/// plugin.over_limit, plugin.bad_answer (a struct or view that can't be read), plugin.wrong_thread,
/// plugin.no_certificate, plugin.no_handle; with Unsupported: connector.no_role (the connector's type does
/// not offer that call); with Cancelled: connector.not_started.
struct Answer {
  Outcome outcome = Outcome::Internal;
  std::chrono::milliseconds retry_after{0};  ///< 0 leaves it to the host
  std::string code;                          ///< "" on Ok
  std::string message;
  Bytes certificate;
  Bytes handle;
  Labels labels;

  bool ok() const { return outcome == Outcome::Ok; }
};

/// What a fault of the host itself comes to.
Answer answer_of(const Error& error);

/// Stores the bytes of a `note` durably before it returns Ok. Any other outcome tells the plugin that nothing
/// may be sent. Called on the thread of the call.
using NoteFunction = std::function<Outcome(BytesView note)>;

/// The answer sink of one call: gives the plugin the C face and makes an Answer of what it says. Lives for
/// one call, on one thread.
class AnswerCollector {
 public:
  /// Without `note` the plugin's notes are refused with Unsupported.
  explicit AnswerCollector(const NoteFunction& note);
  AnswerCollector(const AnswerCollector&) = delete;
  AnswerCollector& operator=(const AnswerCollector&) = delete;

  const certspan_answer_sink* sink() const { return &sink_; }
  /// The verdict, after the plugin has returned: "exactly one answer, on the calling thread, within limits".
  Answer take();

 private:
  static void on_answer(void* context, const certspan_answer* answer) noexcept;
  static certspan_outcome on_note(void* context, certspan_bytes_view note) noexcept;
  bool on_own_thread();

  const NoteFunction& note_;
  const std::thread::id thread_ = std::this_thread::get_id();
  std::atomic<bool> foreign_thread_{false};
  unsigned answers_ = 0;
  Answer answer_;
  certspan_answer_sink sink_{};
};

}  // namespace certspan
