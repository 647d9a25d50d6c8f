// Which registration authorities an endpoint has: those of its settings, or those that it had certified
// itself.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <certspan/faults.hpp>
#include <certspan/host.hpp>

#include "plugins/common/pkcs11/token_key.hpp"
#include "plugins/ndes/scep_server/ra_set.hpp"
#include "plugins/ndes/scep_server/ra_store.hpp"
#include "plugins/ndes/scep_server/scep_settings.hpp"

namespace certspan::scep {

// The RA of the settings stays as it is. One with an `issuer` renews itself: a third of its life before it
// ends the host asks for a request, has the issuer's CA certify it, and gives the certificate back. Its key
// is new each time, stands in the connector's store, and goes on opening what is encrypted to it for as long
// as kKeptRas newer ones leave it there. Thread-safe.
class RaDesk {
 public:
  // Reads the files of the settings; throws sdk::SettingsFault if they are no RA.
  RaDesk(const sdk::Host& host, const ScepSettings& settings, pkcs11::TokenKeys& tokens);

  // Takes over what the store has that is not known yet: another generation of this connector may have put it
  // there. False, and a fault, when the store can't be read.
  bool look_into_store(sdk::Faults& faults);

  // Null as long as none was certified.
  std::shared_ptr<const RaSet> now() const;

  // {"issuer", "csr", "validity"} when a certificate is due, {"due_in_ms"} when one will be, {} when never.
  std::optional<std::string> request(sdk::Faults& faults);
  // The certificate for the last request; {} as the answer. It is in the store before it is used.
  std::optional<std::string> take(std::string_view arguments, sdk::Faults& faults);

 private:
  std::int64_t now_seconds() const;
  std::int64_t due_at() const;
  bool publish(Ras ras, sdk::Faults& faults);

  sdk::Host host_;
  const ScepSettings& settings_;
  const Ras before_;  // those of the settings
  mutable std::mutex mutex_;
  std::shared_ptr<const RaSet> now_;
  std::optional<pki::PrivateKey> asked_for_;
};

}  // namespace certspan::scep
