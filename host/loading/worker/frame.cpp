#include "host/loading/worker/frame.hpp"

#include <string.h>

namespace certspan::worker {

FrameWriter::FrameWriter(FrameKind kind, std::uint8_t operation) {
  octets_.reserve(8192);
  octets_.push_back(static_cast<std::uint8_t>(kind));
  octets_.push_back(operation);
}

FrameWriter::~FrameWriter() {
  if (!octets_.empty()) ::explicit_bzero(octets_.data(), octets_.size());
}

void FrameWriter::append(const void* data, std::size_t size) {
  const auto* from = static_cast<const std::uint8_t*>(data);
  if (octets_.size() + size > octets_.capacity()) {
    // Not left to the vector, which would free the old octets unwiped.
    Bytes larger;
    larger.reserve((octets_.size() + size) * 2);
    larger.assign(octets_.begin(), octets_.end());
    ::explicit_bzero(octets_.data(), octets_.size());
    octets_ = std::move(larger);
  }
  octets_.insert(octets_.end(), from, from + size);
}

void FrameWriter::octets(const void* data, std::uint64_t size) {
  if (data == nullptr) size = 0;
  number(size);
  append(data, size);
}

FrameReader::FrameReader(BytesView frame)
    : rest_(frame),
      kind_(static_cast<FrameKind>(number<std::uint8_t>())),
      operation_(number<std::uint8_t>()) {}

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

}  // namespace certspan::worker
