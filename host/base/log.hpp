#pragma once

#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "host/base/result.hpp"

namespace certspan {

enum class LogLevel : std::uint8_t { Debug = 0, Info = 1, Warn = 2, Error = 3 };
enum class LogFormat : std::uint8_t { Text, Json };

/// One field of a record. Borrowed for the call.
struct LogField {
  std::string_view name;
  std::string_view value;
};

/// The host's log: one record a state change, an event's number and phrase and its fields, as text for people
/// or one JSON object a line, where the event's name stands too (host/base/event.hpp). Thread-safe. Records
/// hold no secret: values of secret fields never reach this class. Control characters are escaped, so a field
/// cannot forge a record.
class Log {
 public:
  struct Options {
    LogLevel level = LogLevel::Info;
    LogFormat format = LogFormat::Text;
    std::filesystem::path file;  ///< empty: standard error
  };

  static Result<std::unique_ptr<Log>> open(const Options& options);
  ~Log();
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  bool enabled(LogLevel level) const { return level >= level_; }
  void write(LogLevel level, std::string_view event, std::span<const LogField> fields);
  void write(LogLevel level, std::string_view event, std::initializer_list<LogField> fields) {
    write(level, event, std::span<const LogField>(fields.begin(), fields.size()));
  }
  void flush();

 private:
  struct Sink;
  Log(std::unique_ptr<Sink> sink, LogLevel level, LogFormat format);

  std::unique_ptr<Sink> sink_;
  LogLevel level_;
  LogFormat format_;
};

}  // namespace certspan
