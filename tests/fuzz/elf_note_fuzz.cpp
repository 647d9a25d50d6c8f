// What a directory of plugins may hold: any file at all.
#include "host/loading/elf_note.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto note = certspan::read_plugin_note({data, size});
  if (note && note->id.size() > size) __builtin_trap();
  return 0;
}
