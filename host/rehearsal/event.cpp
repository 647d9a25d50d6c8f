#include "host/rehearsal/event.hpp"

#include <nlohmann/json.hpp>

namespace certspan {
namespace {

using Json = nlohmann::json;

void write(Json& json, const CallEvent& event) {
  json["call"] = event.call;
  json["connector"] = event.connector;
  if (event.outcome) json["outcome"] = static_cast<std::int32_t>(*event.outcome);
  json["code"] = event.code;
  json["took"] = event.took.count();
  if (event.answer) json["answer"] = *event.answer;
}

void write(Json& json, const ToldEvent& event) {
  json["told"] = event.what;
}

void write(Json& json, const EndEvent& event) {
  json["state"] = event.state;
  json["code"] = event.code;
  json["reason"] = event.reason;
  json["issuer"] = event.issuer;
  json["pipeline"] = event.pipeline;
}

CallEvent read_call(const Json& json) {
  CallEvent event;
  event.call = json.at("call").get<std::string>();
  event.connector = json.at("connector").get<std::string>();
  if (json.contains("outcome")) event.outcome = outcome_from_abi(json.at("outcome").get<std::int32_t>());
  event.code = json.at("code").get<std::string>();
  event.took = std::chrono::milliseconds(json.at("took").get<std::int64_t>());
  if (json.contains("answer")) event.answer = json.at("answer").get<std::size_t>();
  return event;
}

EndEvent read_end(const Json& json) {
  return {json.at("state").get<std::string>(), json.at("code").get<std::string>(),
          json.at("reason").get<std::string>(), json.at("issuer").get<std::string>(),
          json.at("pipeline").get<std::string>()};
}

}  // namespace

std::string Event::to_line() const {
  Json json = {{"at", at.count()}};
  std::visit([&](const auto& one) { write(json, one); }, what);
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

Result<Event> Event::from_line(const std::string& line) {
  try {
    const Json json = Json::parse(line);
    Event event;
    event.at = std::chrono::milliseconds(json.at("at").get<std::int64_t>());
    if (json.contains("told")) {
      event.what = ToldEvent{json.at("told").get<std::string>()};
    } else if (json.contains("call")) {
      event.what = read_call(json);
    } else {
      event.what = read_end(json);
    }
    return event;
  } catch (const Json::exception& exception) {
    return fail(Outcome::Internal, "rehearsal.event", std::string("no event: ") + exception.what());
  }
}

}  // namespace certspan
