#pragma once

#include <sys/resource.h>

#include <array>
#include <csignal>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace certspan::check {

/// The parts of a process that a plugin must leave as they are (the table in <certspan/abi/plugin.h>).
enum class Part : std::uint8_t { Threads, Descriptors, Signals, Locale, Process, Output };

/// How the process stands now.
struct EnvironmentState {
  std::set<int> threads;
  std::map<int, std::string> descriptors;               ///< number and what it is open on
  std::map<int, std::pair<const void*, int>> handlers;  ///< by signal: function and flags
  std::set<int> blocked;                                ///< signals, on the calling thread
  std::string locale;
  std::string directory;
  std::string umask;
  std::vector<std::string> variables;
  std::array<rlimit, RLIM_NLIMITS> limits;
  std::uint64_t printed = 0;

  static EnvironmentState now();
};

/// What differs in this part, for people; empty: nothing. Threads and descriptors that are gone count as
/// well.
std::string difference(Part part, const EnvironmentState& before, const EnvironmentState& after);

}  // namespace certspan::check
