#include "host/rehearsal/story.hpp"

#include <optional>

#include <fmt/format.h>

#include "host/config/units.hpp"

namespace certspan {
namespace {

using Json = nlohmann::json;

std::string_view outcome_word(const CallEvent& call) {
  return call.outcome ? to_string(*call.outcome) : "crash";
}

std::string with_code(std::string text, const std::string& code) {
  return code.empty() ? text : fmt::format("{} [{}]", text, code);
}

/// What a call's line says behind its time; nothing if it is not worth one.
std::optional<std::string> call_line(const CallEvent& call) {
  if (call.call.starts_with("check_") && call.outcome == Outcome::Ok) return std::nullopt;
  std::string line = fmt::format("{:<28} {}", call.call + " " + call.connector, outcome_word(call));
  line = with_code(std::move(line), call.code);
  if (call.took.count() > 0) line += fmt::format(", after {}", format_duration(call.took));
  if (!call.outcome) line += "; the host is started again";
  return line;
}

std::string end_line(const EndEvent& end) {
  std::string line = end.state;
  if (!end.pipeline.empty()) line += fmt::format(" by pipeline \"{}\"", end.pipeline);
  line = with_code(std::move(line), end.code);
  if (!end.reason.empty()) line += ": " + end.reason;
  return line;
}

std::optional<std::string> line_of(const Event& event) {
  if (const auto* call = std::get_if<CallEvent>(&event.what)) return call_line(*call);
  if (const auto* told = std::get_if<ToldEvent>(&event.what)) return "the device is told: " + told->what;
  return end_line(std::get<EndEvent>(event.what));
}

/// Gathers lines; equal ones in a row are counted.
class Lines {
 public:
  void add(std::chrono::milliseconds at, std::string line) {
    if (line == last_) {
      ++repeats_;
      last_at_ = at;
      return;
    }
    close_row();
    text_ += fmt::format("  {:>10}  {}\n", "+" + format_duration(at), line);
    last_ = std::move(line);
  }
  std::string take() {
    close_row();
    return std::move(text_);
  }

 private:
  void close_row() {
    if (repeats_ > 0) {
      text_ += fmt::format("  {:>10}  ... {} more of these, the last one here\n",
                           "+" + format_duration(last_at_), repeats_);
    }
    repeats_ = 0;
  }

  std::string text_;
  std::string last_;
  std::chrono::milliseconds last_at_{0};
  unsigned repeats_ = 0;
};

Json event_json(const Event& event) {
  Json json = {{"at_ms", event.at.count()}};
  if (const auto* call = std::get_if<CallEvent>(&event.what)) {
    json["call"] = call->call;
    json["connector"] = call->connector;
    json["outcome"] = outcome_word(*call);
    json["code"] = call->code;
    json["took_ms"] = call->took.count();
    json["scripted"] = call->answer.has_value();
  } else if (const auto* told = std::get_if<ToldEvent>(&event.what)) {
    json["told"] = told->what;
  } else {
    const auto& end = std::get<EndEvent>(event.what);
    json["state"] = end.state;
    json["code"] = end.code;
    json["reason"] = end.reason;
    json["issuer"] = end.issuer;
    json["pipeline"] = end.pipeline;
  }
  return json;
}

}  // namespace

std::string story_text(const TestReport& report) {
  Lines lines;
  for (const Event& event : report.events) {
    if (auto line = line_of(event)) lines.add(event.at, std::move(*line));
  }
  std::string text = fmt::format("{}: {}\n{}", report.name, report.ok() ? "ok" : "FAILED", lines.take());
  for (const std::string& complaint : report.complaints)
    text += fmt::format("  not as expected: {}\n", complaint);
  for (const std::string& answer : report.unused)
    text += fmt::format("  never asked for: answer {}\n", answer);
  return text;
}

Json story_json(const TestReport& report) {
  Json events = Json::array();
  for (const Event& event : report.events) events.push_back(event_json(event));
  return {{"name", report.name},
          {"ok", report.ok()},
          {"complaints", report.complaints},
          {"unused_answers", report.unused},
          {"events", std::move(events)}};
}

}  // namespace certspan
