#pragma once

#include <filesystem>
#include <string_view>

#include <nlohmann/json.hpp>

#include "host/base/result.hpp"

namespace certspan {

struct ControlClient {
  static Result<nlohmann::json> call(const std::filesystem::path& socket, std::string_view, const nlohmann::json&) {
    return fail(Outcome::Unavailable, "control.no_host", "no host listens on \"" + socket.string() + "\"");
  }
};

}  // namespace certspan
