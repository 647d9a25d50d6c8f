#pragma once

#include <filesystem>
#include <string>

#include <nlohmann/json.hpp>

#include "host/app/backup_restore.hpp"
#include "host/backup/manifest.hpp"

namespace certspan {

// What `certspan backup` prints, for programs and for people. Nothing of it is a secret.

nlohmann::json manifest_to_json(const backup::Manifest& manifest);

std::string tell_created(const backup::Manifest& manifest, const std::filesystem::path& out, bool plain);
std::string tell_verified(const backup::Manifest& manifest, WallMs now);
std::string tell_restored(const Restored& restored, const std::filesystem::path& to, bool nothing_lost);

}  // namespace certspan
