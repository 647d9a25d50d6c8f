#include "plugins/common/connector/own_status.hpp"

#include <nlohmann/json.hpp>

#include "plugins/common/pki/name.hpp"

namespace certspan::connector {

void watch_end(nlohmann::json& status, std::string_view kind, const pki::Certificate& certificate) {
  status["ends"].push_back({{"kind", kind},
                            {"name", pki::printable_name(certificate.subject())},
                            {"at", certificate.not_after()}});
}

std::string status_text(const nlohmann::json& status) {
  return status.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace certspan::connector
