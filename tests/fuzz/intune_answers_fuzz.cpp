// What Intune, Graph and the token endpoint answer, or whoever stands in their place: reading ends; what is
// read keeps its bounds, and a yes is one word alone.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "plugins/intune/revocation_orders/orders.hpp"
#include "plugins/intune/scep_validator/scep_answer.hpp"
#include "plugins/intune/service/answers.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace certspan::intune;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto token = read_token_answer(text);
  if (token && (token->lasts < std::chrono::seconds(1) || token->lasts > std::chrono::hours(24)))
    std::abort();
  if (token && token->authorization.size() > size + 8) std::abort();
  const auto page = read_discovery_page(text);
  if (page && page->services.size() > size) std::abort();
  if (read_service_error(text).size() > 200) std::abort();
  read_token_refusal(text);
  const auto orders = read_orders(text);
  for (const RevocationOrder& order : orders.value_or(std::vector<RevocationOrder>())) {
    if (order.context.empty() || order.serial.size() > 128) std::abort();
    if (!order.item.empty() && !order.item.starts_with("w-")) std::abort();
  }
  if (took_results(text) && text.find("true") == std::string_view::npos) std::abort();
  const auto word = read_scep_answer(text);
  if (!word) return 0;
  if (word->said.size() > 200 || word->code.empty()) std::abort();
  if (word->is_yes() && text.find("Success") == std::string_view::npos &&
      text.find('\\') == std::string_view::npos)
    std::abort();
  if (!word->is_yes() && refusal_of(*word, "a").outcome() == certspan::sdk::Outcome::Ok) std::abort();
  return 0;
}
