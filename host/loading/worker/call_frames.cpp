#include "host/loading/worker/call_frames.hpp"

#include "host/loading/abi_limits.hpp"
#include "host/services/abi_views.hpp"

namespace certspan::worker {

FaultWriter::FaultWriter(FrameWriter& frame) : PartWriter(frame) {
  sink_.struct_size = sizeof(sink_);
  sink_.context = this;
  sink_.add = [](void* context, certspan_string_view pointer, certspan_string_view message)
                  CERTSPAN_NOEXCEPT {
                    auto& self = *static_cast<FaultWriter*>(context);
                    if (++self.count_ > abi_limit::kFaults) return;
                    FrameWriter& part = self.next();
                    part.view(pointer);
                    part.view(message);
                  };
}

void FaultWriter::add(std::string_view message) {
  sink_.add(this, {}, to_abi(message));
}

ChainWriter::ChainWriter(FrameWriter& frame) : PartWriter(frame) {
  sink_.struct_size = sizeof(sink_);
  sink_.context = this;
  sink_.add = [](void* context, certspan_string_view issuer, certspan_bytes_view der) CERTSPAN_NOEXCEPT {
    FrameWriter& part = static_cast<ChainWriter*>(context)->next();
    part.view(issuer);
    part.view(der);
  };
}

FoundWriter::FoundWriter(FrameWriter& frame) : PartWriter(frame) {
  sink_.struct_size = sizeof(sink_);
  sink_.context = this;
  sink_.found = [](void* context, certspan_bytes_view der, std::uint32_t state) CERTSPAN_NOEXCEPT {
    FrameWriter& part = static_cast<FoundWriter*>(context)->next();
    part.view(der);
    part.number(state);
  };
}

ValueWriter::ValueWriter(FrameWriter& frame) : PartWriter(frame) {
  sink_.struct_size = sizeof(sink_);
  sink_.context = this;
  sink_.put = [](void* context, certspan_bytes_view value)
                  CERTSPAN_NOEXCEPT { static_cast<ValueWriter*>(context)->next().view(value); };
}

certspan_outcome read_report(FrameReader& frame, const certspan_fault_sink* faults) {
  return read_parts(frame, [&](FrameReader& part) {
    const std::string_view pointer = part.text();
    const std::string_view message = part.text();
    if (faults != nullptr && part.good()) faults->add(faults->context, to_abi(pointer), to_abi(message));
  });
}

certspan_outcome read_chain(FrameReader& frame, const certspan_chain_sink* chain) {
  return read_parts(frame, [&](FrameReader& part) {
    const std::string_view issuer = part.text();
    const auto der = part.octets();
    if (part.good()) chain->add(chain->context, to_abi(issuer), der);
  });
}

certspan_outcome read_found(FrameReader& frame, const certspan_find_sink* found) {
  return read_parts(frame, [&](FrameReader& part) {
    const auto der = part.octets();
    const auto state = part.number<std::uint32_t>();
    if (part.good()) found->found(found->context, der, state);
  });
}

certspan_outcome read_value(FrameReader& frame, const certspan_bytes_sink* value) {
  return read_parts(frame, [&](FrameReader& part) {
    const auto octets = part.octets();
    if (part.good()) value->put(value->context, octets);
  });
}

certspan_outcome read_action(FrameReader& frame, const certspan_bytes_sink* result,
                             const certspan_fault_sink* faults) {
  const certspan_outcome outcome = read_report(frame, faults);
  const BytesView json = frame.bytes();
  if (!frame.complete()) return CERTSPAN_INTERNAL;
  if (!json.empty()) result->put(result->context, to_abi(json));
  return outcome;
}

void write_no_facts(FrameWriter& call) {
  call.number(std::uint64_t{0});
  call.number(std::int64_t{0});
  call.number(std::uint8_t{0});
  call.number(std::uint8_t{0});
}

}  // namespace certspan::worker
