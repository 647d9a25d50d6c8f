// Actions that make a certificate authority's files: ca.key (0600) and ca.pem (0644) of a directory.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string_view>

#include <nlohmann/json.hpp>

#include "plugins/ca_local/arguments.hpp"
#include "plugins/ca_local/authority.hpp"

namespace certspan::ca_local {

inline constexpr std::string_view kKeyFile = "ca.key";
inline constexpr std::string_view kCertificateFile = "ca.pem";

/// Each answers a JSON object, or nothing after at least one fault.
std::optional<nlohmann::json> create_ca(const Arguments& arguments, std::int64_t now);
std::optional<nlohmann::json> make_ca_request(const Arguments& arguments);
std::optional<nlohmann::json> import_ca(const Arguments& arguments, std::int64_t now);

/// A CA from its two files.
pki::Result<Authority> load_authority(const std::filesystem::path& certificate_file,
                                      const std::filesystem::path& key_file, std::int64_t now);
/// With a key that was opened already.
pki::Result<Authority> load_authority(const std::filesystem::path& certificate_file, pki::PrivateKey key,
                                      std::int64_t now);

}  // namespace certspan::ca_local
