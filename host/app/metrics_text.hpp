#pragma once

#include <cstdint>
#include <string>

#include <nlohmann/json.hpp>

namespace certspan {

/// The content type of Prometheus's text format, version 0.0.4.
inline constexpr const char* kMetricsType = "text/plain; version=0.0.4; charset=utf-8";

/// What a host's status says, as metrics. `now`: seconds since 1970.
std::string metrics_text(const nlohmann::json& status, std::int64_t now);

}  // namespace certspan
