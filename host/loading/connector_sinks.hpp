#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <certspan/abi/base.h>
#include <certspan/abi/role_issuer.h>
#include <certspan/abi/work_item.h>

#include "host/base/bytes.hpp"
#include "host/loading/abi_limits.hpp"
#include "host/loading/abi_text.hpp"
#include "host/loading/connector.hpp"

namespace certspan {

// The host's ends of the smaller sinks of the contract. Each lives for one call, on one thread, copies what
// the plugin gives and holds it against the limits.

/// Takes the certificates of a chain; what is too much is counted and not kept.
class ChainCollector {
 public:
  ChainCollector() {
    sink_.struct_size = sizeof(sink_);
    sink_.context = this;
    sink_.add = &on_add;
  }
  const certspan_chain_sink* sink() const { return &sink_; }
  bool over_limit() const { return over_limit_; }
  std::vector<Bytes>& chain() { return chain_; }

 private:
  static void on_add(void* context, certspan_string_view, certspan_bytes_view certificate) noexcept {
    auto& self = *static_cast<ChainCollector*>(context);
    const BytesView der = from_abi(certificate);
    if (self.chain_.size() >= abi_limit::kChain || der.empty() || der.size() > abi_limit::kCertificate) {
      self.over_limit_ = true;
      return;
    }
    self.chain_.push_back(copy_of(der));
  }

  std::vector<Bytes> chain_;
  bool over_limit_ = false;
  certspan_chain_sink sink_{};
};

/// Takes the one certificate that `find` found.
class FindCollector {
 public:
  FindCollector() {
    sink_.struct_size = sizeof(sink_);
    sink_.context = this;
    sink_.found = &on_found;
  }
  const certspan_find_sink* sink() const { return &sink_; }
  /// True after exactly one certificate of legal size and state.
  bool complete() const { return calls_ == 1 && legal_; }
  FoundCertificate& found() { return found_; }

 private:
  static void on_found(void* context, certspan_bytes_view certificate, std::uint32_t state) noexcept {
    auto& self = *static_cast<FindCollector*>(context);
    const BytesView der = from_abi(certificate);
    self.legal_ = !der.empty() && der.size() <= abi_limit::kCertificate &&
                  (state == CERTSPAN_CERTIFICATE_GOOD || state == CERTSPAN_CERTIFICATE_REVOKED);
    if (++self.calls_ != 1 || !self.legal_) return;
    self.found_ = {copy_of(der), state == CERTSPAN_CERTIFICATE_REVOKED};
  }

  FoundCertificate found_;
  unsigned calls_ = 0;
  bool legal_ = false;
  certspan_find_sink sink_{};
};

/// Takes one value of up to `most` bytes.
class ValueCollector {
 public:
  explicit ValueCollector(std::size_t most) : most_(most) {
    sink_.struct_size = sizeof(sink_);
    sink_.context = this;
    sink_.put = &on_put;
  }
  const certspan_bytes_sink* sink() const { return &sink_; }
  /// True after exactly one value that is neither empty nor too large.
  bool complete() const { return calls_ == 1 && !value_.empty(); }
  Bytes& value() { return value_; }

 private:
  static void on_put(void* context, certspan_bytes_view value) noexcept {
    auto& self = *static_cast<ValueCollector*>(context);
    if (++self.calls_ == 1 && value.size <= self.most_) self.value_ = copy_of(from_abi(value));
  }

  const std::size_t most_;
  Bytes value_;
  unsigned calls_ = 0;
  certspan_bytes_sink sink_{};
};

/// Takes the JSON of an action; the last value counts.
class JsonCollector {
 public:
  JsonCollector() {
    sink_.struct_size = sizeof(sink_);
    sink_.context = this;
    sink_.put = &on_put;
  }
  const certspan_bytes_sink* sink() const { return &sink_; }
  bool over_limit() const { return over_limit_; }
  std::string& json() { return json_; }

 private:
  static void on_put(void* context, certspan_bytes_view value) noexcept {
    auto& self = *static_cast<JsonCollector*>(context);
    const std::string_view text = as_text(from_abi(value));
    self.over_limit_ = text.size() > abi_limit::kActionResult;
    if (!self.over_limit_) self.json_ = text;
  }

  std::string json_;
  bool over_limit_ = false;
  certspan_bytes_sink sink_{};
};

}  // namespace certspan
