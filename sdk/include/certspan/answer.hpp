// What a call came to.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <certspan/abi/work_item.h>
#include <certspan/types.hpp>

namespace certspan::sdk {

/// The answer of an issuer, validator or processor to one item. Choose by what is *certain*:
///  - certainly not done, may work later: `unavailable`, `throttled` (the host retries, or asks the next CA)
///  - final: `rejected` (the other side said no), `invalid` (malformed), `unsupported`
///  - may have been done: `unknown` (the host asks `lookup`, and never another CA)
///
/// `code` is a stable machine word with the plugin's name in front ("acme.quota_exceeded"); `message` is for
/// people: lower case, no full stop, never a secret.
class Answer {
 public:
  /// Done, without a certificate: a validator's or processor's yes.
  [[nodiscard]] static Answer ok() { return Answer(Outcome::Ok); }
  /// An issuer's certificate, DER.
  [[nodiscard]] static Answer ok(Bytes certificate) {
    Answer answer(Outcome::Ok);
    answer.certificate_.assign(certificate.begin(), certificate.end());
    return answer;
  }
  /// What `Source::gather` answers: come again after so long.
  [[nodiscard]] static Answer ok_for(std::chrono::milliseconds pause) {
    return Answer(Outcome::Ok).retry_after(pause);
  }
  /// Accepted; ask again by `poll` with this handle (up to 4 KiB), not before `retry_after` (0: host
  /// decides).
  [[nodiscard]] static Answer pending(Bytes handle, std::chrono::milliseconds retry_after = {}) {
    Answer answer(Outcome::Pending);
    answer.handle_.assign(handle.begin(), handle.end());
    return answer.retry_after(retry_after);
  }
  [[nodiscard]] static Answer unavailable(std::string_view code, std::string_view message,
                                          std::chrono::milliseconds retry_after = {}) {
    return Answer(Outcome::Unavailable, code, message).retry_after(retry_after);
  }
  [[nodiscard]] static Answer throttled(std::string_view code, std::string_view message,
                                        std::chrono::milliseconds retry_after = {}) {
    return Answer(Outcome::Throttled, code, message).retry_after(retry_after);
  }
  [[nodiscard]] static Answer rejected(std::string_view code, std::string_view message) {
    return {Outcome::Rejected, code, message};
  }
  [[nodiscard]] static Answer invalid(std::string_view code, std::string_view message) {
    return {Outcome::Invalid, code, message};
  }
  [[nodiscard]] static Answer unsupported(std::string_view code, std::string_view message) {
    return {Outcome::Unsupported, code, message};
  }
  [[nodiscard]] static Answer unknown(std::string_view code, std::string_view message) {
    return {Outcome::Unknown, code, message};
  }
  [[nodiscard]] static Answer cancelled(std::string_view code, std::string_view message) {
    return {Outcome::Cancelled, code, message};
  }
  /// A fault of the plugin itself; the host treats it as `unknown`.
  [[nodiscard]] static Answer internal(std::string_view code, std::string_view message) {
    return {Outcome::Internal, code, message};
  }

  /// Adds a label to the item: serial, issuer, subject, not_after, device, user, ... Never a secret.
  Answer& add_label(std::string_view name, std::string_view value) & {
    labels_.push_back({std::string(name), std::string(value)});
    return *this;
  }
  [[nodiscard]] Answer add_label(std::string_view name, std::string_view value) && {
    add_label(name, value);
    return std::move(*this);
  }

  [[nodiscard]] Outcome outcome() const noexcept { return outcome_; }
  [[nodiscard]] const std::string& code() const noexcept { return code_; }
  [[nodiscard]] const std::string& message() const noexcept { return message_; }
  [[nodiscard]] const ByteBuffer& certificate() const noexcept { return certificate_; }
  [[nodiscard]] const ByteBuffer& handle() const noexcept { return handle_; }
  [[nodiscard]] const std::vector<Label>& labels() const noexcept { return labels_; }
  [[nodiscard]] std::chrono::milliseconds retry_after() const noexcept {
    return std::chrono::milliseconds(retry_after_ms_);
  }

  /// Hands the answer to the host, which copies it. Called by the SDK, once a call.
  void send(const certspan_answer_sink& sink) const {
    const std::vector<certspan_label> labels = to_abi(std::span<const Label>(labels_));
    const certspan_answer answer = {
        .struct_size = sizeof(certspan_answer),
        .outcome = to_abi(outcome_),
        .retry_after_ms = retry_after_ms_,
        .reserved = 0,
        .code = to_abi(code_),
        .message = to_abi(message_),
        .certificate = to_abi(certificate_),
        .handle = to_abi(handle_),
        .labels = labels.data(),
        .label_count = labels.size(),
    };
    sink.answer(sink.context, &answer);
  }

 private:
  Answer(Outcome outcome, std::string_view code = {}, std::string_view message = {})
      : outcome_(outcome), code_(code), message_(message) {}

  Answer& retry_after(std::chrono::milliseconds value) {
    constexpr std::int64_t kLongest = UINT32_MAX;
    const std::int64_t count = value.count() < 0 ? 0 : value.count();
    retry_after_ms_ = static_cast<std::uint32_t>(count > kLongest ? kLongest : count);
    return *this;
  }

  Outcome outcome_;
  std::uint32_t retry_after_ms_ = 0;
  std::string code_;
  std::string message_;
  ByteBuffer certificate_;
  ByteBuffer handle_;
  std::vector<Label> labels_;
};

}  // namespace certspan::sdk
