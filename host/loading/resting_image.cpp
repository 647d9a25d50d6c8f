#include "host/loading/resting_image.hpp"

#include <link.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <span>

namespace certspan {
namespace {

struct Range {
  std::uintptr_t begin;
  std::uintptr_t end;
};

Range range_of(const dl_phdr_info& image, const ElfW(Phdr) & segment) {
  const std::uintptr_t begin = image.dlpi_addr + segment.p_vaddr;
  return {begin, begin + segment.p_memsz};
}

bool holds(const dl_phdr_info& image, std::span<const ElfW(Phdr)> segments, std::uintptr_t address) {
  for (const ElfW(Phdr) & segment : segments) {
    const Range range = range_of(image, segment);
    if (segment.p_type == PT_LOAD && range.begin <= address && address < range.end) return true;
  }
  return false;
}

/// What may be written holds relocations and variables; the rest is as the file says. The program itself
/// has an empty name.
int rest_if_it_holds(dl_phdr_info* image, std::size_t /*size*/, void* address) {
  const std::span<const ElfW(Phdr)> segments(image->dlpi_phdr, image->dlpi_phnum);
  if (!holds(*image, segments, *static_cast<const std::uintptr_t*>(address))) return 0;
  if (image->dlpi_name == nullptr || *image->dlpi_name == '\0') return 1;
  const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  for (const ElfW(Phdr) & segment : segments) {
    if (segment.p_type != PT_LOAD || (segment.p_flags & PF_W) != 0) continue;
    const Range range = range_of(*image, segment);
    const std::uintptr_t begin = range.begin / page * page;
    // The kernel maps whole pages, so the last one is of this segment too.
    const std::uintptr_t end = (range.end + page - 1) / page * page;
    // NOLINTNEXTLINE(performance-no-int-to-ptr): addresses are numbers in these tables
    ::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
  }
  return 1;
}

}  // namespace

void let_image_rest(const void* inside) {
  auto address = reinterpret_cast<std::uintptr_t>(inside);
  ::dl_iterate_phdr(&rest_if_it_holds, &address);
}

}  // namespace certspan
