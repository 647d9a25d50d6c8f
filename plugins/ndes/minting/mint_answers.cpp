#include "plugins/ndes/minting/mint_answers.hpp"

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "plugins/common/connector/duration.hpp"
#include "plugins/ndes/minting/ndes_page.hpp"

namespace certspan::scep {
namespace {

constexpr std::string_view kJson = "application/json";

// Nobody on the way keeps a challenge.
std::vector<sdk::Label> uncached(std::span<const sdk::Label> others = {}) {
  std::vector<sdk::Label> fields(others.begin(), others.end());
  fields.push_back({"Cache-Control", "no-store"});
  return fields;
}

std::string dump_line(const nlohmann::json& json) {
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

}  // namespace

void respond_fault(sdk::Exchange& exchange, const ApiFault& fault) {
  nlohmann::json error = {{"code", fault.code}, {"message", fault.message}};
  if (!fault.pointer.empty()) error["at"] = fault.pointer;
  const std::string body = dump_line({{"error", std::move(error)}});
  const auto fields = uncached(fault.fields);
  exchange.respond({.status = fault.status,
                    .content_type = kJson,
                    .body = sdk::bytes_of(body),
                    .retry_after_s = fault.retry_after_s,
                    .fields = fields});
}

void respond_minted(sdk::Exchange& exchange, const MintedChallenge& minted, const ChallengeBinding& binding) {
  nlohmann::json json = {{"challenge", minted.challenge},
                         {"id", minted.id},
                         {"expires", connector::format_utc(minted.expires_ms / 1000)},
                         {"profile", binding.profile}};
  if (!binding.endpoint.empty()) json["endpoint"] = binding.endpoint;
  std::string body = dump_line(json);
  const auto fields = uncached();
  exchange.respond({.status = 201, .content_type = kJson, .body = sdk::bytes_of(body), .fields = fields});
  auto& copy = json["challenge"].get_ref<std::string&>();
  pki::wipe(copy.data(), copy.size());
  pki::wipe(body.data(), body.size());
}

void respond_page(sdk::Exchange& exchange, pki::Bytes page) {
  const auto fields = uncached();
  exchange.respond({.status = 200, .content_type = kPageType, .body = page, .fields = fields});
  pki::wipe(page.data(), page.size());
}

void respond_line(sdk::Exchange& exchange, std::uint32_t status, std::string_view line,
                  std::uint32_t retry_after_s, std::span<const sdk::Label> others) {
  const std::string body = std::string(line) + "\n";
  const auto fields = uncached(others);
  exchange.respond({.status = status,
                    .content_type = "text/plain",
                    .body = sdk::bytes_of(body),
                    .retry_after_s = retry_after_s,
                    .fields = fields});
}

}  // namespace certspan::scep
