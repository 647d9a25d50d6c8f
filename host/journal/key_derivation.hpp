#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>

#include "host/base/bytes.hpp"

struct evp_mac_ctx_st;

namespace certspan {

/// 256 bits that are wiped when they go.
class SealingKey {
 public:
  using Value = std::array<std::uint8_t, 32>;

  SealingKey() = default;
  explicit SealingKey(const Value& value) : value_(value) {}
  SealingKey(const SealingKey& other) = default;
  SealingKey& operator=(const SealingKey& other) = default;
  ~SealingKey();

  const Value& value() const { return value_; }

 private:
  Value value_{};
};

/// HKDF-SHA256 (RFC 5869) that gives one block for each purpose. Thread-safe.
class KeyDerivation {
 public:
  /// Extracts (section 2.2); `input` is not kept. nullopt: the cryptographic library fails.
  static std::optional<KeyDerivation> create(BytesView salt, BytesView input);

  /// Expands (section 2.3). nullopt as above.
  std::optional<SealingKey> derive(BytesView info) const;

 private:
  struct Free {
    void operator()(evp_mac_ctx_st* mac) const;
  };
  using Mac = std::unique_ptr<evp_mac_ctx_st, Free>;

  explicit KeyDerivation(Mac keyed) : keyed_(std::move(keyed)) {}

  static Mac keyed(BytesView key);

  Mac keyed_;  ///< holds the extracted key; copied for each use, for setting it up costs more than the rest
};

}  // namespace certspan
