#include "host/base/log.hpp"

#include <fmt/chrono.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include "host/base/event.hpp"

namespace certspan {

struct Log::Sink {
  std::shared_ptr<spdlog::logger> logger;
};

namespace {

constexpr std::string_view kLevelWords[] = {"debug", "info", "warn", "error"};

std::string_view word(LogLevel level) {
  return kLevelWords[static_cast<std::size_t>(level)];
}

std::string timestamp() {
  const auto now = std::chrono::system_clock::now();
  const auto ms =
      std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count() % 1000;
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", fmt::gmtime(now), ms);
}

void append_json(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned>(c));
    } else {
      out += c;
    }
  }
  out += '"';
}

bool plain(std::string_view text) {
  if (text.empty()) return false;
  for (const char c : text) {
    if (static_cast<unsigned char>(c) <= 0x20 || c == '"' || c == '\\' || c == '=') return false;
  }
  return true;
}

std::string json_record(LogLevel level, std::string_view event, std::span<const LogField> fields) {
  std::string out = "{\"time\":\"" + timestamp() + "\",\"level\":\"";
  out += word(level);
  const EventKind& kind = event_kind(event);
  fmt::format_to(std::back_inserter(out), "\",\"number\":{},\"name\":\"{}\",\"event\":", kind.number,
                 kind.name);
  append_json(out, event);
  for (const LogField& field : fields) {
    out += ',';
    append_json(out, field.name);
    out += ':';
    append_json(out, field.value);
  }
  out += '}';
  return out;
}

std::string text_record(LogLevel level, std::string_view event, std::span<const LogField> fields) {
  std::string out =
      fmt::format("{} {:5} {:04} {}", timestamp(), word(level), event_kind(event).number, event);
  for (const LogField& field : fields) {
    out += ' ';
    out += field.name;
    out += '=';
    if (plain(field.value)) {
      out += field.value;
    } else {
      append_json(out, field.value);
    }
  }
  return out;
}

}  // namespace

Log::Log(std::unique_ptr<Sink> sink, LogLevel level, LogFormat format)
    : sink_(std::move(sink)), level_(level), format_(format) {}

Log::~Log() = default;

Result<std::unique_ptr<Log>> Log::open(const Options& options) {
  try {
    spdlog::sink_ptr target;
    if (options.file.empty()) {
      target = std::make_shared<spdlog::sinks::stderr_sink_mt>();
    } else {
      target = std::make_shared<spdlog::sinks::basic_file_sink_mt>(options.file.string());
    }
    auto sink = std::make_unique<Sink>();
    sink->logger = std::make_shared<spdlog::logger>("certspan", std::move(target));
    sink->logger->set_pattern("%v");
    sink->logger->set_level(spdlog::level::trace);
    sink->logger->flush_on(spdlog::level::info);
    return std::unique_ptr<Log>(new Log(std::move(sink), options.level, options.format));
  } catch (const spdlog::spdlog_ex& error) {
    return fail(Outcome::Unavailable, "log.unwritable",
                "can't open log file \"" + options.file.string() + "\": " + error.what());
  }
}

void Log::write(LogLevel level, std::string_view event, std::span<const LogField> fields) {
  if (!enabled(level)) return;
  const std::string record =
      format_ == LogFormat::Json ? json_record(level, event, fields) : text_record(level, event, fields);
  sink_->logger->log(spdlog::level::info, spdlog::string_view_t(record.data(), record.size()));
}

void Log::flush() {
  sink_->logger->flush();
}

}  // namespace certspan
