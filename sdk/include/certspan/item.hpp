// One work item as a call carries it.
#pragma once

#include <chrono>
#include <optional>
#include <span>
#include <string_view>

#include <certspan/abi/work_item.h>
#include <certspan/types.hpp>

namespace certspan::sdk {

/// A cheap view of the item of the current call: nothing of it may be kept after the call returns. Used on
/// the calling thread only.
class Item {
 public:
  Item(const certspan_item& item, const certspan_answer_sink* sink) noexcept : item_(&item), sink_(sink) {}

  /// Work id: for logs and for people.
  [[nodiscard]] std::string_view id() const noexcept { return from_abi(item_->id); }
  /// Idempotency key: 32 bytes, the same on every attempt of this item.
  [[nodiscard]] Bytes key() const noexcept { return from_abi(item_->key); }
  /// 1 on the first attempt of this step.
  [[nodiscard]] std::uint32_t attempt() const noexcept { return item_->attempt; }
  /// Answer by then.
  [[nodiscard]] std::chrono::steady_clock::time_point deadline() const noexcept {
    return std::chrono::steady_clock::time_point(
        std::chrono::nanoseconds(static_cast<std::int64_t>(item_->deadline_ns)));
  }

  /// Name of the connector that brought it.
  [[nodiscard]] std::string_view source() const noexcept { return from_abi(item_->source); }
  [[nodiscard]] std::string_view pipeline() const noexcept { return from_abi(item_->pipeline); }
  /// Name of a profile of the file, "" if the step names none.
  [[nodiscard]] std::string_view profile() const noexcept { return from_abi(item_->profile); }
  [[nodiscard]] bool is_renewal() const noexcept { return from_abi(item_->message) == "renewal"; }
  /// The client's own id of the exchange, "" if its protocol has none.
  [[nodiscard]] std::string_view transaction_id() const noexcept { return from_abi(item_->transaction_id); }

  /// PKCS #10, DER. A secret: it may hold a challenge password.
  [[nodiscard]] Bytes request() const noexcept { return from_abi(item_->request); }
  /// Renewal: the certificate (DER) that vouches for the request; otherwise empty.
  [[nodiscard]] Bytes signer() const noexcept { return from_abi(item_->signer); }
  /// What the last `Answer::pending` carried; otherwise empty.
  [[nodiscard]] Bytes handle() const noexcept { return from_abi(item_->handle); }
  /// What the last `write_note` stored; otherwise empty.
  [[nodiscard]] Bytes note() const noexcept { return from_abi(item_->note); }

  [[nodiscard]] std::span<const certspan_label> labels() const noexcept {
    return {item_->labels, item_->label_count};
  }
  [[nodiscard]] std::optional<std::string_view> label(std::string_view name) const noexcept {
    for (const certspan_label& candidate : labels()) {
      if (from_abi(candidate.name) == name) return from_abi(candidate.value);
    }
    return std::nullopt;
  }

  /// Makes up to 4 KiB durable before it returns, for CAs whose order id must be known before sending.
  /// Anything but Ok means that nothing may be sent.
  [[nodiscard]] Outcome write_note(Bytes note) const noexcept {
    if (sink_ == nullptr) return Outcome::Unsupported;
    return outcome_from_abi(sink_->note(sink_->context, to_abi(note)));
  }

 private:
  const certspan_item* item_;
  const certspan_answer_sink* sink_;
};

}  // namespace certspan::sdk
