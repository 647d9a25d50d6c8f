// The CAs behind one endpoint, as its requests need to know them.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include <certspan/host.hpp>

#include "plugins/common/pki/bytes.hpp"
#include "plugins/common/pki/scep_message.hpp"
#include "plugins/ndes/scep_server/scep_settings.hpp"

namespace certspan::scep {

// One look at the chains of all pipelines of this source. Immutable.
struct CaSnapshot {
  std::vector<pki::Bytes> issuing;        // DER, one for each issuer
  std::vector<pki::Bytes> issuing_names;  // DER Names of those
  std::vector<pki::Bytes> all;            // DER of every certificate once, in the order of the chains
  std::vector<pki::Bytes> below_roots;    // the same without roots that issue nothing to devices
};

// What stands behind the certificate that signed a message.
enum class SignerStanding : std::uint8_t {
  Stranger,       // it names none of our CAs as its issuer
  NamesOurCa,     // it names one, which does not stand behind it: unknown there, or revoked
  OursOutOfTime,  // one of our CAs issued these very bytes, but they have expired or are not valid yet
  Ours,           // one of our CAs issued these very bytes, and says now that they are good
  Unavailable,    // the CA can't say now
};

// Thread-safe. Asks the host for the chains at most every `kRefresh`; the host keeps them in memory.
class EndpointCas {
 public:
  static constexpr std::chrono::seconds kRefresh{2};

  explicit EndpointCas(const sdk::Host& host) : host_(host) {}

  // nullptr: the host has no chain of any issuer, and had none before.
  std::shared_ptr<const CaSnapshot> snapshot();
  // Takes what the host has, for the time when a CA can't be asked; the next snapshot asks anew.
  void look_ahead();

  // May block: asks the CA. `now` is seconds since 1970.
  SignerStanding standing(const CaSnapshot& cas, const pki::OuterMessage& message, std::int64_t now) const;

 private:
  std::shared_ptr<const CaSnapshot> ask() const;

  sdk::Host host_;
  std::mutex mutex_;                            // guards the two below
  std::shared_ptr<const CaSnapshot> snapshot_;  // shared with the requests that are using it
  std::optional<std::chrono::steady_clock::time_point> asked_;
};

// The body of GetCACert (RFC 8894 4.2.1): one certificate as DER, several as a degenerate SignedData, the RA
// first.
struct CaCertAnswer {
  pki::Bytes body;
  const char* content_type = "";
};
CaCertAnswer ca_cert_answer(CaCertificates which, pki::BytesView ra_certificate, const CaSnapshot& cas);

}  // namespace certspan::scep
