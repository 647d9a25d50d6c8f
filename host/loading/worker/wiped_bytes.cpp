#include "host/loading/worker/wiped_bytes.hpp"

#include <string.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

namespace certspan::worker {
namespace {

/// Of each piece: a packet, with what stands in front of it.
constexpr std::size_t kPiece = 66UL * 1024;

using Piece = std::unique_ptr<std::uint8_t[]>;

/// The pieces that a thread keeps: a call has a question, an answer and what was received under way.
class Spare {
 public:
  Piece take() {
    return count_ == 0 ? std::make_unique_for_overwrite<std::uint8_t[]>(kPiece)
                       : std::move(pieces_[--count_]);
  }
  void keep(Piece piece) {
    if (count_ < pieces_.size()) pieces_[count_++] = std::move(piece);
  }

 private:
  std::array<Piece, 4> pieces_;
  std::size_t count_ = 0;
};

Spare& spare() {
  thread_local Spare own;
  return own;
}

}  // namespace

WipedBytes::~WipedBytes() {
  give_back();
}

WipedBytes::WipedBytes(WipedBytes&& other) noexcept
    : data_(std::move(other.data_)),
      size_(std::exchange(other.size_, 0)),
      capacity_(std::exchange(other.capacity_, 0)) {}

std::uint8_t* WipedBytes::room(std::size_t size) {
  clear();
  if (size > capacity_) {
    give_back();
    data_ = size <= kPiece ? spare().take() : std::make_unique_for_overwrite<std::uint8_t[]>(size);
    capacity_ = std::max(size, kPiece);
  }
  size_ = size;
  return data_.get();
}

void WipedBytes::append(const void* data, std::size_t size) {
  if (size == 0) return;
  if (size_ + size > capacity_) {
    WipedBytes larger;
    larger.room(size_ == 0 ? size : (size_ + size) * 2);
    larger.size_ = size_;
    if (size_ != 0) std::memcpy(larger.data_.get(), data_.get(), size_);
    std::swap(data_, larger.data_);
    std::swap(capacity_, larger.capacity_);
  }
  std::memcpy(data_.get() + size_, data, size);
  size_ += size;
}

void WipedBytes::clear() {
  if (size_ != 0) ::explicit_bzero(data_.get(), size_);
  size_ = 0;
}

void WipedBytes::give_back() {
  clear();
  if (capacity_ == kPiece) spare().keep(std::move(data_));
  data_.reset();
  capacity_ = 0;
}

}  // namespace certspan::worker
