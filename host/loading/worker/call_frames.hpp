#pragma once

#include <certspan/abi/base.h>
#include <certspan/abi/role_issuer.h>
#include <certspan/abi/work_item.h>

#include "host/loading/worker/frame.hpp"

namespace certspan::worker {

// How the contract's sinks cross over: any number of parts, each behind a 1, then a 0 and the outcome of the
// call. Written on the side of the one who fills the sink, read on the side of the one who has it.

/// Writes parts. Borrows the frame.
class PartWriter {
 public:
  explicit PartWriter(FrameWriter& frame) : frame_(frame) {}
  /// For the fields of the next part.
  FrameWriter& next() {
    frame_.number(std::uint8_t{1});
    return frame_;
  }
  void end(certspan_outcome outcome) {
    frame_.number(std::uint8_t{0});
    frame_.number(outcome);
  }

 private:
  FrameWriter& frame_;
};

/// Reads parts: `part` reads the fields of each, and has to look whether they were whole. What is no such
/// frame gives Internal.
template <typename Part>
certspan_outcome read_parts(FrameReader& frame, const Part& part) {
  while (frame.number<std::uint8_t>() != 0) part(frame);
  const auto outcome = frame.number<certspan_outcome>();
  return frame.good() ? outcome : CERTSPAN_INTERNAL;
}

/// Sinks that write what they get as parts. They don't move, for `sink` points back.
class FaultWriter : public PartWriter {
 public:
  explicit FaultWriter(FrameWriter& frame);
  FaultWriter(const FaultWriter&) = delete;
  FaultWriter& operator=(const FaultWriter&) = delete;
  const certspan_fault_sink* sink() const { return &sink_; }
  void add(std::string_view message);

 private:
  std::size_t count_ = 0;
  certspan_fault_sink sink_{};
};

class ChainWriter : public PartWriter {
 public:
  explicit ChainWriter(FrameWriter& frame);
  ChainWriter(const ChainWriter&) = delete;
  ChainWriter& operator=(const ChainWriter&) = delete;
  const certspan_chain_sink* sink() const { return &sink_; }

 private:
  certspan_chain_sink sink_{};
};

class FoundWriter : public PartWriter {
 public:
  explicit FoundWriter(FrameWriter& frame);
  FoundWriter(const FoundWriter&) = delete;
  FoundWriter& operator=(const FoundWriter&) = delete;
  const certspan_find_sink* sink() const { return &sink_; }

 private:
  certspan_find_sink sink_{};
};

class ValueWriter : public PartWriter {
 public:
  explicit ValueWriter(FrameWriter& frame);
  ValueWriter(const ValueWriter&) = delete;
  ValueWriter& operator=(const ValueWriter&) = delete;
  const certspan_bytes_sink* sink() const { return &sink_; }

 private:
  certspan_bytes_sink sink_{};
};

/// What those wrote, into the real sinks. `faults` may be null.
certspan_outcome read_report(FrameReader& frame, const certspan_fault_sink* faults);
certspan_outcome read_chain(FrameReader& frame, const certspan_chain_sink* chain);
certspan_outcome read_found(FrameReader& frame, const certspan_find_sink* found);
certspan_outcome read_value(FrameReader& frame, const certspan_bytes_sink* value);
/// A report, and what an action printed.
certspan_outcome read_action(FrameReader& frame, const certspan_bytes_sink* result,
                             const certspan_fault_sink* faults);

/// In the place of the host's clocks and levels, for a call that has no host.
void write_no_facts(FrameWriter& call);

}  // namespace certspan::worker
