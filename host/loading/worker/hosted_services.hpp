#pragma once

#include <array>
#include <cstddef>

#include <certspan/abi/plugin.h>

#include "host/loading/worker/host_line.hpp"

namespace certspan::worker {

/// The worker's side: the host as the plugin sees it, whose services send each call over to the real one. One
/// in a process, for one connector.
class HostedServices {
 public:
  static constexpr std::size_t kServices = 8;

  /// The facts outlive it.
  explicit HostedServices(const HostFacts& facts);
  HostedServices(const HostedServices&) = delete;
  HostedServices& operator=(const HostedServices&) = delete;

  /// Which services the real host has, as the call `create` tells.
  void read_offered(FrameReader& frame);
  const certspan_host* host() const { return &host_; }
  const HostFacts& facts() const { return facts_; }

 private:
  static const void* find(void* context, const char* id) noexcept;

  const HostFacts& facts_;
  certspan_host host_{};
  std::array<bool, kServices> offered_{};
};

}  // namespace certspan::worker
