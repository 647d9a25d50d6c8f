#include "host/app/host_link.hpp"

#include "host/app/journal_access.hpp"
#include "host/app/work_queries.hpp"
#include "host/base/clock.hpp"
#include "host/config/load_config.hpp"
#include "host/control/control_client.hpp"

namespace certspan {

Result<Config> config_for_people(const std::filesystem::path& file) {
  Faults faults(file.string());
  auto config = load_config(file, faults);
  if (!config) {
    return fail(Outcome::Invalid, "config.unreadable",
                "can't tell where the host is from \"" + file.string() + "\":\n" + faults.to_text());
  }
  return std::move(*config);
}

std::filesystem::path control_socket(const Config& config) {
  return config.host.control.socket;
}

Result<nlohmann::json> ask_host(const Config& config, std::string_view command,
                                const nlohmann::json& arguments, std::chrono::milliseconds timeout) {
  return call_host(control_socket(config), command, arguments, timeout);
}

Result<nlohmann::json> ask_work(const Config& config, std::string_view command,
                                const nlohmann::json& arguments) {
  auto answer = ask_host(config, command, arguments);
  if (answer || answer.error().code != "control.no_host") return answer;
  const SystemClock clock;
  CERTSPAN_TRY(const auto journal, open_offline(config, Offline::Read, clock));
  return answer_work_query(*journal, command, arguments);
}

}  // namespace certspan
