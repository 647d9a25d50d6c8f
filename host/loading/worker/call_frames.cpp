#include "host/loading/worker/call_frames.hpp"

#include "host/services/abi_views.hpp"

namespace certspan::worker {

void write_no_facts(FrameWriter& call) {
  call.number(std::uint64_t{0});
  call.number(std::int64_t{0});
  call.number(std::uint8_t{0});
}

certspan_outcome read_report(FrameReader& frame, const certspan_fault_sink* faults) {
  while (frame.number<std::uint8_t>() != 0) {
    const std::string_view pointer = frame.text();
    const std::string_view message = frame.text();
    if (faults != nullptr) faults->add(faults->context, to_abi(pointer), to_abi(message));
  }
  const auto outcome = frame.number<certspan_outcome>();
  return frame.good() ? outcome : CERTSPAN_INTERNAL;
}

certspan_outcome read_action(FrameReader& frame, const certspan_bytes_sink* result,
                             const certspan_fault_sink* faults) {
  const certspan_outcome outcome = read_report(frame, faults);
  const BytesView json = frame.bytes();
  if (!frame.complete()) return CERTSPAN_INTERNAL;
  if (!json.empty()) result->put(result->context, to_abi(json));
  return outcome;
}

}  // namespace certspan::worker
