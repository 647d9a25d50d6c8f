#include "host/base/wall_text.hpp"

#include <time.h>

#include <chrono>

#include <fmt/format.h>

namespace certspan {
namespace {

constexpr WallMs kMinute = 60'000;

/// A text that is read from its beginning.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  bool at_end() const { return rest_.empty(); }
  bool take(std::string_view any_of) {
    if (rest_.empty() || any_of.find(rest_.front()) == std::string_view::npos) return false;
    taken_ = rest_.front();
    rest_.remove_prefix(1);
    return true;
  }
  char taken() const { return taken_; }
  /// Exactly so many digits, and a number of at most `most`.
  std::optional<int> number(std::size_t digits, int most) {
    int number = 0;
    for (std::size_t i = 0; i < digits; ++i) {
      if (!take("0123456789")) return std::nullopt;
      number = number * 10 + (taken_ - '0');
    }
    return number > most ? std::nullopt : std::optional(number);
  }

 private:
  std::string_view rest_;
  char taken_ = 0;
};

/// ".250" in milliseconds; 0 if there is none.
std::optional<int> read_fraction(Reader& text) {
  if (!text.take(".")) return 0;
  int ms = 0;
  std::size_t digits = 0;
  for (; text.take("0123456789"); ++digits) {
    if (digits < 3) ms = ms * 10 + (text.taken() - '0');
  }
  if (digits == 0) return std::nullopt;
  for (; digits < 3; ++digits) ms *= 10;
  return ms;
}

std::optional<WallMs> read_date(Reader& text) {
  const auto year = text.number(4, 9999);
  const auto month = text.take("-") ? text.number(2, 12) : std::nullopt;
  const auto day = text.take("-") ? text.number(2, 31) : std::nullopt;
  if (!year || !month || !day) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) return std::nullopt;
  return std::chrono::sys_days(date).time_since_epoch().count() * WallMs{24} * 60 * kMinute;
}

/// A leap second is the second after it.
std::optional<WallMs> read_time(Reader& text) {
  const auto hour = text.number(2, 23);
  const auto minute = text.take(":") ? text.number(2, 59) : std::nullopt;
  const auto second = text.take(":") ? text.number(2, 60) : std::nullopt;
  const auto fraction = read_fraction(text);
  if (!hour || !minute || !second || !fraction) return std::nullopt;
  return (*hour * WallMs{60} + *minute) * kMinute + *second * WallMs{1000} + *fraction;
}

std::optional<WallMs> read_offset(Reader& text) {
  if (text.take("Zz")) return 0;
  if (!text.take("+-")) return std::nullopt;
  const int sign = text.taken() == '-' ? -1 : 1;
  const auto hours = text.number(2, 23);
  const auto minutes = text.take(":") ? text.number(2, 59) : std::nullopt;
  if (!hours || !minutes) return std::nullopt;
  return sign * (*hours * WallMs{60} + *minutes) * kMinute;
}

}  // namespace

std::optional<WallMs> read_wall_text(std::string_view text) {
  std::tm time{};
  const std::string terminated(text);
  const char* rest = ::strptime(terminated.c_str(), "%Y-%m-%dT%H:%M:%SZ", &time);
  if (rest == nullptr || *rest != '\0') return std::nullopt;
  return WallMs{::timegm(&time)} * 1000;
}

std::optional<WallMs> read_rfc3339(std::string_view text) {
  Reader reader(text);
  const auto date = read_date(reader);
  if (!date || !reader.take("Tt ")) return std::nullopt;
  const auto time = read_time(reader);
  if (!time) return std::nullopt;
  const auto offset = read_offset(reader);
  if (!offset || !reader.at_end()) return std::nullopt;
  return *date + *time - *offset;
}

std::string rfc3339(WallMs at) {
  using std::chrono::floor;
  const std::chrono::sys_time<std::chrono::milliseconds> instant{std::chrono::milliseconds(at)};
  const auto day = floor<std::chrono::days>(instant);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(instant - day);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     time.hours().count(), time.minutes().count(), time.seconds().count(),
                     time.subseconds().count());
}

}  // namespace certspan
