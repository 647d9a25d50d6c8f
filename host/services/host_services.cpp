#include "host/services/host_services.hpp"

#include <array>
#include <string_view>
#include <utility>

namespace certspan {
namespace {

const void* find_service(void*, const char* id) noexcept {
  static constexpr std::array<std::pair<std::string_view, const void*>, 8> kServices = {{
      {CERTSPAN_SERVICE_LOG, &kLogService},
      {CERTSPAN_SERVICE_CLOCK, &kClockService},
      {CERTSPAN_SERVICE_SECRETS, &kSecretsService},
      {CERTSPAN_SERVICE_STORE, &kStoreService},
      {CERTSPAN_SERVICE_HTTP_IN, &kHttpInService},
      {CERTSPAN_SERVICE_HTTP_OUT, &kHttpOutService},
      {CERTSPAN_SERVICE_SUBMIT, &kSubmitService},
      {CERTSPAN_SERVICE_ISSUERS, &kIssuersService},
  }};
  if (id == nullptr) return nullptr;
  for (const auto& [name, table] : kServices) {
    if (name == id) return table;
  }
  return nullptr;
}

}  // namespace

HostServices::HostServices(std::string connector, const ServiceBackends& backends)
    : connector_(std::move(connector)), backends_(backends), host_{} {
  host_.struct_size = sizeof(host_);
  host_.abi_major = CERTSPAN_ABI_MAJOR;
  host_.abi_minor = CERTSPAN_ABI_MINOR;
  host_.abi_build = CERTSPAN_ABI_BUILD;
  host_.context = this;
  host_.service = &find_service;
}

}  // namespace certspan
