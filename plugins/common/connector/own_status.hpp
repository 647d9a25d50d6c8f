// What a connector's action `status` answers: {"about": "...", "trouble": "...", "ends": [...]}.
#pragma once

#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "plugins/common/pki/certificate.hpp"

namespace certspan::connector {

/// Has the host watch when the certificate ends; `kind` is "ca", "ra" or a word like them.
void watch_end(nlohmann::json& status, std::string_view kind, const pki::Certificate& certificate);

std::string status_text(const nlohmann::json& status);

}  // namespace certspan::connector
