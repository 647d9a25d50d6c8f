#include "sdk/tools/plugin_check/check_host.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <new>

namespace certspan::check {
namespace {

constexpr std::size_t kLongerBy = 64;
constexpr unsigned char kGarbage = 0xA5;

}  // namespace

ShapedStructs::~ShapedStructs() {
  for (const auto& [start, size] : mappings_) ::munmap(start, size);
}

const void* ShapedStructs::copy_raw(const void* original, std::size_t size) {
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  void* memory = ::mmap(nullptr, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  {
    const std::lock_guard lock(mutex_);
    mappings_.emplace_back(memory, 2 * page);
  }
  auto* bytes = static_cast<unsigned char*>(memory);
  if (shape_ == Shape::Exact) {
    ::mprotect(bytes + page, page, PROT_NONE);
    bytes += page - size;
    std::memcpy(bytes, original, size);
    return bytes;
  }
  std::memset(bytes, kGarbage, page);
  std::memcpy(bytes, original, size);
  if (shape_ == Shape::Larger) {
    const auto said = static_cast<std::uint32_t>(size + kLongerBy);
    std::memcpy(bytes, &said, sizeof(said));
  }
  return bytes;
}

CheckHost::CheckHost(const Sample& sample, Shape shape)
    : ca(sample.rules),
      shape_(shape),
      structs_(shape),
      host_(shape == Shape::Plain ? FakeHost::c_host() : shaped_host()) {
  secrets = sample.secrets;
  http_out.world = [this](const sdk::testing::RecordedHttpOut& request) { return ca.answer(request); };
}

const certspan_host* CheckHost::shaped_host() {
  certspan_host shaped = *c_host();
  // The fake's own functions take the fake as their context.
  shaped.context = static_cast<FakeHost*>(this);
  shaped.service = &shaped_service;
  return static_cast<const certspan_host*>(structs_.copy_raw(&shaped, sizeof(shaped)));
}

const void* CheckHost::shaped_service(void* context, const char* id) noexcept {
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-static-cast-downcast): the context of shaped_host
  auto& self = static_cast<CheckHost&>(*static_cast<FakeHost*>(context));
  const void* table = self.c_host()->service(context, id);
  if (table == nullptr) return nullptr;
  const std::lock_guard lock(self.tables_mutex_);
  const void*& shaped = self.tables_[id];
  std::uint32_t size = 0;
  std::memcpy(&size, table, sizeof(size));
  if (shaped == nullptr) shaped = self.structs_.copy_raw(table, size);
  return shaped;
}

}  // namespace certspan::check
