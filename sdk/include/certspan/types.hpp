// The small types of the C++ layer: borrowed and owned octets, outcomes, labels, and how they cross the line.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <certspan/abi/base.h>

namespace certspan::sdk {

/// Borrowed octets: valid until the call that handed them over returns.
using Bytes = std::span<const std::uint8_t>;
/// Owned octets.
using ByteBuffer = std::vector<std::uint8_t>;

/// How a call ended. The comments in <certspan/abi/base.h> say what each value promises.
enum class Outcome : std::int32_t {
  Ok = CERTSPAN_OK,
  Pending = CERTSPAN_PENDING,
  Unavailable = CERTSPAN_UNAVAILABLE,
  Throttled = CERTSPAN_THROTTLED,
  Rejected = CERTSPAN_REJECTED,
  Invalid = CERTSPAN_INVALID,
  Unsupported = CERTSPAN_UNSUPPORTED,
  Unknown = CERTSPAN_UNKNOWN,
  Cancelled = CERTSPAN_CANCELLED,
  Internal = CERTSPAN_INTERNAL,
};

/// A named value that people search by (transaction_id, serial, issuer, subject, ...). Never a secret.
struct Label {
  std::string name;
  std::string value;
};

[[nodiscard]] inline Bytes from_abi(certspan_bytes_view view) noexcept {
  return {view.data, view.size};
}

[[nodiscard]] inline std::string_view from_abi(certspan_string_view view) noexcept {
  return view.data == nullptr ? std::string_view() : std::string_view(view.data, view.size);
}

/// An outcome that this SDK does not know is a fault of the other side.
[[nodiscard]] constexpr Outcome outcome_from_abi(certspan_outcome value) noexcept {
  return value < CERTSPAN_OK || value > CERTSPAN_INTERNAL ? Outcome::Internal : static_cast<Outcome>(value);
}

[[nodiscard]] inline certspan_bytes_view to_abi(Bytes bytes) noexcept {
  return {bytes.data(), bytes.size()};
}

[[nodiscard]] inline certspan_string_view to_abi(std::string_view text) noexcept {
  return {text.data(), text.size()};
}

[[nodiscard]] constexpr certspan_outcome to_abi(Outcome outcome) noexcept {
  return static_cast<certspan_outcome>(outcome);
}

/// The views of `labels`, which must outlive them.
[[nodiscard]] inline std::vector<certspan_label> to_abi(std::span<const Label> labels) {
  std::vector<certspan_label> views;
  views.reserve(labels.size());
  for (const Label& label : labels) views.push_back({to_abi(label.name), to_abi(label.value)});
  return views;
}

/// The octets of a text, for store keys and the like. The text must outlive them.
[[nodiscard]] inline Bytes bytes_of(std::string_view text) noexcept {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

/// The text of some octets. The octets must outlive it.
[[nodiscard]] inline std::string_view text_of(Bytes bytes) noexcept {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace certspan::sdk
