// A work item's row, which a damaged disk may hold in any shape.
#include "host/journal/item_codec.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace certspan;
  WorkItem secrets;
  static_cast<void>(decode_secrets({data, size}, secrets));
  WorkItem item;
  item.state = ItemState::Pending;
  if (!decode_item({data, size}, item)) return 0;
  // What was read is written so that it reads the same.
  const Bytes written = encode_item(item);
  WorkItem again;
  again.state = ItemState::Pending;
  if (!decode_item(written, again) || encode_item(again) != written) __builtin_trap();
  return 0;
}
