// What the CAs of an endpoint tell of their successor.
#pragma once

#include <chrono>
#include <memory>
#include <mutex>

#include <certspan/host.hpp>

#include "plugins/common/pki/bytes.hpp"

namespace certspan::scep {

// Thread-safe. Asks at most every `kRefresh`, since GetCACaps wants to know it each time.
class NextCa {
 public:
  static constexpr std::chrono::seconds kRefresh{10};

  struct Told {
    std::shared_ptr<const pki::Bytes> message;  // shared with the requests that send it; null: none
    bool not_now = false;                       // there may be one, but the CA can't tell
  };

  explicit NextCa(const sdk::Host& host) : host_(host) {}

  // May block: asks the CA.
  Told look();

 private:
  sdk::Host host_;
  std::mutex mutex_;  // guards the two below
  Told told_;
  std::chrono::steady_clock::time_point asked_;
};

}  // namespace certspan::scep
