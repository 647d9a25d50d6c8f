// How a responder comes by its certificates, before the last ones end.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include <certspan/faults.hpp>
#include <certspan/host.hpp>

#include "plugins/ca_local/ocsp_responder/delegate.hpp"
#include "plugins/ca_local/ocsp_responder/responder_settings.hpp"

namespace certspan::ca_local {

/// The host asks for a request after each start and when a third of the certificates' life is left, has the
/// CAs certify it, and gives their certificates back. The key is new each time. Until then the delegate that
/// the store has is the one of now, so that a new version of the plugin answers from its first moment on.
/// Thread-safe.
class DelegateDesk {
 public:
  DelegateDesk(const sdk::Host& host, const ResponderSettings& settings) : host_(host), settings_(settings) {}

  /// False, and a fault, when the store can't be read.
  bool look_into_store(sdk::Faults& faults);

  /// Null as long as no CA has certified it, and when its certificates have ended.
  std::shared_ptr<const Delegate> now() const;

  /// {"csr", "issuers", "validity"} when certificates are due, {"due_in_ms"} when they will be.
  std::optional<std::string> request(sdk::Faults& faults);
  /// {"certificates": [{"certificate", "ca"}...]}, PEM, for the last request; {} as the answer.
  std::optional<std::string> take(std::string_view arguments, sdk::Faults& faults);

 private:
  std::int64_t now_seconds() const;
  std::int64_t due_at() const;

  sdk::Host host_;
  const ResponderSettings& settings_;
  mutable std::mutex mutex_;
  std::shared_ptr<const Delegate> now_;
  bool is_of_this_start_ = false;
  std::optional<pki::PrivateKey> asked_for_;
};

}  // namespace certspan::ca_local
