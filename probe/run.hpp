#pragma once

#include <optional>
#include <vector>

#include "probe/certificate_checks.hpp"
#include "probe/options.hpp"

namespace certspan::scep_probe {

struct Step {
  std::string name;
  std::chrono::duration<double, std::milli> time;
  bool good = false;
};

/// What one probe found.
struct Finding {
  std::vector<Step> steps;  ///< those that began, in order
  std::string capabilities;
  std::optional<IssuedCertificate> certificate;
  std::optional<Failure> failure;  ///< of the last step

  bool works() const { return !failure; }
};

/// Asks the endpoint as a device does, one step after the other, until one fails.
Finding run(const Options& options);

}  // namespace certspan::scep_probe
