// Log, clock and secrets: each a few lines between the contract and the host's own class.

#include <chrono>
#include <vector>

#include "host/services/abi_views.hpp"
#include "host/services/call_scope.hpp"
#include "host/services/host_services.hpp"

namespace certspan {
namespace {

constexpr std::uint64_t kMostLogFields = 32;

LogLevel level_from_abi(std::int32_t level) {
  switch (level) {
    case CERTSPAN_LOG_DEBUG:
      return LogLevel::Debug;
    case CERTSPAN_LOG_WARN:
      return LogLevel::Warn;
    case CERTSPAN_LOG_ERROR:
      return LogLevel::Error;
    default:
      return LogLevel::Info;
  }
}

std::int32_t log_enabled(void* context, std::int32_t level) noexcept {
  return HostServices::of(context).backends().log->enabled(level_from_abi(level)) ? 1 : 0;
}

void log_write(void* context, std::int32_t level, certspan_string_view event, const certspan_label* fields,
               std::uint64_t field_count) noexcept try {
  HostServices& services = HostServices::of(context);
  std::vector<LogField> record;
  record.push_back({"connector", services.connector()});
  if (const CallScope* call = CallScope::current()) record.push_back({"work", call->work_id()});
  for (std::uint64_t i = 0; i < field_count && i < kMostLogFields; ++i) {
    record.push_back({from_abi(fields[i].name), from_abi(fields[i].value)});
  }
  services.backends().log->write(level_from_abi(level), from_abi(event), record);
} catch (...) {
  // A record that can't be written is dropped; the caller's work goes on.
}

std::uint64_t clock_monotonic_ns(void* context) noexcept {
  const auto now = HostServices::of(context).backends().clock->now().time_since_epoch();
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(now).count());
}

std::int64_t clock_wall_ms(void* context) noexcept {
  return HostServices::of(context).backends().clock->wall_ms();
}

certspan_outcome secrets_open(void* context, certspan_string_view token,
                              const certspan_bytes_sink* sink) noexcept try {
  HostServices& services = HostServices::of(context);
  const bool opened =
      services.backends().secrets->open(services.connector(), from_abi(token),
                                        [&](BytesView bytes) { sink->put(sink->context, to_abi(bytes)); });
  return opened ? CERTSPAN_OK : CERTSPAN_REJECTED;
} catch (...) {
  return CERTSPAN_INTERNAL;
}

}  // namespace

const certspan_service_log kLogService = {sizeof(certspan_service_log), 0, &log_enabled, &log_write};
const certspan_service_clock kClockService = {sizeof(certspan_service_clock), 0, &clock_monotonic_ns,
                                              &clock_wall_ms};
const certspan_service_secrets kSecretsService = {sizeof(certspan_service_secrets), 0, &secrets_open};

}  // namespace certspan
