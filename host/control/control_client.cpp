#include "host/control/control_client.hpp"

#include "host/control/unix_socket.hpp"

namespace certspan {
namespace {

constexpr std::size_t kLongestAnswer = std::size_t{64} << 20;

}  // namespace

Result<nlohmann::json> call_host(const std::filesystem::path& socket, std::string_view command,
                                 const nlohmann::json& arguments, std::chrono::milliseconds timeout) {
  CERTSPAN_TRY(const FileDescriptor connection, connect_to(socket, timeout));
  const nlohmann::json request = {{"command", command}, {"arguments", arguments}};
  std::string rest;
  // A host that refuses a request before its end has still said why.
  send_line(connection, request.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
  const auto line = receive_line(connection, rest, kLongestAnswer);
  if (!line) return fail(Outcome::Unknown, "control.no_answer", "the host gave no answer in time");
  const auto answer = nlohmann::json::parse(*line, nullptr, false);
  if (!answer.is_object())
    return fail(Outcome::Internal, "control.no_answer", "the host's answer is no JSON object");
  if (answer.value("ok", false)) return answer.value("result", nlohmann::json::object());
  const auto error = answer.value("error", nlohmann::json::object());
  const auto outcome = outcome_from_string(error.value("outcome", std::string()));
  return fail(outcome.value_or(Outcome::Rejected), error.value("code", std::string("control.no_answer")),
              error.value("message", std::string("the host refused without saying why")));
}

}  // namespace certspan
