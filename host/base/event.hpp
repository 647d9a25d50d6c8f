#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace certspan {

/// A kind of event in the log. Admins filter and alert by its number, which never changes its meaning. The
/// ranges, and numbers 4006 and 4007, are those of Microsoft's certificate connector: below 1000 the host
/// itself, 1000 PKCS, 2000 imported PFX, 3000 revocation, 4000 SCEP, 5000 health. docs/events.md has them
/// all.
struct EventKind {
  std::uint16_t number = 0;
  std::string_view name;
  std::string_view phrase;  ///< as it stands in a record
};

/// For an event of a plugin that the table does not know.
inline constexpr EventKind kPluginEvent = {900, "PluginMessage", ""};

/// All of them, by number.
std::span<const EventKind> event_kinds();

/// The kind whose records begin with `phrase`; kPluginEvent if there is none. Thread-safe.
const EventKind& event_kind(std::string_view phrase);

}  // namespace certspan
