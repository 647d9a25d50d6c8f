#include "host/app/ending.hpp"

#include <algorithm>
#include <map>
#include <utility>

namespace certspan {
namespace {

constexpr std::int64_t kDay = 86'400;
constexpr std::size_t kLongestKind = 32;
constexpr std::size_t kLongestName = 256;
/// The year 9999, where certificates without an end have theirs (RFC 5280, 4.1.2.5).
constexpr std::int64_t kNever = 253'402'300'800;

bool is_kind(const std::string& text) {
  return !text.empty() && text.size() <= kLongestKind &&
         std::ranges::all_of(text, [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; });
}

bool is_name(const std::string& text) {
  return !text.empty() && text.size() <= kLongestName &&
         std::ranges::none_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

bool is_ending(const nlohmann::json& row) {
  if (!row.is_object() || !row.contains("kind") || !row.contains("name") || !row.contains("at")) return false;
  if (!row["kind"].is_string() || !row["name"].is_string() || !row["at"].is_number_integer()) return false;
  const auto at = row["at"].get<std::int64_t>();
  return is_kind(row["kind"]) && is_name(row["name"]) && at > 0 && at < kNever;
}

}  // namespace

Nearness nearness(std::int64_t ends_at, std::int64_t now) {
  static constexpr std::pair<std::int64_t, Nearness> kSteps[] = {{0, Nearness::Over},
                                                                 {kDay, Nearness::In1Day},
                                                                 {7 * kDay, Nearness::In7Days},
                                                                 {14 * kDay, Nearness::In14Days},
                                                                 {30 * kDay, Nearness::In30Days},
                                                                 {60 * kDay, Nearness::In60Days}};
  for (const auto& [left, step] : kSteps) {
    if (ends_at - now <= left) return step;
  }
  return Nearness::Far;
}

std::int64_t days_left(std::int64_t ends_at, std::int64_t now) {
  const std::int64_t left = ends_at - now;
  return left >= 0 ? left / kDay : -((-left + kDay - 1) / kDay);
}

nlohmann::json read_ends(const nlohmann::json& told) {
  nlohmann::json ends = nlohmann::json::array();
  if (!told.is_array()) return ends;
  for (const auto& row : told) {
    if (ends.size() == kMostEnds) break;
    if (is_ending(row)) ends.push_back({{"kind", row["kind"]}, {"name", row["name"]}, {"at", row["at"]}});
  }
  return ends;
}

std::vector<Ending> endings_of(const nlohmann::json& status) {
  std::map<std::pair<std::string, std::string>, std::int64_t> nearest;
  const auto take = [&](std::string kind, std::string name, std::int64_t at) {
    const auto [known, fresh] = nearest.emplace(std::pair(std::move(kind), std::move(name)), at);
    if (!fresh) known->second = std::min(known->second, at);
  };
  for (const auto& listener : status.value("listeners", nlohmann::json::array())) {
    if (listener.contains("certificate_ends")) {
      take("tls", "listeners/" + listener.value("name", std::string()),
           listener.value("certificate_ends", std::int64_t{0}));
    }
  }
  for (const auto& connector : status.value("connectors", nlohmann::json::array())) {
    for (const auto& end : read_ends(connector.value("ends", nlohmann::json::array()))) {
      take(end["kind"], connector.value("name", std::string()) + "/" + end["name"].get<std::string>(),
           end["at"]);
    }
  }
  std::vector<Ending> endings;
  endings.reserve(nearest.size());
  for (const auto& [key, at] : nearest) endings.push_back({key.first, key.second, at});
  std::ranges::stable_sort(endings, {}, &Ending::at);
  return endings;
}

}  // namespace certspan
