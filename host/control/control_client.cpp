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
  if (!send_line(connection, request.dump())) {
    return fail(Outcome::Unknown, "control.no_answer", "the host closed its control socket");
  }
  const auto line = receive_line(connection, rest, kLongestAnswer);
  if (!line) return fail(Outcome::Unknown, "control.no_answer", "the host gave no answer in time");
  const auto answer = nlohmann::json::parse(*line, nullptr, false);
  if (!answer.is_object())
    return fail(Outcome::Internal, "control.no_answer", "the host's answer is no JSON object");
  if (answer.value("ok", false)) return answer.value("result", nlohmann::json::object());
  const auto error = answer.value("error", nlohmann::json::object());
  return fail(Outcome::Rejected, error.value("code", std::string("control.no_answer")),
              error.value("message", std::string("the host refused without saying why")));
}

}  // namespace certspan
