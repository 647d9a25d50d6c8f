#include "plugins/ndes/challenge/challenge_record.hpp"

#include <nlohmann/json.hpp>

#include "plugins/ndes/json_settings.hpp"

namespace certspan::scep {

std::string encode_record(const ChallengeRecord& record) {
  nlohmann::json json = {{"endpoint", record.binding.endpoint},
                         {"profile", record.binding.profile},
                         {"subject", record.binding.subject},
                         {"expires_ms", record.expires_ms},
                         {"used_by", record.used_by}};
  if (!record.device.empty()) json["device"] = record.device;
  if (record.binding.san) json["san"] = *record.binding.san;
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::optional<ChallengeRecord> decode_record(pki::BytesView bytes) {
  const JsonSettings json(pki::as_text(bytes));
  if (!json.has("/expires_ms")) return std::nullopt;
  ChallengeRecord record;
  record.binding.endpoint = json.text("/endpoint");
  record.binding.profile = json.text("/profile");
  record.binding.subject = json.text("/subject");
  record.device = json.text("/device");
  if (json.has("/san")) record.binding.san = json.texts("/san");
  record.expires_ms = json.number("/expires_ms", 0);
  record.used_by = json.text("/used_by");
  return record;
}

}  // namespace certspan::scep
