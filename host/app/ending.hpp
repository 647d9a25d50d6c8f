#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace certspan {

/// Something that ends by itself and that somebody has to renew: a certificate of an RA, a CA or a listener,
/// a plugin's credential.
struct Ending {
  std::string kind;     ///< "ra", "ca", "tls" or a plugin's own word
  std::string name;     ///< "<connector>/<its own name>", "listeners/<name>"
  std::int64_t at = 0;  ///< seconds since 1970
};

/// How near an end is. The values rise.
enum class Nearness : std::uint8_t { Far, In60Days, In30Days, In14Days, In7Days, In1Day, Over };

Nearness nearness(std::int64_t ends_at, std::int64_t now);
/// Whole days, rounded down; negative when it is over.
std::int64_t days_left(std::int64_t ends_at, std::int64_t now);

/// What fits of a connector's own word: an array of {"kind", "name", "at"}, at most kMostEnds of them. What a
/// plugin says wrongly is left out.
nlohmann::json read_ends(const nlohmann::json& told);
inline constexpr std::size_t kMostEnds = 64;

/// All endings in the status of a host, the nearest first. What has the same kind and name counts once, with
/// the nearest end.
std::vector<Ending> endings_of(const nlohmann::json& status);

}  // namespace certspan
