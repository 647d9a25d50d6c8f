#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>

#include "host/journal/journal.hpp"

namespace certspan::bench {

/// How something went that was done again and again.
struct Load {
  double per_second = 0;
  double p50_us = 0;  ///< of one, from its start to its answer
  double p99_us = 0;
  double cpu_us = 0;  ///< of the whole process, for one
};

/// What one commit writes, by its running number.
using MakeTransition = std::function<Transition(std::uint64_t)>;

/// Keeps `in_flight` commits on their way until `count` are answered. Ends the process if one is not
/// committed, since the figures would mean nothing.
Load commit_load(Journal& journal, std::size_t in_flight, std::size_t count, const MakeTransition& make);

/// Appends `block` bytes to a fresh file in `directory` and syncs its data, `count` times: what a durable
/// commit can't be faster than.
Load sync_load(const std::filesystem::path& directory, std::size_t block, std::size_t count);

/// An enrolment at a CA of our own: the finished item and the CA's ledger record in one commit.
Transition local_enrolment(Journal& journal, std::uint64_t number);
/// An item that is accepted and stays open, as before an outside CA is asked.
Transition acceptance(Journal& journal, std::uint64_t number);

}  // namespace certspan::bench
