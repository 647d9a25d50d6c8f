#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "host/app/swap_desk.hpp"

namespace certspan {

/// A plugin's next version, verified and not yet started.
struct SwapDesk::Candidate {
  std::string plugin;
  PluginPair next;
  PluginVersion before;
  PluginVersion after;
  std::string directory_sha256;  ///< of the file in the plugin's directory
};

/// What a swap builds on, as it was when the swap began.
struct SwapDesk::Plan {
  std::vector<std::string> plugins;  ///< of the orders, in their order
  std::vector<PluginPair> now;
  VersionBook book;
};

/// Versions that serve and may yet be taken back, with those that they replaced.
struct SwapDesk::Trial {
  /// Calls that say something; after so few a probation goes on for longer.
  static constexpr std::uint64_t kEnoughCalls = 20;
  static constexpr int kLongest = 12;  ///< probations
  /// Faults that are no accident, and the part of all calls that they make beyond what the version before
  /// had.
  static constexpr std::uint64_t kFaults = 3;
  static constexpr double kFaultRatio = 0.05;

  std::vector<Cohort> before;  ///< ready to take over again
  std::vector<std::string> plugins;
  SwapTerms terms;
  std::chrono::steady_clock::time_point began;
  WallMs began_at = 0;

  struct Count {
    std::uint64_t calls = 0;
    std::uint64_t faults = 0;
  };
  /// Of the versions that serve.
  Count count(const Deployment& deployment) const;
  bool is_over(const Deployment& deployment, std::chrono::steady_clock::time_point now) const;
  /// What speaks against `plugin`'s new version; empty: nothing does.
  std::string fault_of(const Deployment& deployment, std::size_t plugin) const;
};

}  // namespace certspan
