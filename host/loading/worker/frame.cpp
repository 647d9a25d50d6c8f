#include "host/loading/worker/frame.hpp"

namespace certspan::worker {

FrameWriter::FrameWriter(FrameKind kind, std::uint8_t operation) {
  number(static_cast<std::uint8_t>(kind));
  number(operation);
  number(std::uint64_t{0});
}

void FrameWriter::octets(const void* data, std::uint64_t size) {
  if (data == nullptr) size = 0;
  number(size);
  octets_.append(data, size);
}

FrameReader::FrameReader(BytesView frame)
    : rest_(frame),
      kind_(static_cast<FrameKind>(number<std::uint8_t>())),
      operation_(number<std::uint8_t>()),
      ahead_(bytes()) {}

BytesView FrameReader::bytes() {
  const auto size = number<std::uint64_t>();
  const std::uint8_t* from = take(size);
  return from == nullptr ? BytesView() : BytesView(from, size);
}

const std::uint8_t* FrameReader::take(std::uint64_t size) {
  if (!good_ || size > rest_.size()) {
    good_ = false;
    return nullptr;
  }
  const std::uint8_t* from = rest_.data();
  rest_ = rest_.subspan(size);
  return from;
}

bool FrameReader::fits(std::uint64_t count) {
  if (good_ && count <= rest_.size() / sizeof(std::uint64_t)) return true;
  good_ = false;
  return false;
}

void add_frame(WipedBytes& ahead, BytesView frame) {
  const std::uint64_t size = frame.size();
  ahead.append(&size, sizeof(size));
  ahead.append(frame.data(), frame.size());
}

}  // namespace certspan::worker
